"""Finds the permissions that a route's own code asks Airflow's auth manager for, for `list_routes.py`.

Guards are closures (`requires_access_dag("GET", DagAccessEntity.RUN)`) and decorators with the same arguments. This
module reads their source with the values that they were made with, follows the functions that they call, and returns a
text for each question: `dag GET RUN`, `connection POST`, `view JOBS`. A `*` stands for a method or an entity that
depends on the request.
"""

from __future__ import annotations

import ast
import enum
import functools
import inspect
import re
import types

METHODS = {"GET", "POST", "PUT", "DELETE", "MENU"}
# `is_authorized_dag`, `batch_is_authorized_dag`; the second takes several questions as dictionaries.
QUESTION = re.compile(r"(batch_)?is_authorized_(\w+)")
# `get_authorized_dag_ids(method="PUT")` selects the objects that the caller may access.
FILTER = re.compile(r"get_(?:authorized|permitted)_(\w+)_ids|get_authorized_(\w+)s")
# These two get a question as an argument; their own calls are not further questions.
ANSWERS = {"_requires_access", "_has_access"}
FOLLOWED = ("airflow.api_fastapi", "airflow.api_connexion", "airflow.www", "airflow.providers.fab", "airflow.providers.edge3")
NOTHING = {"airflow.api_fastapi.app", "airflow.api_fastapi.auth.managers"}


@functools.lru_cache(maxsize=None)
def parsed(file):
    """The functions of a file, by their first line as code objects count it."""
    with open(file, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found.setdefault((first, node.name), node)
        elif isinstance(node, ast.Lambda):
            found.setdefault((node.lineno, "<lambda>"), node)
    return found


def layers(function):
    """The layers of a decorated function: its wrappers, outermost first, and the function itself."""
    while function is not None:
        if isinstance(function, functools.partial):
            function = function.func
        yield getattr(function, "__func__", function)
        function = getattr(function, "__wrapped__", None)


def closure(function):
    cells = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            cells[name] = cell.cell_contents
        except ValueError:
            # The cell is empty, as it may be for a function that refers to itself.
            continue
    return cells


class Questions:
    """Collects the questions of one route."""

    def __init__(self):
        self.found = set()
        self.seen = set()

    def ask(self, function):
        """Reads a guard, or an endpoint with its decorators."""
        for layer in layers(function):
            if isinstance(layer, types.FunctionType):
                self.read(layer, {})

    def permission(self, view):
        """Adds the permission of a Flask-AppBuilder page, from its class, and those of its actions."""
        page = name = None
        wrapped = view
        while wrapped is not None:
            page = getattr(wrapped, "__self__", page)
            name = getattr(wrapped, "_permission_name", name)
            wrapped = getattr(wrapped, "__wrapped__", None)
        resource = getattr(page, "class_permission_name", None)
        if resource is None:
            return
        if name is not None:
            names = getattr(page, "method_permission_name", None) or {}
            self.found.add(f"fab can_{names.get(view.__name__, name)} {resource}")
        if view.__name__ in ("action", "action_post"):
            for action in page.actions.values():
                questions = Questions()
                questions.ask(action.func)
                self.found |= questions.found or {f"fab {action.name} {resource}"}

    def scopes(self, dependencies):
        """Adds the checks of the Execution API on a token: its kind and its owner."""
        for dependency in dependencies:
            self.found |= {f"scope {scope}" for scope in getattr(dependency, "scopes", None) or ()}
            if path := getattr(dependency.dependency, "path_param_name", None):
                self.found.add({"task_instance_id": "scope ti:self"}[path])

    def read(self, function, arguments):
        known = closure(function) | arguments
        key = (function.__code__, tuple(sorted((name, word(value)) for name, value in known.items())))
        node = parsed_function(function)
        if key in self.seen or node is None:
            return
        self.seen.add(key)
        Reader(self, function, known).visit_body(node)


def parsed_function(function):
    code = function.__code__
    try:
        return parsed(code.co_filename).get((code.co_firstlineno, code.co_name))
    except OSError:
        # It was made at run time, so it is not one of Airflow's own guards.
        return None


def word(value):
    """A method or a member of an enumeration, in the form that questions use."""
    if of_kind(value, enum.Enum):
        return str(value.name)
    return value if of_kind(value, str) and value in METHODS else ""


class Reader(ast.NodeVisitor):
    """Visits the code of one function."""

    def __init__(self, questions, function, known):
        self.questions = questions
        self.function = function
        self.known = known

    def visit_body(self, node):
        for default, argument in defaults(node.args):
            if argument not in self.known:
                self.known[argument] = self.value(default)
        body = node.body if isinstance(node.body, list) else [node.body]
        for statement in body:
            self.visit(statement)

    def value(self, node):
        """The value of an expression, if it is known."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            if node.id in self.known:
                return self.known[node.id]
            return self.function.__globals__.get(node.id, ...)
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            # Attributes of other classes may be computed.
            if of_kind(owner, types.ModuleType, enum.EnumMeta):
                return getattr(owner, node.attr, ...)
        return ...

    def visit_Call(self, node):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        match = QUESTION.fullmatch(name)
        if match and match[2] != "callback":
            if not match[1]:
                self.question(match[2], keywords)
            else:
                self.questions.found |= {f"{match[2]} {rest}" for rest in self.requests()}
        elif match := FILTER.fullmatch(name):
            method = self.method(keywords.get("method")) if "method" in keywords else "GET"
            self.questions.found.add(f"{match[1] or match[2]}s {method}")
        elif name not in ANSWERS:
            self.follow(node)
        self.generic_visit(node)

    def question(self, resource, keywords):
        if resource == "view":
            self.questions.found.add(f"view {self.entity(keywords.get('access_view'))}")
            return
        words = [resource, self.method(keywords.get("method"))]
        if "resource_name" in keywords:
            words.append(self.value(keywords["resource_name"]))
        if "access_entity" in keywords:
            words.append(self.entity(keywords["access_entity"]))
        self.questions.found.add(" ".join(filter(None, words)))

    def requests(self):
        """The questions of a batch: dictionaries in this function and in the functions that it calls."""
        for node in self.dictionaries():
            fields = {key.value: value for key, value in zip(node.keys, node.values) if isinstance(key, ast.Constant)}
            if "method" in fields:
                words = [self.method(fields["method"])]
                if "access_entity" in fields:
                    words.append(self.entity(fields["access_entity"]))
                yield " ".join(filter(None, words))

    def dictionaries(self):
        body = parsed_function(self.function)
        for node in ast.walk(body):
            if isinstance(node, ast.Dict):
                yield node
            elif isinstance(node, ast.Call):
                called = self.value(node.func)
                is_helper = of_kind(called, types.FunctionType) and followed(called)
                helper = parsed_function(called) if is_helper else None
                yield from (part for part in ast.walk(helper) if isinstance(part, ast.Dict)) if helper else ()

    def method(self, node):
        value = self.value(node) if node is not None else ...
        return value if of_kind(value, str) and value in METHODS else "*"

    def entity(self, node):
        value = self.value(node)
        if value is None:
            return ""
        return value.name if of_kind(value, enum.Enum) else "*"

    def follow(self, node):
        """Reads a function of Airflow that this one calls, or every method of a class that it instantiates."""
        called = self.value(node.func)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "self":
            called = getattr(self.known.get("self"), node.func.attr, ...)
        if of_kind(called, type) and followed(called):
            for method in list(vars(called).values()):
                for layer in layers(method):
                    if isinstance(layer, types.FunctionType):
                        self.questions.read(layer, {})
        for layer in layers(called) if of_kind(called, types.FunctionType) else ():
            if followed(layer):
                names = parameters(layer)
                arguments = dict(zip(names, map(self.value, node.args)))
                arguments |= {word.arg: self.value(word.value) for word in node.keywords if word.arg}
                self.questions.read(layer, {name: value for name, value in arguments.items() if value is not ...})


def parameters(function):
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def defaults(arguments):
    plain = arguments.posonlyargs + arguments.args
    pairs = list(zip(reversed(arguments.defaults), reversed(plain)))
    pairs += [(default, name) for default, name in zip(arguments.kw_defaults, arguments.kwonlyargs) if default]
    return [(default, name.arg) for default, name in pairs]


def of_kind(value, *kinds):
    """Whether a value's own class is one of these. `isinstance` on a proxy would check another object."""
    return issubclass(type(value), kinds)


def followed(called):
    module = getattr(called, "__module__", None) or ""
    return module.startswith(FOLLOWED) and not any(module.startswith(left_out) for left_out in NOTHING)

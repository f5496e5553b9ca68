"""Binds a task to its DAG's team: a cluster policy for the scheduler and the api-server.

Airflow finds it by an entry point of the package ``dagward-airflow``. If your image cannot contain the package, put
this file into ``$AIRFLOW_HOME/config`` as ``airflow_local_settings.py``. examples/airflow/README.md has the steps.

With every executor, a DAG's tasks run only if the DAG comes from its team's bundle (``bundle``). With Celery, they run
in its team's workers (``queue``).

With Kubernetes, a DAG author can give a task ``executor_config={"pod_override": V1Pod(…)}``. The executor merges it
last, over everything: service account, annotations, command. So this policy only allows the fields that it lists, and
it sets the service account itself, from the DAG's id and the map of teams.
"""

import json
import os
import re
from pathlib import Path

from airflow import __version__, settings
from airflow.configuration import conf
from airflow.exceptions import AirflowClusterPolicyViolation
from airflow.policies import hookimpl

# Airflow imports the names of an `airflow_local_settings.py` into its own settings; this limits them.
__all__ = ["pod_mutation_hook", "task_instance_mutation_hook", "task_policy"]

# The section of Airflow's configuration with the settings below, such as `AIRFLOW__DAGWARD__BUNDLE`.
SECTION = "dagward"
VARIABLE = f"AIRFLOW__{SECTION.upper()}__"

SETTINGS = ("teams", "bundle", "queue", "authors_may_set", "pod_template_files")

# Airflow 2 has no bundles, and its executor runs another command in a task's container.
AIRFLOW_2 = __version__.startswith("2.")

# The name of a Kubernetes service account.
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def setting(name, default=None):
    return conf.get(SECTION, name, fallback=None) or default


def words(name, default):
    """A setting of words between blanks; `none` for no word."""
    value = setting(name, default).split()
    return [] if value == ["none"] else value


def of_team(name):
    """Reads a setting in which `{team}` stands for a team's name."""
    value = setting(name)
    if value is not None and (value.count("{team}") != 1 or re.search("[{}]", value.replace("{team}", ""))):
        raise ValueError(f"[{SECTION}] {name}: `{value}` must have `" + "{team}` once, and no other braces")
    return value


def check_names():
    """Airflow reads a setting by one spelling of its name, and takes an empty one for none. A setting that it would not
    read stops Airflow: the default in its place can allow more.
    """
    for section in conf.sections():
        if section.lower() == SECTION and section != SECTION:
            raise ValueError(f"[{section}]: the section's name must be `{SECTION}`, in lower case")
    given = {name: (name, value) for name, value in (conf.getsection(SECTION) or {}).items()}
    for variable, value in os.environ.items():
        if variable.upper().startswith(VARIABLE):
            name = variable[len(VARIABLE) :].lower()
            if name in SETTINGS and variable != VARIABLE + name.upper():
                raise ValueError(f"`{variable}`: the variable's name must be `{VARIABLE}{name.upper()}`")
            given[name] = (variable, value)
    for name, (written, value) in given.items():
        if name not in SETTINGS:
            raise ValueError(f"[{SECTION}]: unknown setting `{name}`; known are {', '.join(SETTINGS)}")
        if not str(value).strip():
            raise ValueError(f"[{SECTION}] {name}: `{written}` is empty; give it a value, or remove it for the default")


check_names()

# The map of teams: the ConfigMap `dagward-teams` of examples/istio/team-map.yaml, mounted as a folder. Each file has
# the name of a team and contains its service accounts; the team's tasks get the first one. Admission reads the same
# map. This policy reads the map again for every task, so a change needs no restart.
TEAMS = setting("teams", "/etc/dagward/teams")

# The line of the map for DAGs that belong to no team.
ALL_OTHERS = "all-others"

# The DAG bundle that a team's DAGs must come from, such as `{team}`; None if the ids alone define the team. A person
# who can put a file into any bundle can give a DAG any id, so teams that do not trust each other need a bundle each.
BUNDLE = of_team("bundle")
if BUNDLE is not None and AIRFLOW_2:
    raise ValueError(f"[{SECTION}] bundle: Airflow {__version__} has no DAG bundles; remove the setting")

# The queue of the Celery executor that a team's workers serve, such as `{team}`; None if DAG authors choose one.
QUEUE = of_team("queue")

# The fields that a DAG author may set in a `pod_override`, with all fields below them. Some additions are dangerous:
# * `metadata.annotations`, `metadata.labels`: add single keys only. From other keys the sidecar learns the task, Istio
#   learns which traffic bypasses the sidecar, and Services select their pods.
# * `spec.containers.image`: an image may run as uid 1337, whose traffic bypasses the sidecar. Add it only if your pod
#   template sets `runAsUser`, `runAsGroup` and `allowPrivilegeEscalation: false`.
# * `spec.volumes`, `spec.containers.env.value_from`: they give access to any Secret of the namespace, including
#   Airflow's own.
AUTHORS_MAY_SET = words(
    "authors_may_set",
    "spec.affinity spec.node_selector spec.tolerations spec.containers.name spec.containers.env.name "
    "spec.containers.env.value spec.containers.resources",
)

# The files that a DAG author may name as `pod_template_file`. Airflow accepts any file on the scheduler's disk, even
# one among the DAGs.
POD_TEMPLATE_FILES = words("pod_template_files", "none")

# The executor's command for a task's container, without the workload.
COMMAND = ["python", "-m", "airflow.sdk.execution_time.execute_workload", "--json-string"]

# The same for Airflow 2. The ids of the DAG, the task and the run follow it, then options.
COMMAND_2 = ["airflow", "tasks", "run"]

# When Airflow makes the tasks of a run, it skips the hook below unless it has loaded an `airflow_local_settings.py`:
# it does not look for the hooks of packages.
settings.task_instance_mutation_hook.is_noop = False


@hookimpl
def task_policy(task):
    """Runs when DAGs are parsed, and shows the author an import error. It runs in one process with authors' code, so
    it cannot stop an attacker.
    """
    if reason := refusal(task.executor_config):
        raise AirflowClusterPolicyViolation(f"task `{task.task_id}`: {reason}")


@hookimpl
def task_instance_mutation_hook(task_instance):
    """Runs when task instances are made: in the scheduler, and in the api-server for runs that users trigger. An error
    here would end the scheduler, so the hook sets a value that Airflow must refuse. The Kubernetes executor gets a text
    in place of a pod, and fails the task. Any executor can be replaced by one that does not exist: the scheduler logs
    this and never starts the task. The page of the task shows either text.
    """
    if reason := refusal(task_instance.executor_config):
        task_instance.executor_config = {"pod_override": f"refused: {reason}"}
    dag_id = task_instance.dag_id
    try:
        if BUNDLE is not None:
            check_bundle(dag_id, bundle_of(dag_id))
        if QUEUE is not None:
            task_instance.queue = QUEUE.format(team=team(dag_id))
    except AirflowClusterPolicyViolation as error:
        task_instance.executor = f"refused: {error}"


@hookimpl
def pod_mutation_hook(pod):
    """Runs in the scheduler, on the merged pod. An error here fails the task and appears in the scheduler's log."""
    annotations = pod.metadata.annotations or {}
    dag_id = annotations.get("dag_id")
    if dag_id is None:  # A pod of KubernetesPodOperator, whose code runs in a worker.
        return
    task, bundle = task_of(pod.spec.containers[0])
    for name in ("dag_id", "run_id", "task_id"):
        if annotations.get(name) != task[name]:
            raise AirflowClusterPolicyViolation(f"the annotation `{name}` does not match the task")
    check_bundle(dag_id, bundle)
    pod.spec.service_account_name = account(dag_id)
    pod.spec.service_account = None  # The field's old name.


def refusal(config):
    """The reason to refuse this ``executor_config``; None if the author may use it."""
    if not isinstance(config, dict):  # None, or a value that no executor accepts.
        return None
    template = config.get("pod_template_file")
    if template is not None and template not in POD_TEMPLATE_FILES:
        return f"`pod_template_file` may not be `{template}`"
    override = config.get("pod_override")
    more = sorted({path for path in paths(override) if not may_set(path)})
    if more:
        return f"`pod_override` may not set {', '.join(f'`{path}`' for path in more)}"
    containers = getattr(getattr(override, "spec", None), "containers", None) or []
    if [getattr(container, "name", None) for container in containers] not in ([], ["base"]):
        return "`pod_override` may have one container, `base`"
    return None


def may_set(path):
    """Whether the list contains the path, or whether the path is an empty parent of one in the list."""
    below = (f"{path}.".startswith(f"{allowed}.") for allowed in AUTHORS_MAY_SET)
    above = (allowed.startswith(f"{path}.") for allowed in AUTHORS_MAY_SET)
    return any(below) or any(above)


def paths(value, path=""):
    """The fields that are set in an object of the Kubernetes client. An empty object counts: it replaces the pod
    template's object, such as its security context.
    """
    if types := getattr(value, "openapi_types", None):
        children = [(name, child) for name in types if (child := getattr(value, name, None)) is not None]
    elif isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list) and value:
        return [found for item in value for found in paths(item, path)]
    else:
        children = []
    if not children:
        return [path] if path else []
    return [found for name, child in children for found in paths(child, f"{path}.{name}" if path else str(name))]


def teams():
    """The map of teams: accounts by team. Names of Kubernetes' own files in the folder begin with two dots."""
    try:
        files = [file for file in Path(TEAMS).iterdir() if not file.name.startswith("..")]
        return {file.name: [name for name in file.read_text().split(" ") if name] for file in files}
    except OSError as error:
        raise AirflowClusterPolicyViolation(f"the map of teams cannot be read: {error}") from error


def team(dag_id, among=None):
    """The team whose name is a prefix of the id; if there are several, the longest name."""
    matching = [team for team in among or teams() if team != ALL_OTHERS and dag_id.startswith(f"{team}_")]
    if not matching:
        raise AirflowClusterPolicyViolation(f"DAG `{dag_id}` belongs to no team: its id must begin with `<team>_`")
    return max(matching, key=len)


def account(dag_id):
    among = teams()
    try:
        name = team(dag_id, among)
    except AirflowClusterPolicyViolation:
        if ALL_OTHERS not in among:
            raise
        name = ALL_OTHERS
    accounts = among[name]
    if not accounts or not NAME.fullmatch(accounts[0]):
        raise AirflowClusterPolicyViolation(f"the map of teams has no service account for `{name}`: `{accounts}`")
    return accounts[0]


def task_of(container):
    """The ids of the task that a container runs, and its bundle. If task instances were made without this policy,
    their author may have set another command.
    """
    args = container.args or []
    if not container.command:
        if AIRFLOW_2 and args[:3] == COMMAND_2 and len(args) > 5:
            return dict(zip(("dag_id", "task_id", "run_id"), args[3:])), None
        if not AIRFLOW_2 and args[:-1] == COMMAND:
            workload = json.loads(args[-1])
            return workload["ti"], workload["bundle_info"]["name"]
    raise AirflowClusterPolicyViolation("the pod's command is not the executor's")


def bundle_of(dag_id):
    """The bundle that a task of this DAG is loaded from. The DAG processor stores it; code of DAGs cannot set it."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    # This must not use the scheduler's session, which must not be committed here.
    with create_session(scoped=False) as session:
        return session.query(DagModel.bundle_name).filter(DagModel.dag_id == dag_id).scalar()


def check_bundle(dag_id, bundle):
    if BUNDLE is not None and bundle != BUNDLE.format(team=team(dag_id)):
        raise AirflowClusterPolicyViolation(f"DAG `{dag_id}` may not come from the bundle `{bundle}`")

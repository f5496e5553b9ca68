//! Reads values of a file of cases and collects every problem with its position.

use dagward::policy::{FieldPath, nearest};
use serde_json::Value;

use crate::check::code::Code;
use crate::report::Problem;
use crate::source::node::{Kind, Node, Part, Span};

/// A value, and its path from the root of the file.
#[derive(Debug, Clone)]
pub(super) struct At<'n> {
    pub(super) node: &'n Node,
    pub(super) path: FieldPath,
}

/// The known fields of an object.
#[derive(Debug, Clone)]
pub(super) struct Fields<'n>(Vec<(&'n str, At<'n>)>);

/// The problems found so far.
#[derive(Debug)]
pub(super) struct Reader<'n> {
    root: &'n Node,
    pub(super) problems: Vec<Problem>,
}

impl<'n> At<'n> {
    fn key(&self, name: &str, node: &'n Node) -> Self {
        Self {
            node,
            path: self.path.key(name),
        }
    }
}

impl<'n> Fields<'n> {
    /// A field, if it is given.
    pub(super) fn get(&self, name: &str) -> Option<&At<'n>> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, at)| at)
    }

    /// All fields, in the order of the file.
    pub(super) fn all(&self) -> impl Iterator<Item = &(&'n str, At<'n>)> {
        self.0.iter()
    }
}

impl<'n> Reader<'n> {
    pub(super) fn new(root: &'n Node) -> Self {
        Self {
            root,
            problems: Vec::new(),
        }
    }

    /// The root of the file.
    pub(super) fn root(&self) -> At<'n> {
        At {
            node: self.root,
            path: FieldPath::default(),
        }
    }

    /// The position of a value.
    pub(super) fn span(&self, at: &At<'_>) -> Span {
        self.root.locate(&at.path, Part::Value)
    }

    /// Reports a value, with the allowed ones and the nearest of them.
    pub(super) fn problem(
        &mut self,
        at: &At<'_>,
        message: String,
        allowed: Option<&str>,
        suggestion: Option<&str>,
    ) {
        self.push(
            Code::InvalidValue,
            &at.path,
            Part::Value,
            message,
            allowed,
            suggestion,
        );
    }

    /// Reports a word that is none of `words`.
    pub(super) fn unknown_word(&mut self, at: &At<'_>, what: &str, word: &str, words: &[&str]) {
        let near = nearest(word, words.iter().copied());
        let allowed = (!words.is_empty()).then(|| quoted(words));
        let message = format!("{what} `{word}`");
        self.problem(at, message, allowed.as_deref(), near);
    }

    /// The fields of an object. Reports unknown ones and required ones that are missing.
    pub(super) fn fields(
        &mut self,
        at: &At<'n>,
        what: &str,
        known: &[&str],
        required: &[&str],
    ) -> Option<Fields<'n>> {
        let fields = self.entries(at, what)?;
        for (name, field) in fields.all() {
            if !known.contains(name) {
                let near = nearest(name, known.iter().copied());
                let message = format!("unknown field `{name}`");
                let allowed = quoted(known);
                self.push(
                    Code::UnknownField,
                    &field.path,
                    Part::Key,
                    message,
                    Some(&allowed),
                    near,
                );
            }
        }
        for name in required.iter().filter(|name| fields.get(name).is_none()) {
            let message = format!("`{name}` is missing in {what}");
            self.push(Code::MissingField, &at.path, Part::Value, message, None, None);
        }
        Some(fields)
    }

    /// The fields of an object whose names are free.
    pub(super) fn entries(&mut self, at: &At<'n>, what: &str) -> Option<Fields<'n>> {
        let Kind::Map(entries) = &at.node.kind else {
            self.wrong_type(at, &format!("{what}, which is an object"));
            return None;
        };
        let fields = entries.iter();
        let fields = fields.map(|entry| (entry.key.as_str(), at.key(&entry.key, &entry.value)));
        Some(Fields(fields.collect()))
    }

    /// The elements of a list, or the one value in its place.
    pub(super) fn one_or_more(&mut self, at: &At<'n>) -> Vec<At<'n>> {
        match &at.node.kind {
            Kind::List(_) => self.list(at),
            Kind::Scalar(_) | Kind::Map(_) => vec![at.clone()],
        }
    }

    /// The elements of a list that must not be empty.
    pub(super) fn list(&mut self, at: &At<'n>) -> Vec<At<'n>> {
        let Kind::List(elements) = &at.node.kind else {
            self.wrong_type(at, "a list");
            return Vec::new();
        };
        if elements.is_empty() {
            self.problem(at, "an empty list".to_owned(), Some("at least one element"), None);
        }
        let elements = elements.iter().enumerate();
        let element = |(number, node)| At {
            node,
            path: at.path.index(number),
        };
        elements.map(element).collect()
    }

    /// Reads a text that is not empty.
    pub(super) fn text(&mut self, at: &At<'n>, allowed: &str) -> Option<&'n str> {
        let text = at.node.text().filter(|text| !text.is_empty());
        match (&at.node.kind, text) {
            (_, Some(_)) => {}
            // YAML's other scalars, such as `7` and `no`.
            (Kind::Scalar(Value::Number(_) | Value::Bool(_)), None) => {
                self.wrong_type(at, &format!("{allowed}; write a text in quotes"));
            }
            (Kind::Scalar(Value::String(_)), None) => {
                self.problem(at, "found an empty text".to_owned(), Some(allowed), None);
            }
            (_, None) => self.wrong_type(at, allowed),
        }
        text
    }

    /// Reads a text of a field, if the field is given.
    pub(super) fn text_of(&mut self, fields: &Fields<'n>, name: &str, allowed: &str) -> Option<&'n str> {
        let at = fields.get(name)?.clone();
        self.text(&at, allowed)
    }

    /// Reads a number that fits the type.
    pub(super) fn number<T: TryFrom<u64>>(&mut self, at: &At<'n>, allowed: &str) -> Option<T> {
        let Kind::Scalar(Value::Number(found)) = &at.node.kind else {
            self.wrong_type(at, allowed);
            return None;
        };
        let number = found.as_u64().and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.problem(at, format!("found `{found}`"), Some(allowed), None);
        }
        number
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(&mut self, at: &At<'n>) -> bool {
        match &at.node.kind {
            Kind::Scalar(Value::Bool(flag)) => *flag,
            _ => {
                self.wrong_type(at, "`true` or `false`");
                false
            }
        }
    }

    /// Reports a value of another type, with the allowed ones.
    pub(super) fn wrong_type(&mut self, at: &At<'_>, allowed: &str) {
        let found = match &at.node.kind {
            Kind::Scalar(Value::Null) => "found nothing".to_owned(),
            Kind::Scalar(Value::String(text)) => format!("found the text `{text}`"),
            Kind::Scalar(value) => format!("found `{value}`"),
            Kind::List(_) => "found a list".to_owned(),
            Kind::Map(_) => "found an object".to_owned(),
        };
        self.push(Code::WrongType, &at.path, Part::Value, found, Some(allowed), None);
    }

    fn push(
        &mut self,
        code: Code,
        path: &FieldPath,
        part: Part,
        message: String,
        allowed: Option<&str>,
        suggestion: Option<&str>,
    ) {
        self.problems.push(Problem {
            code,
            path: path.clone(),
            span: self.root.locate(path, part),
            message,
            allowed: allowed.map(str::to_owned),
            suggestion: suggestion.map(str::to_owned),
        });
    }
}

/// The words in backticks.
pub(super) fn quoted(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

//! The errors of a policy document, field by field.

use std::fmt;

/// One step on the path from the document's root to a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// A field of an object.
    Key(String),
    /// An element of a list, counted from 0.
    Index(usize),
}

/// The position of a field: `policies[2].rules[0].to[1].dags[0]`. The root is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FieldPath(pub Vec<Step>);

impl FieldPath {
    /// This path, extended by a field's name.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.then(Step::Key(name.to_owned()))
    }

    /// This path, extended by a list index.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the document");
        }
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if position == 0 => f.write_str(&escaped(name))?,
                Step::Key(name) => write!(f, ".{}", escaped(name))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The kind of an error. Tools should match on it, and never on the words of the message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text is not a document: it is empty, or not JSON in UTF-8.
    Unreadable,
    /// The object does not have this field.
    UnknownField,
    /// The field is given twice.
    RepeatedField,
    /// A required field is not given.
    MissingField,
    /// The value has the wrong type.
    WrongType {
        /// The type that the field takes.
        expected: Type,
        /// The given value, with an article: "the number `3`", "a list".
        given: String,
    },
    /// The value has the right type, but the field does not take it.
    InvalidValue,
    /// The value contradicts another part of the document.
    Conflict,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A text that the author chooses: a name or a pattern.
    Text,
    /// A text of a fixed form: a word of a list, a path or a URL.
    Word,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A list.
    List,
    /// An object.
    Object,
}

/// One error in a document. The filter reports all errors of a document at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The kind of mistake.
    pub kind: ErrorKind,
    /// The field that is wrong.
    pub path: FieldPath,
    /// The invalid value, in lower case, with user input in backticks.
    pub found: String,
    /// The allowed values.
    pub allowed: Option<String>,
    /// The nearest valid spelling.
    pub nearest: Option<String>,
}

/// `text` without characters that begin a new line in a log, that a terminal obeys, or that it does not show. A document
/// can have each of them in a name.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' '..='~' => escaped.push(character),
            _ => escaped.extend(character.escape_debug()),
        }
    }
    escaped
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.found)?;
        if let Some(allowed) = &self.allowed {
            write!(f, "; allowed: {allowed}")?;
        }
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

#[cfg(test)]
mod tests {
    use super::super::document::load;
    use super::*;

    /// The kinds of all errors of a document with one rule, and with other fields.
    fn kinds(fields: &str, rule: &str) -> Vec<ErrorKind> {
        let document = format!(
            r#"{{"apiVersion":"dagward/v1"{fields},"policies":[{{"name":"p","action":"ALLOW","rules":[{rule}]}}]}}"#
        );
        let errors = load(document.as_bytes()).unwrap_err();
        errors.into_iter().map(|error| error.kind).collect()
    }

    #[test]
    fn an_error_has_the_kind_of_its_mistake() {
        for unreadable in ["", "{", "\u{fe}"] {
            let errors = load(unreadable.as_bytes()).unwrap_err();
            assert!(
                errors.iter().all(|error| error.kind == ErrorKind::Unreadable),
                "{errors:?}"
            );
        }
        let number = |expected| ErrorKind::WrongType {
            expected,
            given: "the number `1`".to_owned(),
        };
        for (fields, rule, kind) in [
            (r#","mod":1"#, "{}", ErrorKind::UnknownField),
            (
                r#","mode":"shadow","mode":"shadow""#,
                "{}",
                ErrorKind::RepeatedField,
            ),
            (r#","airflow":{}"#, "{}", ErrorKind::MissingField),
            (r#","mode":1"#, "{}", number(Type::Word)),
            (r#","basePath":1"#, "{}", number(Type::Word)),
            (r#","airflow2WebPages":1"#, "{}", number(Type::Flag)),
            (r#","stampers":1"#, "{}", number(Type::List)),
            ("", "1", number(Type::Object)),
            ("", r#"{"to":[{"dags":[1]}]}"#, number(Type::Text)),
            (r#","mode":"enforced""#, "{}", ErrorKind::InvalidValue),
            ("", r#"{"to":[{"dags":["a*b"]}]}"#, ErrorKind::InvalidValue),
            (
                "",
                r#"{"to":[{"dags":["a"],"notDags":["*"]}]}"#,
                ErrorKind::Conflict,
            ),
            ("", r#"{"to":[{"dags":["{team}"]}]}"#, ErrorKind::Conflict),
            ("", r#"{"from":[{"claims":{"a":["b"]}}]}"#, ErrorKind::Conflict),
            (r#","airflow":"none","basePath":"/a""#, "{}", ErrorKind::Conflict),
        ] {
            assert_eq!(kinds(fields, rule), [kind], "{fields} {rule}");
        }
    }
    #[test]
    fn an_error_is_one_line_that_shows_all_of_a_name() {
        let bad = "a\\n\\u001b[2J\\u202e\\u2028é";
        for (fields, rule) in [
            (format!(r#","{bad}":1"#), "{}".to_owned()),
            (format!(r#","mode":"{bad}""#), "{}".to_owned()),
            (String::new(), format!(r#"{{"{bad}":[]}}"#)),
            (String::new(), format!(r#"{{"to":[{{"paths":["/{bad}"]}}]}}"#)),
            (
                r#","basePath":"/b""#.to_owned(),
                format!(r#"{{"to":[{{"paths":["/b/{bad}"]}}]}}"#),
            ),
        ] {
            let document = format!(
                r#"{{"apiVersion":"dagward/v1"{fields},"policies":[{{"name":"p","action":"ALLOW","rules":[{rule}]}}]}}"#
            );
            for error in load(document.as_bytes()).unwrap_err() {
                let text = error.to_string();
                assert!(text.contains(r"a\n\u{1b}[2J\u{202e}\u{2028}é"), "{text:?}");
                assert!(
                    !text.contains(char::is_control) && !text.contains(['\u{202e}', '\u{2028}']),
                    "{text:?}"
                );
                assert!(!error.found.contains(char::is_control), "{error:?}");
            }
        }
    }
}

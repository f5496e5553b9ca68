//! The definition of a field: its name, its form, whether it is required, its default and its meaning.

use std::ops::RangeInclusive;

use crate::policy::side::Side;

/// The version that introduced the first fields.
pub const FIRST_VERSION: &str = "0.1.0";

/// The form of a value.
#[derive(Debug, Clone)]
pub enum Form {
    /// One word of a closed list.
    Word(fn() -> Vec<&'static str>),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number(RangeInclusive<u64>),
    /// 1 to 63 letters, digits, `-`, `_` or `.`.
    Name,
    /// A text, with an example.
    Text(&'static str),
    /// A pattern: `text`, `prefix*`, `*suffix` or `*`, with an example.
    Pattern(&'static str),
    /// A pattern of the words of a closed list, with an example.
    WordPattern(fn() -> Vec<&'static str>, &'static str),
    /// A list of at least one element.
    List(&'static Self),
    /// A list that may be empty.
    AnyList(&'static Self),
    /// An object of the grammar.
    Object(Object),
    /// A word in place of an object.
    WordOr(&'static str, Object),
    /// A list of patterns for each claim, by the claim's path.
    Claims,
    /// A JWK Set: an object, or a text with its JSON.
    KeySet,
}

/// Whether a field must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always. The text lists the allowed values.
    Required(&'static str),
    /// It depends on other fields, as the text says.
    Depends(&'static str),
    /// Never.
    Optional,
}

/// The definition of one field.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name in the document.
    pub name: &'static str,
    /// The form of its value.
    pub form: Form,
    /// Whether it must be given.
    pub need: Need,
    /// The default in Markdown; empty if there is none.
    pub default: &'static str,
    /// Its meaning in one line of Markdown.
    pub meaning: &'static str,
    /// The version that introduced it.
    pub since: &'static str,
}

/// An object of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Object {
    /// The document itself.
    Document,
    /// The value of `airflow`.
    Airflow,
    /// An element of `teams`.
    Team,
    /// An element of `policies`.
    Policy,
    /// An element of `rules`.
    Rule,
    /// An element of `from` or of `to`.
    Entry(Side),
    /// An element of `tokens`.
    Issuer,
    /// An element of `locations`.
    Location,
}

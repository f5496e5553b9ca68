//! The grammar of a policy document: every field of every object, defined once.
//!
//! The reader takes the names from here and matches on the enums without a wildcard, so a field that is
//! listed but not read does not compile. `dagward schema`, the tables of `docs/policy.md` and the near
//! spellings in errors come from the same lists. The module uses only the names and which fields are
//! required: the linker drops the rest.

mod document;
mod tokens;
pub(super) mod words;

use std::ops::RangeInclusive;

pub(super) use document::{AIRFLOW, AirflowField, DocumentField, PolicyField, RuleField};
pub(super) use tokens::{IssuerField, LocationField};

use super::field::{Field, Side};

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

impl Object {
    /// Every object, from the document inwards.
    pub const ALL: [Self; 8] = [
        Self::Document,
        Self::Airflow,
        Self::Policy,
        Self::Rule,
        Self::Entry(Side::From),
        Self::Entry(Side::To),
        Self::Issuer,
        Self::Location,
    ];

    /// The definitions of its fields, in the order of the documentation.
    pub fn fields(self) -> Vec<Definition> {
        match self {
            Self::Document => DocumentField::DEFINITIONS.to_vec(),
            Self::Airflow => AirflowField::DEFINITIONS.to_vec(),
            Self::Policy => PolicyField::DEFINITIONS.to_vec(),
            Self::Rule => RuleField::DEFINITIONS.to_vec(),
            Self::Entry(side) => Field::of(side).flat_map(Field::definitions).collect(),
            Self::Issuer => IssuerField::DEFINITIONS.to_vec(),
            Self::Location => LocationField::DEFINITIONS.to_vec(),
        }
    }

    /// Its name in messages, with an article.
    pub fn what(self) -> &'static str {
        match self {
            Self::Document => DocumentField::WHAT,
            Self::Airflow => AirflowField::WHAT,
            Self::Policy => PolicyField::WHAT,
            Self::Rule => RuleField::WHAT,
            Self::Entry(_) => ENTRY,
            Self::Issuer => IssuerField::WHAT,
            Self::Location => LocationField::WHAT,
        }
    }
}

/// The name of an entry of `from` or `to` in messages.
pub(super) const ENTRY: &str = "an entry of conditions";

/// The fields of one object. [`fields!`] writes it.
pub(super) trait FieldSet: Copy + PartialEq + 'static {
    /// The name of the object in messages, with an article.
    const WHAT: &'static str;
    /// Every field. The lists below have the same order.
    const ALL: &'static [Self];
    /// Their names.
    const NAMES: &'static [&'static str];
    /// The allowed values of the required fields.
    const REQUIRED: &'static [Option<&'static str>];
    /// Their definitions.
    const DEFINITIONS: &'static [Definition];

    /// The name in the document.
    fn name(self) -> &'static str {
        let position = Self::ALL.iter().position(|field| *field == self);
        position
            .and_then(|position| Self::NAMES.get(position))
            .copied()
            .unwrap_or_default()
    }
}

/// Defines the fields of an object, one a line:
///
/// `Variant "name": form, need, "default", "meaning";`, with `since "0.2.0"` behind the meaning of
/// a field that came later than the first version.
macro_rules! fields {
    (
        $(#[$doc:meta])*
        $set:ident is $what:literal {
            $($variant:ident $name:literal: $form:expr, $need:expr, $default:literal, $meaning:literal $(since $since:literal)?;)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in super::super) enum $set {
            $(#[doc = $meaning] $variant,)+
        }

        impl super::FieldSet for $set {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            const NAMES: &'static [&'static str] = &[$($name),+];
            const REQUIRED: &'static [Option<&'static str>] = &[$(super::required($need)),+];
            const DEFINITIONS: &'static [super::Definition] = &[$(super::Definition {
                name: $name,
                form: $form,
                need: $need,
                default: $default,
                meaning: $meaning,
                since: super::since(&[$($since)?]),
            }),+];
        }
    };
}
use fields;

const fn required(need: Need) -> Option<&'static str> {
    match need {
        Need::Required(allowed) => Some(allowed),
        Need::Depends(_) | Need::Optional => None,
    }
}

const fn since(given: &[&'static str]) -> &'static str {
    match given {
        [since, ..] => since,
        [] => FIRST_VERSION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_defaults_are_of_optional_fields() {
        for object in Object::ALL {
            let fields = object.fields();
            for (position, field) in fields.iter().enumerate() {
                let earlier = fields.iter().take(position);
                assert!(
                    !earlier.clone().any(|other| other.name == field.name),
                    "{field:?}"
                );
                assert!(
                    !field.meaning.is_empty() && !field.meaning.ends_with('.'),
                    "{field:?}"
                );
                let is_required = matches!(field.need, Need::Required(_));
                assert!(!is_required || field.default.is_empty(), "{field:?}");
            }
        }
    }
}

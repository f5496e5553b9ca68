//! The grammar of a policy document: every field of every object, defined once.
//!
//! The reader takes the names from here and matches on the enums without a wildcard, so a field that is
//! listed but not read does not compile. `dagward schema`, the tables of `docs/policy.md` and the near
//! spellings in errors come from the same lists. The module uses only the names and which fields are
//! required: the linker drops the rest.

pub(super) mod definition;
mod document;
mod fields;
mod teams;
mod tokens;
pub(super) mod words;

pub use definition::{Definition, FIRST_VERSION, Form, Need, Object};
pub(super) use document::{AIRFLOW, AirflowField, DocumentField, PolicyField, RuleField};
pub(super) use fields::FieldSet;
pub(super) use teams::TeamField;
pub(super) use tokens::{IssuerField, LocationField};

use super::field::Field;
use super::side::Side;

impl Object {
    /// Every object, from the document inwards.
    pub const ALL: [Self; 9] = [
        Self::Document,
        Self::Airflow,
        Self::Policy,
        Self::Rule,
        Self::Entry(Side::From),
        Self::Entry(Side::To),
        Self::Issuer,
        Self::Location,
        Self::Team,
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
            Self::Team => TeamField::DEFINITIONS.to_vec(),
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
            Self::Team => TeamField::WHAT,
        }
    }
}

/// The name of an entry of `from` or `to` in messages.
pub(super) const ENTRY: &str = "an entry of conditions";

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

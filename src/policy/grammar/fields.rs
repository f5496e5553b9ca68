//! The fields of one object, as the reader and the documentation take them.

use super::definition::{Definition, FIRST_VERSION, Need};

/// The fields of one object. [`fields!`] writes it.
pub(in super::super) trait FieldSet: Copy + PartialEq + 'static {
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

        impl super::fields::FieldSet for $set {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            const NAMES: &'static [&'static str] = &[$($name),+];
            const REQUIRED: &'static [Option<&'static str>] = &[$(super::fields::required($need)),+];
            const DEFINITIONS: &'static [super::definition::Definition] = &[$(super::definition::Definition {
                name: $name,
                form: $form,
                need: $need,
                default: $default,
                meaning: $meaning,
                since: super::fields::since(&[$($since)?]),
            }),+];
        }
    };
}
pub(super) use fields;

pub(super) const fn required(need: Need) -> Option<&'static str> {
    match need {
        Need::Required(allowed) => Some(allowed),
        Need::Depends(_) | Need::Optional => None,
    }
}

pub(super) const fn since(given: &[&'static str]) -> &'static str {
    match given {
        [since, ..] => since,
        [] => FIRST_VERSION,
    }
}

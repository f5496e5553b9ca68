//! What a body says that the request is about, on the routes where it does.

mod json;

use std::fmt;

use super::route::{Field, Id, Means};
pub(super) use json::Json;

/// The longest body that is read, in bytes. Airflow has no limit of its own, and the longest
/// honest ones, bulk requests of its UI, have a few kilobytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A request's body, as far as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Body<'a> {
    /// It is still to come.
    #[default]
    Pending,
    /// All of it; empty where there is none.
    Whole(&'a [u8]),
    /// It has more than [`MAX_BODY_BYTES`].
    TooLong,
}

/// Why a body that names ids cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadBody {
    /// More than [`MAX_BODY_BYTES`].
    TooLong,
    /// No JSON, or such as parsers read differently: a name that is there twice, say.
    NotJson(String),
    /// JSON, but no object.
    NotAnObject,
    /// This place should have a list.
    NotAList(&'static str),
    /// This place should have a text.
    NotText(&'static str),
}

impl fmt::Display for BadBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(
                f,
                "has more than the {MAX_BODY_BYTES} bytes that are read on this route"
            ),
            Self::NotJson(problem) => write!(f, "is not the JSON that Airflow reads: {problem}"),
            Self::NotAnObject => f.write_str("is not a JSON object"),
            Self::NotAList(place) => write!(f, "has no list at `{place}`"),
            Self::NotText(place) => write!(f, "has no text at `{place}`"),
        }
    }
}

impl<'a> Body<'a> {
    /// The body once it is there.
    pub(super) fn read(self) -> Result<Option<Json>, BadBody> {
        match self {
            Self::Pending => Ok(None),
            Self::TooLong => Err(BadBody::TooLong),
            Self::Whole(bytes) if bytes.len() > MAX_BODY_BYTES => Err(BadBody::TooLong),
            Self::Whole([]) => Ok(Some(Json::Object(Vec::new()))),
            Self::Whole(bytes) => match serde_json::from_slice(bytes) {
                Ok(json @ Json::Object(_)) => Ok(Some(json)),
                Ok(_) => Err(BadBody::NotAnObject),
                Err(error) => Err(BadBody::NotJson(error.to_string())),
            },
        }
    }
}

/// What a body has for one kind of id.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// The values, in order.
    pub(super) values: Vec<String>,
    /// Whether it leaves out, somewhere, which one is meant.
    pub(super) missing: bool,
    /// Whether it says that others are meant too.
    pub(super) widened: bool,
}

/// What `json` has for `id` at those of `fields` that are for it.
pub(super) fn named(json: &Json, fields: &[Field], id: Id) -> Result<Named, BadBody> {
    let mut named = Named::default();
    for field in fields.iter().filter(|field| field.id == id) {
        named.gather(json, field, field.path)?;
    }
    Ok(named)
}

impl Named {
    /// Follows what is left of the field's path.
    fn gather(&mut self, json: &Json, field: &Field, path: &'static str) -> Result<(), BadBody> {
        if path.is_empty() {
            return self.take(json, field);
        }
        let (step, rest) = path.split_once('.').unwrap_or((path, ""));
        let name = step.strip_suffix("[]");
        let Json::Object(_) = json else {
            // An element that is the id itself names nothing else.
            return match field.means {
                Means::IsOrElement => self.take(json, field),
                Means::Is => self.miss(),
                Means::Widens => Ok(()),
            };
        };
        let names = name.unwrap_or(step).split('|');
        let mut values = names.filter_map(|name| json.get(name));
        let value = values.next();
        if let Some(other) = values.next() {
            self.gather(other, field, rest)?;
        }
        match (value, name) {
            (None | Some(Json::Null), _) if field.means == Means::Widens => Ok(()),
            (None | Some(Json::Null), _) => self.miss(),
            (Some(value), None) => self.gather(value, field, rest),
            (Some(Json::List(elements)), Some(_)) if elements.is_empty() => self.miss(),
            (Some(Json::List(elements)), Some(_)) => elements
                .iter()
                .try_for_each(|element| self.gather(element, field, rest)),
            (Some(_), Some(_)) => Err(BadBody::NotAList(field.path)),
        }
    }

    fn take(&mut self, json: &Json, field: &Field) -> Result<(), BadBody> {
        match (field.means, json) {
            (Means::Widens, Json::Null | Json::False) => {}
            (Means::Widens, _) => self.widened = true,
            (_, Json::Null) => self.missing = true,
            (_, Json::Text(text)) if text.is_empty() => self.missing = true,
            (_, Json::Text(text)) => self.values.push(text.clone()),
            (_, Json::Number(number)) if field.id == Id::AssetNumber => self.values.push(number.clone()),
            // A mapped task: its id and its index.
            (_, Json::List(pair)) if field.id == Id::Task => match pair.first() {
                Some(Json::Text(task)) => self.values.push(task.clone()),
                _ => return Err(BadBody::NotText(field.path)),
            },
            _ => return Err(BadBody::NotText(field.path)),
        }
        Ok(())
    }

    fn miss(&mut self) -> Result<(), BadBody> {
        self.missing = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

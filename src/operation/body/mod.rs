//! Reads the ids in a body, on the routes where a body names any.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use super::route::{Field, Id, Means};
use crate::wire::json::{self, Number};

/// A value in a body.
pub(super) type Json<'a> = json::Json<'a, Number>;

/// The number of ids of one kind that are gathered. A request that names more is about any.
pub(super) const MAX_NAMED: usize = 128;

/// The longest body that is read, in bytes. Airflow has no limit of its own. The longest honest bodies, bulk
/// requests of its UI, have a few kilobytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A request's body, as far as it has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Body<'a> {
    /// The body has not arrived yet.
    #[default]
    Pending,
    /// The whole body; empty if there is none.
    Whole(&'a [u8]),
    /// The body has more than [`MAX_BODY_BYTES`].
    TooLong,
    /// The body is not read and may contain anything.
    Unread,
}

/// The reason why a body that names ids cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadBody {
    /// The body has more than [`MAX_BODY_BYTES`].
    TooLong,
    /// The body is not JSON, or is JSON that parsers read differently, for example with a repeated name.
    NotJson(String),
    /// The body is JSON, but not an object.
    NotAnObject,
    /// The body has no list at this place.
    NotAList(&'static str),
    /// The body has no text at this place.
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
    /// The body as JSON, once it has arrived.
    pub(super) fn read(self) -> Result<Option<Json<'a>>, BadBody> {
        match self {
            Self::Pending | Self::Unread => Ok(None),
            Self::TooLong => Err(BadBody::TooLong),
            Self::Whole(bytes) if bytes.len() > MAX_BODY_BYTES => Err(BadBody::TooLong),
            Self::Whole([]) => Ok(Some(Json::Object(Vec::new()))),
            Self::Whole(bytes) => match Json::parse(bytes) {
                Ok(json @ Json::Object(_)) => Ok(Some(json)),
                Ok(_) => Err(BadBody::NotAnObject),
                Err(error) => Err(BadBody::NotJson(error.to_string())),
            },
        }
    }
}

/// The values in a body for one kind of id.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named<'j> {
    /// The values in order, without repeats: at most one more than [`MAX_NAMED`].
    pub(super) values: Vec<Cow<'j, str>>,
    /// The same values, for look-ups.
    seen: HashSet<Cow<'j, str>>,
    /// Whether the body leaves out, at some place, which id it means.
    pub(super) missing: bool,
    /// Whether the body includes other ids too.
    pub(super) widened: bool,
}

/// The values in `json` for `id`, at those of `fields` that are for this kind of id.
pub(super) fn named<'j>(json: &'j Json<'_>, fields: &[Field], id: Id) -> Result<Named<'j>, BadBody> {
    let mut named = Named::default();
    for field in fields.iter().filter(|field| field.id == id) {
        let steps: Vec<Step> = field.path.split('.').map(Step::of).collect();
        named.gather(json, field, &steps)?;
    }
    Ok(named)
}

/// One step of a field's path. It is parsed once and used for each element of a list.
struct Step {
    /// The alternative names of the member.
    names: Vec<&'static str>,
    /// Whether the member is a list. The path then goes through each of its elements.
    list: bool,
}

impl Step {
    fn of(text: &'static str) -> Self {
        let names = text.strip_suffix("[]");
        Self {
            names: names.unwrap_or(text).split('|').collect(),
            list: names.is_some(),
        }
    }
}

impl<'j> Named<'j> {
    /// Others, beside those that are named elsewhere.
    pub(super) fn others() -> Self {
        Self {
            widened: true,
            ..Self::default()
        }
    }

    /// Follows the rest of the field's path.
    fn gather(&mut self, json: &'j Json<'_>, field: &Field, path: &[Step]) -> Result<(), BadBody> {
        let Some((step, rest)) = path.split_first() else {
            return self.take(json, field);
        };
        let Json::Object(_) = json else {
            // An element that is itself the id names nothing else.
            return match field.means {
                Means::IsOrElement => self.take(json, field),
                Means::Is => self.miss(),
                Means::Widens => Ok(()),
            };
        };
        let mut values = step.names.iter().filter_map(|name| json.get(name));
        let value = values.next();
        if let Some(other) = values.next() {
            self.gather(other, field, rest)?;
        }
        match value {
            None | Some(Json::Null) if field.means == Means::Widens => Ok(()),
            None | Some(Json::Null) => self.miss(),
            Some(value) if !step.list => self.gather(value, field, rest),
            Some(Json::List(elements)) if elements.is_empty() => self.miss(),
            Some(Json::List(elements)) => elements
                .iter()
                .try_for_each(|element| self.gather(element, field, rest)),
            Some(_) => Err(BadBody::NotAList(field.path)),
        }
    }

    fn take(&mut self, json: &'j Json<'_>, field: &Field) -> Result<(), BadBody> {
        match (field.means, json) {
            (Means::Widens, Json::Null | Json::False) => {}
            (Means::Widens, _) => self.widened = true,
            (_, Json::Null) => self.missing = true,
            (_, Json::Text(text)) if text.is_empty() => self.missing = true,
            (_, Json::Text(text)) => self.push(Cow::Borrowed(text)),
            (_, Json::Number(number)) if field.id == Id::AssetNumber => {
                self.push(Cow::Owned(number.to_string()));
            }
            // A mapped task: its id and its index.
            (_, Json::List(pair)) if field.id == Id::Task => match pair.first() {
                Some(Json::Text(task)) => self.push(Cow::Borrowed(task)),
                _ => return Err(BadBody::NotText(field.path)),
            },
            _ => return Err(BadBody::NotText(field.path)),
        }
        Ok(())
    }

    /// Adds a value that is new. Once there are too many, further values change nothing.
    fn push(&mut self, value: Cow<'j, str>) {
        if self.values.len() <= MAX_NAMED && self.seen.insert(value.clone()) {
            self.values.push(value);
        }
    }

    fn miss(&mut self) -> Result<(), BadBody> {
        self.missing = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

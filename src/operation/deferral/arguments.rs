//! Reads the ids and the code that a trigger's arguments name, in either of Airflow's two encodings.
//!
//! Older releases write `{"__type": "tuple", "__var": […]}` (`airflow/serialization/serialized_objects.py`),
//! newer ones `{"__classname__": "builtins.tuple", "__data__": […]}` (`airflow/sdk/serde`). Both can also
//! name a class that is imported and called while the arguments are decoded. So only the encodings of plain
//! data are read. Any other value may name anything.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::names::{self, Kind};
use crate::operation::body::Json;

/// More names of one kind than this count as any.
const MAX_NAMED: usize = 8;

/// Deeper arguments than this are not read. The depth of honest ones is at most six.
const MAX_DEPTH: usize = 32;

/// The values in the arguments for one kind.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// The values, without repeats.
    pub(super) values: BTreeSet<String>,
    /// Whether there may be other values.
    pub(super) any: bool,
}

/// The ids and the code that a trigger's arguments name.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) connections: Named,
    pub(super) dags: Named,
    pub(super) code: Named,
    pub(super) task_instances: Named,
    /// Whether decoding the arguments may run code.
    opaque: bool,
}

/// Whether `json` is plain data, so that decoding it runs no code.
pub(super) fn are_plain(json: &Json<'_>) -> bool {
    !Arguments::read(Some(json)).opaque
}

impl Arguments {
    /// Reads the arguments of a body. A text is either encrypted or JSON that the triggerer reads.
    pub(super) fn read(json: Option<&Json<'_>>) -> Self {
        let mut arguments = Self::default();
        match json {
            None | Some(Json::Null) => {}
            Some(object @ Json::Object(_)) => arguments.gather(object, None, 0),
            Some(_) => arguments.unreadable(),
        }
        arguments
    }

    /// Records that the arguments may be anything.
    fn unreadable(&mut self) {
        self.opaque = true;
        self.name_any();
    }

    /// Records that the arguments may name anything.
    fn name_any(&mut self) {
        for named in [
            &mut self.connections,
            &mut self.dags,
            &mut self.code,
            &mut self.task_instances,
        ] {
            *named = Named {
                values: BTreeSet::new(),
                any: true,
            };
        }
    }

    fn of(&mut self, kind: Kind) -> &mut Named {
        match kind {
            Kind::Connection => &mut self.connections,
            Kind::Dag => &mut self.dags,
            Kind::Code => &mut self.code,
            Kind::TaskInstance => &mut self.task_instances,
        }
    }

    /// Gathers from a value that stands under a name of `kind`.
    fn gather(&mut self, json: &Json<'_>, kind: Option<Kind>, depth: usize) {
        if depth > MAX_DEPTH {
            return self.unreadable();
        }
        match json {
            Json::Null => {}
            Json::Text(text) => self.text(text, kind),
            Json::List(elements) => {
                for element in elements {
                    self.gather(element, kind, depth + 1);
                }
            }
            Json::Object(fields) => self.object(fields, kind, depth),
            Json::Number(_) | Json::True | Json::False => self.any(kind),
        }
    }

    fn text(&mut self, text: &str, kind: Option<Kind>) {
        // The triggerer renders templates if the task may start from its trigger.
        if text.contains("{{") || text.contains("{%") {
            return self.name_any();
        }
        let Some(kind) = kind else { return };
        let named = self.of(kind);
        if text.is_empty() || named.values.len() >= MAX_NAMED {
            named.any = true;
        } else {
            named.values.insert(text.to_owned());
        }
    }

    fn object(&mut self, fields: &[(Cow<'_, str>, Json<'_>)], kind: Option<Kind>, depth: usize) {
        let encoding = match encoding(fields) {
            Ok(encoding) => encoding,
            Err(Unknown) => return self.unreadable(),
        };
        // The elements of an encoded list belong to the list's name.
        let within = kind.filter(|_| encoding == Some(Encoding::List));
        if within.is_none() {
            self.any(kind);
        }
        for (name, value) in fields {
            let holds = matches!(&**name, "__var" | "Encoding.VAR" | "__data__");
            let named = names::kind(name).filter(|_| !names::is_within_schema(name, value));
            let kind = named.or(within.filter(|_| holds));
            self.gather(value, kind, depth + 1);
        }
    }

    /// Records a value that names one of `kind`, but not which.
    fn any(&mut self, kind: Option<Kind>) {
        if let Some(kind) = kind {
            self.of(kind).any = true;
        }
    }
}

/// The encoding of a value that JSON does not have, as an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// A tuple or a set; the object holds its elements.
    List,
    /// Any other plain value.
    Scalar,
}

/// An encoding that can stand for code.
struct Unknown;

/// The encoding in `fields`; `None` if they are an object of plain JSON.
fn encoding(fields: &[(Cow<'_, str>, Json<'_>)]) -> Result<Option<Encoding>, Unknown> {
    let mut found = None;
    for (name, value) in fields {
        match (&**name, value) {
            // Python 3.10 writes the name of an enum's member in place of its value.
            ("__type" | "Encoding.TYPE", Json::Text(of)) => found = Some(old(of)?),
            ("__classname__", Json::Text(of)) => found = Some(new(of)?),
            ("__var" | "Encoding.VAR" | "__version__" | "__data__", _) => {}
            (reserved, _) if reserved.starts_with("__") || reserved.starts_with("Encoding.") => {
                return Err(Unknown);
            }
            _ => {}
        }
    }
    Ok(found)
}

fn old(of: &str) -> Result<Encoding, Unknown> {
    match of {
        "tuple" | "set" => Ok(Encoding::List),
        "dict" | "datetime" | "timedelta" | "timezone" | "relativedelta" | "arg_not_set" => {
            Ok(Encoding::Scalar)
        }
        _ => Err(Unknown),
    }
}

fn new(of: &str) -> Result<Encoding, Unknown> {
    match of {
        "builtins.tuple" | "builtins.set" | "builtins.frozenset" | "uuid.UUID" => Ok(Encoding::List),
        "datetime.date"
        | "datetime.datetime"
        | "datetime.timedelta"
        | "decimal.Decimal"
        | "pendulum.date.Date"
        | "pendulum.datetime.DateTime"
        | "pendulum.tz.timezone.FixedTimezone"
        | "pendulum.tz.timezone.Timezone"
        | "zoneinfo.ZoneInfo" => Ok(Encoding::Scalar),
        _ => Err(Unknown),
    }
}

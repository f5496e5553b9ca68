//! Reads single values and collects the errors in them.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde_json::value::RawValue;

use super::super::closest::MAX_SHOWN;
use super::super::error::{ErrorKind, FieldPath, LoadError, Step, Type, escaped};
use super::super::field::Field;
use super::super::grammar::{FieldSet, words};
use super::super::json::{Node, describe};
use super::super::nearest::nearest;
use super::super::pattern::Written;
use super::super::vocabulary;

/// The position of the reader in the document. A chain on the stack, made into a [`FieldPath`] only for an
/// error.
#[derive(Clone, Copy)]
pub(super) struct At<'p> {
    parent: Option<&'p At<'p>>,
    step: AtStep<'p>,
}

#[derive(Clone, Copy)]
enum AtStep<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> At<'p> {
    pub(super) fn root() -> Self {
        Self {
            parent: None,
            step: AtStep::Root,
        }
    }

    pub(super) fn key(&'p self, name: &'p str) -> Self {
        Self {
            parent: Some(self),
            step: AtStep::Key(name),
        }
    }

    pub(super) fn index(&'p self, index: usize) -> Self {
        Self {
            parent: Some(self),
            step: AtStep::Index(index),
        }
    }

    pub(super) fn path(&self) -> FieldPath {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(here) = at {
            match here.step {
                AtStep::Root => {}
                AtStep::Key(name) => steps.push(Step::Key(name.to_owned())),
                AtStep::Index(index) => steps.push(Step::Index(index)),
            }
            at = here.parent;
        }
        steps.reverse();
        FieldPath(steps)
    }
}

/// The fields of an object, in document order.
pub(super) type Fields<'d> = Vec<(Cow<'d, str>, &'d RawValue)>;

/// The fields of an object of the grammar, in document order.
pub(super) type Read<'d, F> = Vec<(F, &'d RawValue)>;

/// The errors found so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) errors: Vec<LoadError>,
}

impl Reader {
    /// Reports a value that the field does not take.
    pub(super) fn error(&mut self, at: At<'_>, found: String, allowed: Option<String>) {
        self.push(ErrorKind::InvalidValue, at, found, allowed, None);
    }

    /// Reports a value that contradicts another part of the document.
    pub(super) fn conflict(&mut self, at: At<'_>, found: String, allowed: String) {
        self.push(ErrorKind::Conflict, at, found, Some(allowed), None);
    }

    /// Reports a value, with the nearest right spelling.
    pub(super) fn misspelt(&mut self, at: At<'_>, found: String, allowed: String, nearest: Option<String>) {
        self.push(ErrorKind::InvalidValue, at, found, Some(allowed), nearest);
    }

    pub(super) fn missing(&mut self, at: At<'_>, found: String, allowed: String) {
        self.push(ErrorKind::MissingField, at, found, Some(allowed), None);
    }

    pub(super) fn wrong_type(&mut self, at: At<'_>, raw: &RawValue, expected: Type, allowed: &str) {
        let given = describe(raw);
        let found = format!("found {given}");
        let kind = ErrorKind::WrongType { expected, given };
        self.push(kind, at, found, Some(allowed.to_owned()), None);
    }

    pub(super) fn push(
        &mut self,
        kind: ErrorKind,
        at: At<'_>,
        found: String,
        allowed: Option<String>,
        nearest: Option<String>,
    ) {
        self.errors.push(LoadError {
            kind,
            path: at.path(),
            found: escaped(&found),
            allowed,
            nearest: nearest.as_deref().map(escaped),
        });
    }

    /// Reads the fields of an object of the grammar. Reports unknown fields and fields that are given twice.
    pub(super) fn object<'d, F: FieldSet>(&mut self, at: At<'_>, raw: &'d RawValue) -> Option<Read<'d, F>> {
        let fields = self.fields(at, raw, F::WHAT)?;
        Some(self.read(at, &fields))
    }

    /// Finds the fields of the grammar among those given.
    pub(super) fn read<'d, F: FieldSet>(&mut self, at: At<'_>, fields: &Fields<'d>) -> Read<'d, F> {
        let positions = self.known_names(at, fields, F::NAMES).into_iter();
        let field = |(position, value): (usize, _)| Some((*F::ALL.get(position)?, value));
        positions.filter_map(field).collect()
    }

    /// Reports required fields that are not given.
    pub(super) fn required<F: FieldSet>(&mut self, at: At<'_>, given: &Read<'_, F>) {
        for (field, allowed) in F::ALL.iter().zip(F::REQUIRED) {
            if let Some(allowed) = allowed
                && !given.iter().any(|(other, _)| other == field)
            {
                self.missing(
                    at,
                    format!("`{}` is missing", field.name()),
                    (*allowed).to_owned(),
                );
            }
        }
    }

    /// Reports names that are not in `known` and names that are given twice. Returns the positions of the
    /// others in `known`, with their values.
    pub(super) fn known_names<'d>(
        &mut self,
        at: At<'_>,
        fields: &Fields<'d>,
        known: &[&str],
    ) -> Vec<(usize, &'d RawValue)> {
        let mut found = Vec::with_capacity(fields.len());
        for (position, (name, value)) in fields.iter().enumerate() {
            let here = at.key(name);
            match known.iter().position(|known| known == name) {
                Some(known) => found.push((known, *value)),
                None => {
                    let nearest = nearest(name, known.iter().copied()).map(str::to_owned);
                    let found = format!("unknown field `{name}`");
                    let allowed = fields_near(known, nearest.as_deref());
                    self.push(ErrorKind::UnknownField, here, found, allowed, nearest);
                }
            }
            if fields.iter().take(position).any(|(earlier, _)| earlier == name) {
                self.repeated(here, name);
            }
        }
        found
    }

    /// Reports a name that an object has twice.
    pub(super) fn repeated(&mut self, at: At<'_>, name: &str) {
        let found = format!("`{name}` is given twice");
        self.push(ErrorKind::RepeatedField, at, found, Some("once".to_owned()), None);
    }

    /// Reads a text that the author chooses.
    pub(super) fn text<'d>(&mut self, at: At<'_>, raw: &'d RawValue, allowed: &str) -> Option<Cow<'d, str>> {
        self.text_of(Type::Text, at, raw, allowed)
    }

    /// Reads a text of a fixed form.
    pub(super) fn formal<'d>(
        &mut self,
        at: At<'_>,
        raw: &'d RawValue,
        allowed: &str,
    ) -> Option<Cow<'d, str>> {
        self.text_of(Type::Word, at, raw, allowed)
    }

    fn text_of<'d>(
        &mut self,
        expected: Type,
        at: At<'_>,
        raw: &'d RawValue,
        allowed: &str,
    ) -> Option<Cow<'d, str>> {
        match Node::read(raw) {
            Node::Text(text) => Some(text),
            _ => {
                self.wrong_type(at, raw, expected, allowed);
                None
            }
        }
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(&mut self, at: At<'_>, raw: &RawValue) -> bool {
        let text = raw.get();
        if !matches!(text, "true" | "false") {
            self.wrong_type(at, raw, Type::Flag, "`true` or `false`");
        }
        text == "true"
    }

    /// Reads one word of a closed list.
    pub(super) fn word<T>(
        &mut self,
        at: At<'_>,
        raw: &RawValue,
        words: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let allowed = quoted(words);
        let text = self.formal(at, raw, &allowed)?;
        let value = read(&text);
        if value.is_none() {
            let nearest = nearest(&text, words.iter().copied()).map(str::to_owned);
            self.misspelt(at, format!("found `{text}`"), allowed, nearest);
        }
        value
    }

    /// Reads a whole number in `range`.
    pub(super) fn number(&mut self, at: At<'_>, raw: &RawValue, range: RangeInclusive<u64>) -> Option<u64> {
        let number = raw.get().parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let allowed = format!("a whole number from {} to {}", range.start(), range.end());
            self.wrong_type(at, raw, Type::Number, &allowed);
        }
        number
    }

    /// Reads a name. Names become metric labels and parts of log lines.
    pub(super) fn name<'d>(&mut self, at: At<'_>, raw: &'d RawValue) -> Option<Cow<'d, str>> {
        let allowed = "1 to 63 letters, digits, `-`, `_` or `.`";
        let name = self.text(at, raw, allowed)?;
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 63 || !name.chars().all(legal) {
            self.error(at, format!("invalid name `{name}`"), Some(allowed.to_owned()));
            return None;
        }
        Some(name)
    }

    /// Checks a text for readers. The filter does not keep it.
    pub(super) fn description(&mut self, at: At<'_>, raw: &RawValue) {
        let allowed = format!("a text of at most {} characters", words::DESCRIPTION);
        let text = self.text(at, raw, &allowed);
        let length = text.map_or(0, |text| text.chars().count());
        if length > words::DESCRIPTION {
            self.error(at, format!("a text of {length} characters"), Some(allowed));
        }
    }

    /// Reads a non-empty list of texts. Each comes with its number in the list.
    pub(super) fn texts<'d>(&mut self, at: At<'_>, raw: &'d RawValue) -> Vec<(usize, Cow<'d, str>)> {
        let items = self.some_list(at, raw);
        let read = |(number, item)| Some((number, self.text(at.index(number), item, "a text")?));
        items.into_iter().enumerate().filter_map(read).collect()
    }

    /// Reads one pattern of a condition on `field`.
    pub(super) fn pattern<'t>(&mut self, at: At<'_>, field: Field, text: &'t str) -> Option<Written<'t>> {
        let written = match Written::parse(text) {
            Ok(written) => written,
            Err(bad) => {
                let allowed = "`text`, `prefix*`, `*suffix` or `*`, variables as `{name}`";
                self.error(at, format!("`{text}` {bad}"), Some(allowed.into()));
                return None;
            }
        };
        match vocabulary::check(field, text, &written) {
            Ok(()) => Some(written),
            Err(vocabulary::Complaint {
                found,
                allowed,
                nearest,
            }) => {
                self.misspelt(at, found, allowed, nearest);
                None
            }
        }
    }

    /// The fields of an object; `None`, with an error, if `raw` is not an object.
    pub(super) fn fields<'d>(&mut self, at: At<'_>, raw: &'d RawValue, what: &str) -> Option<Fields<'d>> {
        match Node::read(raw) {
            Node::Object(fields) => Some(fields),
            _ => {
                self.wrong_type(at, raw, Type::Object, &format!("{what}, which is an object"));
                None
            }
        }
    }

    /// The elements of a list; empty, with an error, if `raw` is not a list.
    pub(super) fn list<'d>(&mut self, at: At<'_>, raw: &'d RawValue) -> Vec<&'d RawValue> {
        match Node::read(raw) {
            Node::List(items) => items,
            _ => {
                self.wrong_type(at, raw, Type::List, "a list");
                Vec::new()
            }
        }
    }

    /// The elements of a list that must not be empty.
    pub(super) fn some_list<'d>(&mut self, at: At<'_>, raw: &'d RawValue) -> Vec<&'d RawValue> {
        let before = self.errors.len();
        let items = self.list(at, raw);
        if items.is_empty() && self.errors.len() == before {
            self.error(
                at,
                "an empty list, which matches nothing".into(),
                Some("at least one element".into()),
            );
        }
        items
    }
}

/// The fields that an error shows: all of a few, and of many none beside a near one. A word with a `not` before it is
/// not shown beside its twin.
fn fields_near(known: &[&str], nearest: Option<&str>) -> Option<String> {
    if known.len() <= MAX_SHOWN {
        return Some(quoted(known));
    }
    if nearest.is_some() {
        return None;
    }
    let is_twin = |name: &&str| name.strip_prefix("not").is_some_and(|rest| !rest.is_empty());
    let plain: Vec<&str> = known.iter().copied().filter(|name| !is_twin(name)).collect();
    let twins = if plain.len() < known.len() {
        ", each also as `not…`"
    } else {
        ""
    };
    Some(format!("{}{twins}", quoted(&plain)))
}

/// The words in backticks, separated by commas.
pub(super) fn quoted(words: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    quoted.join(", ")
}

//! Reads one rule: alternatives for the caller, and alternatives for the request.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::arena::Span;
use super::super::compiled::{Condition, Rule};
use super::super::field::Field;
use super::super::grammar::{ENTRY, FieldSet, RuleField};
use super::super::pattern::{Piece, Shape, Written};
use super::super::side::Side;
use super::Loader;
use super::entry::{Entry, ReadCondition};
use super::order::in_order;
use super::reader::At;
use super::variables::Variables;

impl Loader {
    pub(super) fn rule(&mut self, at: At<'_>, policy: u32, number: usize, raw: &RawValue) {
        let errors_before = self.reader.errors.len();
        let Some(fields) = self.reader.object::<RuleField>(at, raw) else {
            return;
        };
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for (field, value) in &fields {
            let at = at.key(field.name());
            match field {
                RuleField::From => from = self.entries(at, Side::From, value),
                RuleField::To => to = self.entries(at, Side::To, value),
            }
        }
        let variables = Variables::check(&mut self.reader, at, &from, &to);
        if self.reader.errors.len() > errors_before {
            return;
        }
        let rule = Rule {
            policy,
            number: u32::try_from(number).unwrap_or(u32::MAX),
            from: self.push_entries(&from, &variables),
            to: self.push_entries(&to, &variables),
            variables: self.push_names(&variables),
        };
        self.rules.push(rule);
    }

    fn entries<'d>(&mut self, at: At<'_>, side: Side, raw: &'d RawValue) -> Vec<Entry<'d>> {
        let items = self.reader.some_list(at, raw);
        let read = |(number, item)| self.entry(at.index(number), side, number, item);
        items.into_iter().enumerate().filter_map(read).collect()
    }

    fn entry<'d>(&mut self, at: At<'_>, side: Side, number: usize, raw: &'d RawValue) -> Option<Entry<'d>> {
        let fields = self.reader.fields(at, raw, ENTRY)?;
        let words: Vec<&str> = Field::of(side)
            .flat_map(|field| [field.word(), field.not_word()])
            .collect();
        self.reader.known_names(at, &fields, &words);
        if fields.is_empty() {
            let allowed = format!(
                "at least one condition; a rule without `{}` holds for any",
                side.word()
            );
            self.reader
                .error(at, "an entry without conditions".into(), Some(allowed));
        }
        let mut read = Vec::new();
        for (name, value) in &fields {
            let Some((field, negated)) = Field::parse(side, name) else {
                continue;
            };
            let at = at.key(name);
            match field {
                Field::Claims => self.claims(at, negated, value, &mut read),
                _ => read.push(self.condition(at, field, negated, None, value)),
            }
            if field.is_of_token() {
                self.needs_issuer(at, name);
            }
        }
        let conditions = in_order(read);
        self.contradictions(at, &conditions);
        Some(Entry {
            side,
            number,
            conditions,
        })
    }

    pub(super) fn condition<'d>(
        &mut self,
        at: At<'_>,
        field: Field,
        negated: bool,
        claim: Option<Cow<'d, str>>,
        raw: &'d RawValue,
    ) -> ReadCondition<'d> {
        let texts = self.reader.texts(at, raw);
        for (number, text) in &texts {
            let at = at.index(*number);
            match (field, self.reader.pattern(at, field, text)) {
                (Field::RequestPrincipals, Some(written)) => self.can_be_issued(at, text, &written),
                (Field::Paths, Some(_)) => self.is_below_base(at, text),
                (Field::ActingTeams | Field::Teams, Some(written)) => self.is_a_team(at, text, &written),
                _ => {}
            }
        }
        let condition = ReadCondition {
            field,
            negated,
            binds: false,
            claim,
            texts,
        };
        self.is_there(at, &condition);
        condition
    }

    /// Reports a condition whose negated twin excludes every value that the condition admits.
    fn contradictions(&mut self, at: At<'_>, conditions: &[ReadCondition<'_>]) {
        for positive in conditions.iter().filter(|condition| !condition.negated) {
            let Some(twin) = conditions.iter().find(|other| {
                other.negated && other.field == positive.field && other.claim == positive.claim
            }) else {
                continue;
            };
            let excluded = |admitted: &Written<'_>| twin.patterns().any(|(_, _, not)| covers(&not, admitted));
            let mut patterns = positive.patterns().peekable();
            if patterns.peek().is_some() && patterns.all(|(_, _, admitted)| excluded(&admitted)) {
                let (word, not_word) = (positive.shown(), twin.shown());
                self.reader.conflict(
                    twin.at(&at.key(twin.word())),
                    format!("`{not_word}` excludes all that `{word}` admits, so the entry matches nothing"),
                    format!("patterns that leave something of `{word}`"),
                );
            }
        }
    }

    fn push_entries(&mut self, entries: &[Entry<'_>], variables: &Variables<'_>) -> Span {
        let mut spans = Vec::with_capacity(entries.len());
        for entry in entries {
            let start = self.conditions.len();
            for condition in &entry.conditions {
                let claim = condition.claim.iter().map(|path| Written {
                    shape: Shape::Exact,
                    pieces: vec![Piece::Text(path)],
                });
                let written = condition.patterns().map(|(_, _, written)| written);
                let patterns = self
                    .arena
                    .list(claim.chain(written), |name| variables.number(name));
                let ReadCondition {
                    field,
                    negated,
                    binds,
                    ..
                } = *condition;
                let condition = Condition::new(field, negated, binds, patterns);
                self.conditions.push(condition);
            }
            spans.push(Span::new(start, self.conditions.len()));
        }
        let start = self.entries.len();
        self.entries.extend(spans);
        Span::new(start, self.entries.len())
    }

    fn push_names(&mut self, variables: &Variables<'_>) -> Span {
        let start = self.names.len();
        for name in variables.names() {
            let span = self.arena.intern(name);
            self.names.push(span);
        }
        Span::new(start, self.names.len())
    }
}

/// Whether `outer` matches every value that `inner` matches. A template covers only patterns of the same
/// spelling.
fn covers(outer: &Written<'_>, inner: &Written<'_>) -> bool {
    if outer == inner || outer.shape == Shape::Any {
        return true;
    }
    if outer.is_template() || inner.is_template() {
        return false;
    }
    let body = |written: &Written<'_>| match written.pieces.first() {
        Some(Piece::Text(text)) => (*text).to_owned(),
        _ => String::new(),
    };
    let (outer_body, inner_body) = (body(outer), body(inner));
    match (outer.shape, inner.shape) {
        (Shape::Prefix, Shape::Exact | Shape::Prefix) => inner_body.starts_with(&outer_body),
        (Shape::Suffix, Shape::Exact | Shape::Suffix) => inner_body.ends_with(&outer_body),
        _ => false,
    }
}

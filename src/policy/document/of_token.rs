//! Reads the conditions on tokens.

use serde_json::value::RawValue;

use super::super::error::ErrorKind;
use super::super::field::Field;
use super::super::nearest::nearest;
use super::super::pattern::{Piece, Shape, Written};
use super::Loader;
use super::entry::ReadCondition;
use super::reader::{At, quoted};

impl Loader {
    /// Reads `claims` or `notClaims`: patterns by the claim's path. Each claim becomes one condition.
    pub(super) fn claims<'d>(
        &mut self,
        at: At<'_>,
        negated: bool,
        raw: &'d RawValue,
        conditions: &mut Vec<ReadCondition<'d>>,
    ) {
        let Some(claims) = self.reader.fields(at, raw, "patterns by claim") else {
            return;
        };
        if claims.is_empty() {
            let allowed = "at least one claim, such as `groups: [admins]`".to_owned();
            self.reader
                .error(at, "an object without claims".into(), Some(allowed));
        }
        for (position, (path, patterns)) in claims.iter().enumerate() {
            let at = at.key(path);
            if let Some(bad) = bad_path(path) {
                let allowed =
                    "the name of a claim, with a dot before each step into it: `kubernetes.io.namespace`";
                self.reader
                    .error(at, format!("`{path}` {bad}"), Some(allowed.into()));
            }
            if claims.iter().take(position).any(|(earlier, _)| earlier == path) {
                self.reader.repeated(at, path);
            }
            let condition = self.condition(at, Field::Claims, negated, Some(path.clone()), patterns);
            conditions.push(condition);
        }
    }

    /// Reports a condition on tokens in a document that accepts no tokens.
    pub(super) fn needs_issuer(&mut self, at: At<'_>, word: &str) {
        if self.issuers.as_ref().is_some_and(Vec::is_empty) {
            let found = format!("`{word}` asks for a token, and the document has no `tokens`");
            let allowed = "a list `tokens` in the document".to_owned();
            self.reader.conflict(at, found, allowed);
        }
    }

    /// Reports a pattern that matches no request principal of the document's issuers.
    pub(super) fn can_be_issued(&mut self, at: At<'_>, text: &str, written: &Written<'_>) {
        let Some(issuers) = self.issuers.as_ref().filter(|issuers| !issuers.is_empty()) else {
            return;
        };
        let (Shape::Exact | Shape::Prefix, Some(Piece::Text(head))) = (written.shape, written.pieces.first())
        else {
            return;
        };
        // A `*` or a variable after the literal head can still match any issuer.
        let open = written.shape == Shape::Prefix || written.pieces.len() > 1;
        let issued = |issuer: &String| {
            let principals = format!("{issuer}/");
            let subject = head.strip_prefix(&*principals);
            subject.is_some_and(|subject| open || !subject.is_empty())
                || (open && principals.starts_with(head))
        };
        if issuers.iter().any(issued) {
            return;
        }
        let found = format!("`{text}` is not `issuer/subject` of any issuer in `tokens`");
        let allowed = format!("`/` and a subject behind {}", quoted(issuers));
        let split = text.rsplit_once('/');
        let nearest = split.and_then(|(issuer, subject)| {
            let near = nearest(issuer, issuers.iter().map(String::as_str))?;
            (near != issuer).then(|| format!("{near}/{subject}"))
        });
        self.reader
            .push(ErrorKind::Conflict, at, found, Some(allowed), nearest);
    }
}

/// The error in the path of a claim.
fn bad_path(path: &str) -> Option<&'static str> {
    if path.split('.').any(str::is_empty) {
        Some("has a step without a name")
    } else if path.contains(['*', '{', '}']) {
        Some("has a `*` or a brace, which stand in patterns only")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;

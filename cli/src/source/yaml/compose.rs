//! Composes nodes from the parser's events.

use dagward::policy::{FieldPath, Step};
use libyaml_safer::{EventData as Event, MappingStyle, ScalarStyle, SequenceStyle};
use serde_json::Value;

use super::super::node::{Entry, Kind, Node, Span};
use super::super::scalar::{self, Text};
use super::anchors::Anchors;
use super::events::Events;
use super::fields::Fields;
use super::{Document, hints, problem};
use crate::report::Problem;

/// Deep enough for any resource, and less than the filter's JSON reader accepts (128).
const MAX_DEPTH: usize = 100;

/// More nodes than any policy has. Aliases of aliases could make billions of nodes from a few lines.
const MAX_NODES: usize = 4_000_000;

/// The reader of one document.
pub(super) struct Composer<'a> {
    events: Events<'a>,
    anchors: Anchors,
    problems: Vec<Problem>,
    path: FieldPath,
    nodes: usize,
    /// The number of nodes that come from aliases.
    aliased: usize,
    /// The number of open brackets.
    brackets: usize,
}

impl<'a> Composer<'a> {
    pub(super) fn new(events: Events<'a>) -> Self {
        Self {
            events,
            anchors: Anchors::default(),
            problems: Vec::new(),
            path: FieldPath::default(),
            nodes: 0,
            aliased: 0,
            brackets: 0,
        }
    }

    /// The document; `None` if there are only comments.
    pub(super) fn document(&mut self) -> Result<Option<Document>, Problem> {
        if !self.document_starts()? {
            return Ok(None);
        }
        let first = self.events.next()?;
        let root = self.node(first)?;
        if self.document_starts()? {
            let end = self.events.end();
            let message = "kubectl reads one document up to a line `---`, and nothing behind its end";
            return Err(self.problem(end..end, message.to_owned()));
        }
        Ok(Some(Document {
            root,
            problems: std::mem::take(&mut self.problems),
        }))
    }

    fn document_starts(&mut self) -> Result<bool, Problem> {
        loop {
            match self.events.next()? {
                (Event::StreamEnd, _) => return Ok(false),
                (Event::DocumentStart { .. }, _) => return Ok(true),
                _ => {}
            }
        }
    }

    fn node(&mut self, (event, span): (Event, Span)) -> Result<Node, Problem> {
        self.nodes += 1;
        let number = self.nodes;
        if self.nodes > MAX_NODES {
            return Err(self.problem(span, format!("more than {MAX_NODES} values")));
        }
        let (anchor, node) = match event {
            Event::Alias { anchor } => return self.alias(&anchor, span),
            Event::Scalar {
                anchor,
                tag,
                value,
                plain_implicit,
                style,
                ..
            } => {
                let text = Text {
                    value: &value,
                    tag: tag.as_deref(),
                    is_plain: plain_implicit,
                };
                (anchor, self.scalar(&text, style, span))
            }
            Event::SequenceStart {
                anchor, tag, style, ..
            } => {
                self.open(&span, tag.as_deref(), "seq", anchor.as_ref())?;
                let brackets = usize::from(style == SequenceStyle::Flow);
                self.brackets += brackets;
                let node = self.list(span)?;
                self.brackets -= brackets;
                (anchor, node)
            }
            Event::MappingStart {
                anchor, tag, style, ..
            } => {
                self.open(&span, tag.as_deref(), "map", anchor.as_ref())?;
                let brackets = usize::from(style == MappingStyle::Flow);
                self.brackets += brackets;
                let node = self.map(span)?;
                self.brackets -= brackets;
                (anchor, node)
            }
            _ => return Err(self.problem(span, "a value was expected".to_owned())),
        };
        if let Some(anchor) = anchor {
            self.anchors.close(anchor, number, &node);
        }
        Ok(node)
    }

    fn scalar(&mut self, text: &Text<'_>, style: ScalarStyle, span: Span) -> Node {
        if text.is_plain && self.brackets > 0 && text.value.contains('?') {
            let message = "kubectl takes a `?` in brackets for the beginning of a key: quote it".to_owned();
            self.problems.push(self.problem(span.clone(), message));
        }
        if style == ScalarStyle::DoubleQuoted
            && !self.events.is_json()
            && has_slash_escape(self.events.written(&span))
        {
            let message = "kubectl does not know the escape `\\/`: write `/`".to_owned();
            self.problems.push(self.problem(span.clone(), message));
        }
        let value = scalar::resolve(text).unwrap_or_else(|message| {
            self.problems.push(self.problem(span.clone(), message));
            Value::String(text.value.to_owned())
        });
        if text.is_plain && self.events.is_json() && value.is_string() {
            let message = format!("the number `{}` is too large", text.value);
            self.problems.push(self.problem(span.clone(), message));
        }
        Node {
            span,
            kind: Kind::Scalar(value),
        }
    }

    fn list(&mut self, start: Span) -> Result<Node, Problem> {
        let mut elements = Vec::new();
        loop {
            let next = self.events.next()?;
            if let (Event::SequenceEnd, end) = next {
                return Ok(self.closed(start, &end, Kind::List(elements)));
            }
            self.path.0.push(Step::Index(elements.len()));
            elements.push(self.node(next)?);
            self.path.0.pop();
        }
    }

    fn map(&mut self, start: Span) -> Result<Node, Problem> {
        let mut fields = Fields::default();
        let mut merged_at: Option<Span> = None;
        loop {
            let next = self.events.next()?;
            if let (Event::MappingEnd, end) = next {
                return Ok(self.closed(start, &end, Kind::Map(fields.into_entries())));
            }
            let key_span = next.1.clone();
            if is_merge_key(&next.0) {
                let value = self.events.next()?;
                match merged_at.replace(key_span.clone()) {
                    Some(first) => self.duplicate("<<", &first, key_span),
                    None => self.merge(value, key_span, &mut fields)?,
                }
                continue;
            }
            let key = self.key(next)?;
            let step = Step::Key(key.clone().unwrap_or_else(|| "?".to_owned()));
            self.path.0.push(step);
            let next = self.events.next()?;
            let value = self.node(next)?;
            // A value under a key that is already a problem is left out.
            if let Some(key) = key {
                let entry = Entry {
                    key: key.clone(),
                    key_span: key_span.clone(),
                    value,
                };
                if let Err(first) = fields.add(entry) {
                    self.duplicate(&key, &first, key_span);
                }
            }
            self.path.0.pop();
        }
    }

    /// Merges the value behind `<<`: an object, or a list of objects of which the first takes precedence.
    fn merge(&mut self, value: (Event, Span), at: Span, fields: &mut Fields) -> Result<(), Problem> {
        let is_alias = matches!(value.0, Event::Alias { .. });
        let value = self.node(value)?;
        let objects = match value.kind {
            Kind::Map(_) => vec![value],
            Kind::List(elements) if !is_alias => elements,
            _ => Vec::new(),
        };
        let is_mergeable = |node: &Node| matches!(node.kind, Kind::Map(_));
        if objects.is_empty() || !objects.iter().all(is_mergeable) {
            let message = "`<<` merges an object or a list of objects".to_owned();
            self.problems.push(self.problem(at, message));
            return Ok(());
        }
        for entry in objects.into_iter().rev().flat_map(Node::into_entries) {
            if let Err(field) = fields.merge(entry) {
                let message = format!(
                    "`<<` also has the field `{field}`, which stands before it: kubectl takes the merged one, \
                     other readers the earlier one; put `<<` first"
                );
                self.problems.push(self.problem(at.clone(), message));
            }
        }
        Ok(())
    }

    /// The name of a field; `None`, with a problem, if it is not text.
    fn key(&mut self, key: (Event, Span)) -> Result<Option<String>, Problem> {
        let span = key.1.clone();
        let node = self.node(key)?;
        let message = match node.kind {
            Kind::Scalar(Value::String(key)) => return Ok(Some(key)),
            Kind::Scalar(value) => format!(
                "kubectl reads the key `{}` as {value}: quote it",
                self.events.written(&span)
            ),
            _ => "a key must be a text".to_owned(),
        };
        self.problems.push(self.problem(span, message));
        Ok(None)
    }

    fn duplicate(&mut self, key: &str, first: &Span, span: Span) {
        let line = self.events.written(&(0..first.start)).matches('\n').count() + 1;
        let problem = self.problem(span, format!("duplicate field `{key}`, first on line {line}"));
        self.problems.push(problem);
    }

    fn alias(&mut self, anchor: &str, span: Span) -> Result<Node, Problem> {
        let node = match self.anchors.get(anchor) {
            Ok(node) => node.clone(),
            Err(message) => {
                let problem = self.problem(span, message);
                return Err(hints::explain(self.events.text(), problem));
            }
        };
        let size = node.size();
        self.nodes += size;
        self.aliased += size;
        if self.has_too_many_aliases() {
            let message = "kubectl refuses a document that consists almost only of aliases";
            return Err(self.problem(span, message.to_owned()));
        }
        Ok(node)
    }

    /// go-yaml's limit (`allowedAliasRatio` in its decode.go) for documents of up to 400,000 nodes.
    fn has_too_many_aliases(&self) -> bool {
        self.aliased > 100 && self.nodes > 1000 && self.aliased > self.nodes / 100 * 99
    }

    fn open(
        &mut self,
        span: &Span,
        tag: Option<&str>,
        name: &str,
        anchor: Option<&String>,
    ) -> Result<(), Problem> {
        if let Err(message) = scalar::check_collection(tag, name) {
            self.problems.push(self.problem(span.clone(), message));
        }
        if self.path.0.len() >= MAX_DEPTH {
            return Err(self.problem(span.clone(), format!("nested deeper than {MAX_DEPTH} levels")));
        }
        if let Some(anchor) = anchor {
            self.anchors.open(anchor.clone(), self.nodes);
        }
        Ok(())
    }

    /// A block collection ends where its last value ends. Its end event names the position where the next item starts.
    fn closed(&self, start: Span, end: &Span, kind: Kind) -> Node {
        let written = self.events.written(&(start.start..end.end));
        Node {
            span: start.start..start.start + written.trim_end().len(),
            kind,
        }
    }

    fn problem(&self, span: Span, message: String) -> Problem {
        problem(self.path.clone(), span, message)
    }
}

fn is_merge_key(event: &Event) -> bool {
    matches!(event, Event::Scalar { value, tag: None, plain_implicit: true, .. } if value == "<<")
}

fn has_slash_escape(quoted: &str) -> bool {
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && characters.next() == Some('/') {
            return true;
        }
    }
    false
}

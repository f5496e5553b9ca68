//! YAML 1.2, and with it JSON, into nodes that know their places.
//!
//! Objects with a key twice, keys that are no strings, merge keys and foreign tags are problems
//! here, because two readers could understand them differently; aliases stand for their anchor.

use std::collections::HashMap;

use dagward::policy::{FieldPath, Step};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};
use serde_json::Value;

use super::characters::Characters;
use super::node::{Entry, Kind, Node, Span};
use super::scalar;
use crate::report::{Problem, Severity};

/// Deep enough for any resource, and below what the JSON reader of the filter takes (128).
const MAX_DEPTH: usize = 100;

/// More nodes than any policy has; aliases of aliases could make billions out of a few lines.
const MAX_NODES: usize = 4_000_000;

/// One document of a file.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its value.
    pub(crate) root: Node,
    /// What is wrong with it as YAML, and what Kubernetes' tools would read differently.
    pub(crate) problems: Vec<Problem>,
}

/// What was read of a file.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// The documents that are complete.
    pub(crate) read: Vec<Document>,
    /// Why reading ended before the end of the file.
    pub(crate) broken: Option<Problem>,
}

/// Reads all documents of a text.
pub(crate) fn read(text: &str) -> Documents {
    let characters = Characters::of(text);
    let mut composer = Composer::new(text, &characters);
    let mut documents = Documents::default();
    loop {
        match composer.document() {
            Ok(Some(document)) => documents.read.push(document),
            Ok(None) => return documents,
            Err(problem) => {
                documents.broken = Some(problem);
                return documents;
            }
        }
    }
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// The parser counts in characters.
    characters: &'a Characters<'a>,
    text: &'a str,
    anchors: HashMap<usize, Node>,
    problems: Vec<Problem>,
    path: FieldPath,
    nodes: usize,
}

impl<'a> Composer<'a> {
    fn new(text: &'a str, characters: &'a Characters<'a>) -> Self {
        Self {
            parser: Parser::new_from_str(&characters.text),
            characters,
            text,
            anchors: HashMap::new(),
            problems: Vec::new(),
            path: FieldPath::default(),
            nodes: 0,
        }
    }

    fn document(&mut self) -> Result<Option<Document>, Problem> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(None),
                (Event::DocumentStart(_), _) => break,
                _ => {}
            }
        }
        let first = self.next()?;
        let root = self.node(first)?;
        Ok(Some(Document {
            root,
            problems: std::mem::take(&mut self.problems),
        }))
    }

    fn node(&mut self, (event, span): (Event<'a>, Span)) -> Result<Node, Problem> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.problem(span, format!("more than {MAX_NODES} values")));
        }
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, self.scalar(&text, style, tag.as_deref(), span))
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection(&span, tag.as_deref(), "seq")?;
                (anchor, self.list(span)?)
            }
            Event::MappingStart(anchor, tag) => {
                self.collection(&span, tag.as_deref(), "map")?;
                (anchor, self.map(span)?)
            }
            Event::Alias(anchor) => return Ok(self.alias(anchor, span)),
            _ => return Err(self.problem(span, "a value was expected".to_owned())),
        };
        // The parser numbers anchors from 1; 0 is "none".
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Node {
        if scalar::is_old_boolean(text, style, tag) {
            let message = format!("`{text}` is text here and a boolean to kubectl, which reads YAML 1.1");
            let problem = self.problem(span.clone(), message);
            let suggestion = Some(format!("\"{text}\""));
            self.problems.push(Problem {
                severity: Severity::Warning,
                suggestion,
                ..problem
            });
        }
        let value = scalar::resolve(text, style, tag).unwrap_or_else(|message| {
            let problem = self.problem(span.clone(), message);
            self.problems.push(problem);
            Value::String(text.to_owned())
        });
        Node {
            span,
            kind: Kind::Scalar(value),
        }
    }

    fn list(&mut self, start: Span) -> Result<Node, Problem> {
        let mut elements = Vec::new();
        loop {
            let next = self.next()?;
            if let (Event::SequenceEnd, end) = next {
                return Ok(self.closed(start, &end, Kind::List(elements)));
            }
            self.path.0.push(Step::Index(elements.len()));
            elements.push(self.node(next)?);
            self.path.0.pop();
        }
    }

    fn map(&mut self, start: Span) -> Result<Node, Problem> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut first_spans: HashMap<String, Span> = HashMap::new();
        loop {
            let next = self.next()?;
            if let (Event::MappingEnd, end) = next {
                return Ok(self.closed(start, &end, Kind::Map(entries)));
            }
            let key_span = next.1.clone();
            let key = self.key(next)?;
            self.path
                .0
                .push(Step::Key(key.clone().unwrap_or_else(|| "?".to_owned())));
            let next = self.next()?;
            let value = self.node(next)?;
            // What stands under a key that is a problem already is left out.
            if let Some(key) = key {
                match first_spans.get(&key) {
                    Some(first) => self.duplicate(&key, first, key_span),
                    None => {
                        first_spans.insert(key.clone(), key_span.clone());
                        entries.push(Entry { key, key_span, value });
                    }
                }
            }
            self.path.0.pop();
        }
    }

    /// The name of a field; `None`, with a problem, where it is no string.
    fn key(&mut self, (event, span): (Event<'a>, Span)) -> Result<Option<String>, Problem> {
        let message = match event {
            Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<" => {
                "merge keys are not part of YAML 1.2; write the fields out".to_owned()
            }
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.node((Event::Scalar(text.clone(), style, anchor, tag), span.clone()))?;
                match node.text() {
                    Some(key) => return Ok(Some(key.to_owned())),
                    None => format!("the key `{text}` is not a string; quote it"),
                }
            }
            other => {
                self.node((other, span.clone()))?;
                "a key must be a string".to_owned()
            }
        };
        let problem = self.problem(span, message);
        self.problems.push(problem);
        Ok(None)
    }

    fn duplicate(&mut self, key: &str, first: &Span, span: Span) {
        let line = self
            .text
            .get(..first.start)
            .unwrap_or_default()
            .matches('\n')
            .count()
            + 1;
        let problem = self.problem(span, format!("duplicate field `{key}`, first on line {line}"));
        self.problems.push(problem);
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Node {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            let problem = self.problem(
                span.clone(),
                "the alias stands inside what it stands for".to_owned(),
            );
            self.problems.push(problem);
            return Node {
                span,
                kind: Kind::Scalar(Value::Null),
            };
        };
        self.nodes += node.size();
        node
    }

    fn collection(&mut self, span: &Span, tag: Option<&Tag>, name: &str) -> Result<(), Problem> {
        if let Err(message) = scalar::check_collection(tag, name) {
            let problem = self.problem(span.clone(), message);
            self.problems.push(problem);
        }
        if self.path.0.len() >= MAX_DEPTH {
            return Err(self.problem(span.clone(), format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(())
    }

    /// A block collection ends where its last value does; what its end event names is the place
    /// where the next thing starts.
    fn closed(&self, start: Span, end: &Span, kind: Kind) -> Node {
        let written = self.text.get(start.start..end.end).unwrap_or_default();
        Node {
            span: start.start..start.start + written.trim_end().len(),
            kind,
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let mut span = self.offset(span.start.index())..self.offset(span.end.index());
                if let Event::Scalar(_, style @ (ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted), ..) =
                    event
                {
                    span.end = scalar::quoted_end(self.text, &span, style);
                }
                Ok((event, span))
            }
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, self.text.len()..self.text.len())),
        }
    }

    /// What ends too early is pointed at by its last character: nothing stands at the end.
    fn syntax(&self, error: &ScanError) -> Problem {
        let written = self.text.trim_end();
        let last = written.char_indices().next_back().map_or(0, |(offset, _)| offset);
        let start = self.offset(error.marker().index()).min(last);
        let length = written
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        let problem = self.problem(start..start + length, error.info().to_owned());
        Problem {
            path: FieldPath::default(),
            ..problem
        }
    }

    fn offset(&self, characters: usize) -> usize {
        self.characters
            .offsets
            .get(characters)
            .copied()
            .unwrap_or(self.text.len())
    }

    fn problem(&self, span: Span, message: String) -> Problem {
        Problem {
            severity: Severity::Error,
            path: self.path.clone(),
            span,
            message,
            allowed: None,
            suggestion: None,
        }
    }
}

#[cfg(test)]
mod tests;

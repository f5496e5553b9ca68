//! The check of one file: finds its policies and everything that is wrong with it.

mod accepted;
pub(crate) mod code;
mod keys;
mod leaked;
mod meaning;
mod misplaced;
mod misread;
mod resource;
mod unrendered;

use dagward::policy::{self, ErrorKind, FieldPath, LoadError, Ruleset};

use crate::report::{Problem, Severity};
use crate::source::Source;
use crate::source::carrier::{self, Found, Resource};
use crate::source::node::{Node, Part, Span};
use crate::source::secrets;
use crate::source::yaml::{self, Document};
use accepted::Accepted;
use code::Code;
pub(crate) use resource::Plugin;

/// The contents of a checked file.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Its policy documents, in order.
    pub(crate) policies: Vec<Policy>,
    /// The problems of the file, in the order of their positions.
    pub(crate) problems: Vec<Problem>,
    /// The positions of secrets.
    pub(crate) secrets: Vec<Span>,
    /// The resources that have nothing to do with dagward, and their positions.
    pub(crate) passed_over: Vec<(String, Span)>,
    /// The resources that carry policies.
    plugins: Vec<Plugin>,
    /// Why the file has no policy.
    missing: Option<Problem>,
}

/// A policy document of a file.
#[derive(Debug)]
pub(crate) struct Policy {
    /// The resource that carries it; `None` for a bare document.
    pub(crate) resource: Option<Resource>,
    /// The document as the filter loads it; `None` if the filter refuses it.
    pub(crate) ruleset: Option<Ruleset>,
}

impl Checked {
    /// Whether the filter would accept everything in the file.
    pub(crate) fn is_valid(&self) -> bool {
        self.problems
            .iter()
            .all(|problem| problem.severity() != Severity::Error)
    }

    /// Makes a file without a policy an error. Among several files it is none.
    pub(crate) fn require_policy(&mut self) {
        self.problems.extend(self.missing.take());
    }

    /// Removes the warnings that the user accepts: by these codes, or by a comment in the file.
    pub(crate) fn accept(&mut self, source: &Source, codes: &[Code]) {
        let accepted = Accepted::of(&source.text);
        let is_accepted = |problem: &Problem| codes.contains(&problem.code) || accepted.has(problem);
        self.problems
            .retain(|problem| problem.severity() == Severity::Error || !is_accepted(problem));
    }

    /// Warns of each plugin that selects the same pods as one in `seen`, and adds the plugins of this file to `seen`.
    pub(crate) fn beside(&mut self, seen: &mut Vec<Plugin>) {
        for plugin in self.plugins.drain(..) {
            self.problems.extend(plugin.beside(seen));
            seen.push(plugin);
        }
        self.problems.sort_by_key(|problem| problem.span.start);
    }
}

/// Checks a file.
pub(crate) fn check(source: &Source) -> Checked {
    let documents = yaml::read(&source.text);
    let mut checked = Checked::default();
    for document in &documents.read {
        check_document(source, document, &mut checked);
    }
    let broken = documents
        .broken
        .map(|problem| unrendered::explain(source, problem));
    match broken {
        // A template of another tool in the same folder is nothing to complain about.
        Some(broken) if checked.policies.is_empty() && !yaml::may_have_policy(&source.text) => {
            let what = format!("a document: {}", broken.message);
            checked.passed_over.push((what, broken.span.clone()));
            checked.missing = Some(broken);
        }
        None if checked.policies.is_empty() => {
            checked.missing = Some(nothing_found(&checked.passed_over));
        }
        broken => checked.problems.extend(broken),
    }
    checked.problems.sort_by_key(|problem| problem.span.start);
    checked
}

fn check_document(source: &Source, document: &Document, checked: &mut Checked) {
    let mut concerns_us = false;
    // An empty document between two `---`, or an unreadable document without a policy.
    if document.root.span.is_empty() {
        let left_out = document.problems.iter();
        let what = |problem: &Problem| (format!("a document: {}", problem.message), problem.span.clone());
        checked.passed_over.extend(left_out.map(what));
        return;
    }
    checked.secrets.extend(secrets::find(&document.root));
    let leaked = leaked::find(&document.root);
    checked
        .secrets
        .extend(leaked.iter().map(|problem| problem.span.clone()));
    for found in carrier::find(&document.root) {
        match found {
            Found::Policy(carried) => {
                concerns_us = true;
                let loaded = policy::load(carried.node.to_json().to_string().as_bytes());
                let ruleset = loaded
                    .map_err(|errors| {
                        let problem = |error| problem(source, &document.root, &carried.path, error);
                        checked.problems.extend(errors.into_iter().map(problem));
                    })
                    .ok();
                if let Some(ruleset) = &ruleset {
                    let warnings = keys::warnings(&document.root, &carried.path, ruleset);
                    checked.problems.extend(warnings);
                    let warnings = resource::warnings(&document.root, &carried, ruleset.mode());
                    checked.problems.extend(warnings);
                    // A document that kubectl refuses has no meaning yet.
                    if document.problems.is_empty() {
                        let warnings = meaning::warnings(&document.root, &carried, ruleset);
                        checked.problems.extend(warnings);
                    }
                }
                if let Some(carrier) = &carried.resource {
                    checked.plugins.push(Plugin::of(carrier, source));
                }
                let resource = carried.resource.map(|carrier| carrier.resource);
                checked.policies.push(Policy { resource, ruleset });
            }
            Found::PassedOver { what, span } => checked.passed_over.push((what, span)),
        }
    }
    checked
        .problems
        .extend(leaked.into_iter().filter(|_| concerns_us));
    let matter = document.problems.iter().filter(|_| concerns_us).cloned();
    checked
        .problems
        .extend(matter.map(|problem| unrendered::explain(source, problem)));
}

/// The filter's complaint about a policy document, with its position.
fn problem(source: &Source, root: &Node, base: &FieldPath, error: LoadError) -> Problem {
    let path = FieldPath(base.0.iter().chain(&error.path.0).cloned().collect());
    let problem = Problem {
        code: Code::from(&error.kind),
        span: root.locate(&path, part(&error)),
        path,
        message: error.found,
        allowed: error.allowed,
        suggestion: error.nearest,
    };
    let problem = misplaced::explain(&error.kind, problem);
    unrendered::explain(source, misread::explain(&source.text, root, &error.kind, problem))
}

fn part(error: &LoadError) -> Part {
    match error.kind {
        ErrorKind::UnknownField => Part::Key,
        ErrorKind::Unreadable
        | ErrorKind::RepeatedField
        | ErrorKind::MissingField
        | ErrorKind::WrongType { .. }
        | ErrorKind::InvalidValue
        | ErrorKind::Conflict => Part::Value,
    }
}

fn nothing_found(passed_over: &[(String, Span)]) -> Problem {
    let message = match passed_over {
        [] => "no document in this file".to_owned(),
        [(only, _)] => format!("no dagward policy in this file, only {only}"),
        _ => "no dagward policy in this file".to_owned(),
    };
    Problem {
        code: Code::NoPolicy,
        path: FieldPath::default(),
        span: passed_over
            .first()
            .map(|(_, span)| span.clone())
            .unwrap_or_default(),
        message,
        allowed: Some("a policy document, or a WasmPlugin or TrafficExtension that carries one".to_owned()),
        suggestion: None,
    }
}

//! A valid document as its warnings read it: policies, rules, entries and conditions, each with its path.

use dagward::operation::Place;
use dagward::policy::{Field, FieldPath, Mode, Ruleset, Side};

use super::pattern::{Pattern, Shape};
use crate::source::carrier::Carried;
use crate::source::node::{Entry as NodeEntry, Kind, Node};

/// A document.
pub(super) struct View<'a> {
    pub(super) node: &'a Node,
    pub(super) path: FieldPath,
    pub(super) mode: Mode,
    /// The namespace of the plugin that carries it.
    pub(super) namespace: Option<&'a str>,
    /// Whether requests can be for Airflow.
    pub(super) has_airflow: bool,
    pub(super) policies: Vec<Policy<'a>>,
}

/// A policy.
pub(super) struct Policy<'a> {
    pub(super) path: FieldPath,
    pub(super) name: &'a str,
    pub(super) denies: bool,
    pub(super) shadow: bool,
    pub(super) rules: Vec<Rule<'a>>,
}

/// A rule.
pub(super) struct Rule<'a> {
    pub(super) path: FieldPath,
    pub(super) from: Option<Vec<Entry<'a>>>,
    pub(super) to: Option<Vec<Entry<'a>>>,
}

/// An entry of `from` or `to`.
pub(super) struct Entry<'a> {
    pub(super) path: FieldPath,
    pub(super) conditions: Vec<Condition<'a>>,
    /// Whether it has conditions that the warnings do not read. They can make it match less.
    pub(super) has_more: bool,
}

/// A condition.
pub(super) struct Condition<'a> {
    pub(super) path: FieldPath,
    pub(super) field: Field,
    pub(super) negated: bool,
    pub(super) claim: Option<&'a str>,
    pub(super) patterns: Vec<Pattern<'a>>,
}

impl<'a> View<'a> {
    pub(super) fn read(carried: &'a Carried<'_>, ruleset: &Ruleset) -> Self {
        let (node, path) = (carried.node, &carried.path);
        let carrier = carried.resource.as_ref();
        let at = path.key("policies");
        let policies = elements(node, "policies").iter().enumerate();
        Self {
            node,
            path: path.clone(),
            mode: ruleset.mode(),
            namespace: carrier.and_then(|carrier| carrier.resource.namespace.as_deref()),
            has_airflow: *ruleset.site().place() != Place::Nowhere,
            policies: policies
                .map(|(number, policy)| Policy::read(policy, at.index(number)))
                .collect(),
        }
    }

    /// The value at a path of the file, if it is in the document.
    pub(super) fn node_at(&self, path: &FieldPath) -> Option<&'a Node> {
        let below = path.0.get(self.path.0.len()..)?;
        self.node.at(&FieldPath(below.to_vec()))
    }

    /// The number of issuers of tokens.
    pub(super) fn issuers(&self) -> usize {
        elements(self.node, "tokens").len()
    }

    /// The rules of the ALLOW policies.
    pub(super) fn allows(&self) -> impl Iterator<Item = &Rule<'a>> {
        let allows = self.policies.iter().filter(|policy| !policy.denies);
        allows.flat_map(|policy| &policy.rules)
    }
}

impl<'a> Policy<'a> {
    fn read(node: &'a Node, path: FieldPath) -> Self {
        let text = |field| node.field(field).and_then(Node::text).unwrap_or_default();
        let at = path.key("rules");
        let rules = elements(node, "rules").iter().enumerate();
        Self {
            name: text("name"),
            denies: text("action") == "DENY",
            shadow: text("mode") == "shadow",
            rules: rules
                .map(|(number, rule)| {
                    let path = at.index(number);
                    Rule {
                        from: entries(rule, &path, Side::From),
                        to: entries(rule, &path, Side::To),
                        path,
                    }
                })
                .collect(),
            path,
        }
    }
}

impl<'a> Rule<'a> {
    /// Its entries.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.from.iter().chain(&self.to).flatten()
    }
}

impl<'a> Entry<'a> {
    /// The condition on a field that lists what matches.
    pub(super) fn admits(&self, field: Field) -> Option<&Condition<'a>> {
        let mut conditions = self.conditions.iter();
        conditions.find(|condition| condition.field == field && !condition.negated)
    }

    /// The condition on a field that lists what does not match.
    pub(super) fn excludes(&self, field: Field) -> Option<&Condition<'a>> {
        let mut conditions = self.conditions.iter();
        conditions.find(|condition| condition.field == field && condition.negated)
    }

    /// The conditions that list what matches.
    pub(super) fn admitting(&self) -> impl Iterator<Item = &Condition<'a>> {
        self.conditions.iter().filter(|condition| !condition.negated)
    }
}

impl<'a> Condition<'a> {
    /// The path to one of its patterns.
    pub(super) fn pattern_at(&self, number: usize) -> FieldPath {
        self.path.index(number)
    }

    /// Whether a pattern matches every value.
    pub(super) fn has_any(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.shape == Shape::Any)
    }

    /// Its word in the document.
    pub(super) fn word(&self) -> &'static str {
        match self.negated {
            true => self.field.not_word(),
            false => self.field.word(),
        }
    }
}

/// The elements of a field that is a list.
pub(super) fn elements<'a>(node: &'a Node, field: &str) -> &'a [Node] {
    node.field(field).map(Node::elements).unwrap_or_default()
}

fn entries<'a>(rule: &'a Node, at: &FieldPath, side: Side) -> Option<Vec<Entry<'a>>> {
    let at = at.key(side.word());
    let list = rule.field(side.word())?.elements().iter().enumerate();
    Some(
        list.map(|(number, node)| {
            let path = at.index(number);
            Entry {
                has_more: fields(node)
                    .iter()
                    .any(|entry| Field::parse(side, &entry.key).is_none()),
                conditions: fields(node)
                    .iter()
                    .filter_map(|entry| Some((Field::parse(side, &entry.key)?, entry)))
                    .flat_map(|((field, negated), entry)| conditions(field, negated, entry, &path))
                    .collect(),
                path,
            }
        })
        .collect(),
    )
}

/// The condition of a field; for `claims` one for each claim.
fn conditions<'a>(field: Field, negated: bool, entry: &'a NodeEntry, at: &FieldPath) -> Vec<Condition<'a>> {
    let path = at.key(&entry.key);
    let one = |claim, path, node| Condition {
        path,
        field,
        negated,
        claim,
        patterns: patterns(node),
    };
    match field {
        Field::Claims => fields(&entry.value)
            .iter()
            .map(|claim| one(Some(&*claim.key), path.key(&claim.key), &claim.value))
            .collect(),
        _ => vec![one(None, path, &entry.value)],
    }
}

fn patterns(node: &Node) -> Vec<Pattern<'_>> {
    let texts = std::iter::once(node).chain(node.elements());
    texts.filter_map(Node::text).map(Pattern::of).collect()
}

fn fields(node: &Node) -> &[NodeEntry] {
    match &node.kind {
        Kind::Map(entries) => entries,
        _ => &[],
    }
}

//! Warnings about patterns that another of the same list covers.

use std::collections::HashMap;

use dagward::policy::{Field, FieldPath};

use super::super::code::Code;
use super::Sink;
use super::covered::pattern_covers;
use super::pattern::{Pattern, Shape};
use super::view::{View, elements};
use crate::source::node::Node;

/// Warns of each list.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    for field in ["stampers", "apiServers", "apiServerHosts", "meshHosts"] {
        let texts = elements(view.node, field).iter().filter_map(Node::text);
        let patterns: Vec<Pattern<'_>> = texts.map(Pattern::of).collect();
        list(Field::Principals, &patterns, &view.path.key(field), sink);
    }
    let rules = view.policies.iter().flat_map(|policy| &policy.rules);
    for condition in rules.flat_map(|rule| rule.entries().flat_map(|entry| &entry.conditions)) {
        list(condition.field, &condition.patterns, &condition.path, sink);
    }
}

fn list(field: Field, patterns: &[Pattern<'_>], path: &FieldPath, sink: &mut Sink<'_>) {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let wide: Vec<&Pattern<'_>> = patterns
        .iter()
        .filter(|pattern| pattern.shape != Shape::Exact)
        .collect();
    for (number, pattern) in patterns.iter().enumerate() {
        let message = match first.get(pattern.text) {
            Some(earlier) => format!("`{}` is also element {earlier} of the list", pattern.text),
            None => {
                first.insert(pattern.text, number);
                let outer = wide
                    .iter()
                    .find(|outer| outer.text != pattern.text && pattern_covers(field, outer, pattern));
                let Some(outer) = outer else { continue };
                format!(
                    "`{}` in the same list matches all that `{}` does",
                    outer.text, pattern.text
                )
            }
        };
        sink.warn(Code::SuperfluousPattern, &path.index(number), message);
    }
}

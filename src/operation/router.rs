//! Finds the row for a method and a decoded path: a tree of segments, built once.
//!
//! Airflow's servers take the first row that fits. Their rows are ordered so that literal segments come
//! before placeholders, and longer templates before shorter tails. The tree keeps this order: literal,
//! prefix, placeholder, tail. It goes back if a method does not fit, so that `GET …/taskInstances/list` is
//! the task `list`, as in Airflow.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::route::{Id, Route, Segment, segments};
use super::{Site, Surface, routes};

/// The largest number of placeholders in a template (a test checks this).
const MAX_VALUES: usize = 8;

static TREE: LazyLock<Node> = LazyLock::new(|| Node::of(routes::all()));

static WEB_PAGES: LazyLock<Node> = LazyLock::new(|| Node::of(routes::web_pages()));

static SINGLE_PAGE: LazyLock<Node> = LazyLock::new(|| Node::of(routes::single_page()));

/// A row that fits, with the values of its placeholders.
pub(super) struct Found<'p> {
    pub(super) surface: Surface,
    pub(super) route: &'static Route,
    /// The position of the row's tail in the path.
    pub(super) tail: Option<Range<usize>>,
    ids: &'static [Option<Id>],
    values: [&'p str; MAX_VALUES],
}

impl<'p> Found<'p> {
    /// The ids in the path, in its order.
    pub(super) fn ids(&self) -> impl Iterator<Item = (Id, &'p str)> {
        self.ids
            .iter()
            .zip(self.values)
            .filter_map(|(id, value)| id.map(|id| (id, value)))
    }
}

/// The row for `method` and the decoded `path`, if there is one. HEAD falls back to GET if it has no row.
pub(super) fn route_of<'p>(method: &str, path: &'p str, site: &Site) -> Option<Found<'p>> {
    // Some web pages have the same paths as files of log servers. The page's row is the more specific one.
    let page = site.has_web_pages().then(|| find_in(&WEB_PAGES, method, path));
    let found = page.flatten().or_else(|| find_in(&TREE, method, path));
    match site.has_web_pages() {
        true => found,
        false => found.or_else(|| find_in(&SINGLE_PAGE, method, path)),
    }
}

/// Whether a clean path is `/` or begins as one of the web pages does.
pub(super) fn is_web_page(path: &str) -> bool {
    let (first, _) = next_segment(path.strip_prefix('/').unwrap_or(path));
    first.is_empty() || WEB_PAGES.literals.contains_key(first)
}

fn find_in<'p>(tree: &'static Node, method: &str, path: &'p str) -> Option<Found<'p>> {
    find_exactly(tree, method, path).or_else(|| match method {
        "HEAD" => find_exactly(tree, "GET", path),
        _ => None,
    })
}

/// A trailing slash belongs to a tail, if there is one. Otherwise the slash is dropped.
fn find_exactly<'p>(tree: &'static Node, method: &str, path: &'p str) -> Option<Found<'p>> {
    match path.strip_suffix('/') {
        None => Search::new(method, path, true).found(tree),
        Some(bare) => Search::new(method, path, false)
            .found(tree)
            .or_else(|| Search::new(method, bare, true).found(tree)),
    }
}

#[derive(Default)]
struct Node {
    literals: BTreeMap<&'static str, Node>,
    /// Placeholders by the text before them. The one without such text is tried last.
    values: BTreeMap<&'static str, Node>,
    /// Tails with the segments that must follow them; longer ones first.
    tails: Vec<(Vec<Segment>, Leaf)>,
    /// The rows that end here.
    leaves: Vec<Leaf>,
}

struct Leaf {
    surface: Surface,
    route: &'static Route,
    /// The kind of id that each placeholder names.
    ids: Vec<Option<Id>>,
}

impl Node {
    fn of(routes: impl Iterator<Item = (Surface, &'static Route)>) -> Self {
        let mut root = Self::default();
        for (surface, route) in routes {
            root.insert(surface, route);
        }
        root
    }

    fn insert(&mut self, surface: Surface, route: &'static Route) {
        let ids = segments(route.template)
            .filter_map(|segment| match segment {
                Segment::Literal(_) => None,
                Segment::Value(_, id) | Segment::Tail(id) => Some(id),
            })
            .collect();
        let leaf = Leaf { surface, route, ids };
        let mut node = self;
        let mut rest = segments(route.template);
        while let Some(segment) = rest.next() {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text).or_default(),
                Segment::Value(prefix, _) => node.values.entry(prefix).or_default(),
                Segment::Tail(_) => {
                    let suffix: Vec<Segment> = rest.collect();
                    let place = node
                        .tails
                        .partition_point(|(other, _)| other.len() >= suffix.len());
                    node.tails.insert(place, (suffix, leaf));
                    return;
                }
            };
        }
        node.leaves.push(leaf);
    }
}

struct Search<'m, 'p> {
    method: &'m str,
    path: &'p str,
    /// Whether a row may end where the path ends. Otherwise only a tail fits.
    ends: bool,
    values: Values<'p>,
}

impl<'m, 'p> Search<'m, 'p> {
    fn new(method: &'m str, path: &'p str, ends: bool) -> Self {
        Self {
            method,
            path,
            ends,
            values: Values::default(),
        }
    }

    fn found(mut self, tree: &'static Node) -> Option<Found<'p>> {
        let rest = self.path.strip_prefix('/').unwrap_or(self.path);
        let (leaf, tail) = self.descend(tree, rest)?;
        Some(Found {
            surface: leaf.surface,
            route: leaf.route,
            tail,
            ids: &leaf.ids,
            values: self.values.taken,
        })
    }

    /// The row where the path ends: at `node`, or after a slash with an empty tail, which Airflow 3 accepts
    /// and Airflow 2 does not.
    fn end(&mut self, node: &'static Node) -> Option<(&'static Leaf, Option<Range<usize>>)> {
        if self.ends {
            let mut leaves = node.leaves.iter();
            let leaf = leaves.find(|leaf| leaf.route.method == self.method)?;
            return Some((leaf, None));
        }
        let mut tails = node.tails.iter().filter(|(suffix, _)| suffix.is_empty());
        let (_, leaf) =
            tails.find(|(_, leaf)| leaf.route.method == self.method && leaf.route.versions.reach_3())?;
        self.values.push("");
        Some((leaf, Some(self.path.len()..self.path.len())))
    }

    /// Looks for the rest of the path below `node`.
    fn descend(
        &mut self,
        node: &'static Node,
        rest: &'p str,
    ) -> Option<(&'static Leaf, Option<Range<usize>>)> {
        if rest.is_empty() {
            return self.end(node);
        }
        let (segment, after) = next_segment(rest);
        if let Some(child) = node.literals.get(segment)
            && let Some(found) = self.descend(child, after)
        {
            return Some(found);
        }
        let mark = self.values.len;
        for (prefix, child) in node.values.iter().rev() {
            let Some(value) = segment.strip_prefix(prefix).filter(|value| !value.is_empty()) else {
                continue;
            };
            self.values.push(value);
            if let Some(found) = self.descend(child, after) {
                return Some(found);
            }
            self.values.len = mark;
        }
        let tails = node
            .tails
            .iter()
            .filter(|(_, leaf)| leaf.route.method == self.method);
        for (suffix, leaf) in tails {
            if let Some(tail) = tail_before(suffix, rest) {
                self.values.push(tail);
                let start = self.path.len() - rest.len();
                return Some((leaf, Some(start..start + tail.len())));
            }
        }
        None
    }
}

/// The first segment, and the text after its slash. Segments are short, so a loop over bytes costs less than
/// a searcher.
fn next_segment(rest: &str) -> (&str, &str) {
    let end = rest.bytes().position(|byte| byte == b'/');
    let (segment, after) = end
        .and_then(|end| rest.split_at_checked(end))
        .unwrap_or((rest, ""));
    (segment, after.strip_prefix('/').unwrap_or(after))
}

/// The part of `rest` before `suffix`. The suffix names no ids, so its values are dropped.
fn tail_before<'p>(suffix: &[Segment], rest: &'p str) -> Option<&'p str> {
    suffix.iter().rev().try_fold(rest, |rest, segment| {
        let (before, last) = rest.rsplit_once('/')?;
        let fits = match segment {
            Segment::Literal(text) => *text == last,
            Segment::Value(prefix, _) => last.strip_prefix(prefix).is_some_and(|value| !value.is_empty()),
            Segment::Tail(_) => false,
        };
        fits.then_some(before)
    })
}

#[derive(Default)]
struct Values<'p> {
    taken: [&'p str; MAX_VALUES],
    len: usize,
}

impl<'p> Values<'p> {
    fn push(&mut self, value: &'p str) {
        if let Some(place) = self.taken.get_mut(self.len) {
            *place = value;
            self.len += 1;
        }
    }
}

#[cfg(test)]
mod tests;

//! Finds what two teams both own.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::owners::Listed;
use crate::policy::arena::Arena;
use crate::policy::index::table::compare;
use crate::policy::likeness::Likeness;
use crate::policy::pattern::Shape;

/// Two entries of different teams that match a common name, of which neither beats the other.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Clash {
    /// The later one in the document.
    pub(in crate::policy) later: Listed,
    pub(in crate::policy) earlier: Listed,
}

impl Clash {
    fn of(one: &Listed, other: &Listed) -> Self {
        let place = |listed: &Listed| (listed.team, listed.number);
        let (earlier, later) = match place(one) <= place(other) {
            true => (*one, *other),
            false => (*other, *one),
        };
        Self { later, earlier }
    }
}

/// The clashes among `listed`, the entries of one kind: entries of one shape whose texts are alike, and a
/// prefix and a suffix of the same length, which have a common name always.
pub(super) fn clashes(arena: &Arena, likeness: Likeness, listed: &[Listed]) -> Vec<Clash> {
    let mut clashes = Vec::new();
    for shape in [Shape::Exact, Shape::Prefix, Shape::Suffix] {
        let texts = |one: &Listed, other: &Listed| {
            compare(
                likeness,
                shape,
                [one, other].map(|listed| arena.text(listed.text)),
            )
        };
        let mut sorted: Vec<&Listed> = listed.iter().filter(|listed| listed.shape == shape).collect();
        sorted.sort_by(|one, other| texts(one, other));
        for group in sorted.chunk_by(|one, other| texts(one, other) == Ordering::Equal) {
            let Some((first, others)) = group.split_first() else {
                continue;
            };
            let of_others = others.iter().filter(|other| other.team != first.team);
            clashes.extend(of_others.map(|other| Clash::of(first, other)));
        }
    }
    let prefixes = by_length(listed, Shape::Prefix);
    for suffix in listed.iter().filter(|listed| listed.shape == Shape::Suffix) {
        let same_length = prefixes.get(&suffix.length).into_iter().flatten();
        let of_other = same_length.copied().find(|prefix| prefix.team != suffix.team);
        clashes.extend(of_other.map(|prefix| Clash::of(prefix, suffix)));
    }
    clashes
}

/// Of each length up to two entries of `shape`, of different teams.
fn by_length(listed: &[Listed], shape: Shape) -> HashMap<u32, Vec<&Listed>> {
    let mut lengths: HashMap<u32, Vec<&Listed>> = HashMap::new();
    for listed in listed.iter().filter(|listed| listed.shape == shape) {
        let known = lengths.entry(listed.length).or_default();
        if known.len() < 2 && known.iter().all(|other| other.team != listed.team) {
            known.push(listed);
        }
    }
    lengths
}

//! Finds what two teams both own.

use std::collections::HashMap;

use super::owners::Listed;
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

/// The clashes among entries of one shape whose texts are alike.
pub(super) fn of_one_text<'l>(mut entries: impl Iterator<Item = &'l Listed>) -> Vec<Clash> {
    let Some(first) = entries.next() else {
        return Vec::new();
    };
    let of_others = entries.filter(|other| other.team != first.team);
    of_others.map(|other| Clash::of(first, other)).collect()
}

/// The clashes of prefixes with suffixes of the same length: some name matches both.
pub(super) fn of_one_length(listed: &[Listed]) -> Vec<Clash> {
    // The first prefix of each length, and the first of another team.
    let (mut first, mut second): (HashMap<u64, u32>, HashMap<u64, u32>) = Default::default();
    let entry = |number: &u32| listed.get(*number as usize);
    for (number, prefix) in (0u32..)
        .zip(listed)
        .filter(|(_, listed)| listed.shape == Shape::Prefix)
    {
        let length = u64::from(prefix.length);
        let known = *first.entry(length).or_insert(number);
        if entry(&known).is_some_and(|known| known.team != prefix.team) {
            second.entry(length).or_insert(number);
        }
    }
    let mut clashes = Vec::new();
    for suffix in listed.iter().filter(|listed| listed.shape == Shape::Suffix) {
        let length = u64::from(suffix.length);
        let mut prefixes = [&first, &second]
            .into_iter()
            .filter_map(|prefixes| prefixes.get(&length).and_then(entry));
        let of_other = prefixes.find(|prefix| prefix.team != suffix.team);
        clashes.extend(of_other.map(|prefix| Clash::of(prefix, suffix)));
    }
    clashes
}

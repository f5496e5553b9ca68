//! Numbers the principals whose tasks are remembered. All VMs of the proxy use the same numbers.

use crate::store::Shared;

/// The store's key of the list. It has one principal a line, and a principal's number is its line number.
const KEY: &str = "dagward.tasks.principals";

/// The number of principals with places of their own. All further principals share the places of the last
/// number.
pub(super) const MAX_PRINCIPALS: usize = 64;

/// The number of attempts to write when other VMs interfere.
const TRIES: usize = 16;

/// The number of `principal`. Assigns one if it has none yet.
pub(super) fn number(store: &mut impl Shared, principal: &str) -> usize {
    for _ in 0..TRIES {
        let before = store.read(KEY);
        let list = before
            .as_ref()
            .and_then(|(list, _)| std::str::from_utf8(list).ok())
            .unwrap_or_default();
        if let Some(number) = list.lines().position(|line| line == principal) {
            return number;
        }
        let number = list.lines().count();
        // All later principals share the last number.
        if number >= MAX_PRINCIPALS - 1 {
            break;
        }
        let list = format!("{list}{principal}\n");
        let written = match &before {
            Some((_, version)) => store.replace(KEY, list.as_bytes(), *version),
            None => store.create(KEY, list.as_bytes()),
        };
        if written {
            return number;
        }
    }
    MAX_PRINCIPALS - 1
}

/// The number of `principal`; `None` if it has none yet.
pub(super) fn number_of(store: &mut impl Shared, principal: &str) -> Option<usize> {
    let (list, _) = store.read(KEY)?;
    let list = std::str::from_utf8(&list).ok()?;
    let full = list.lines().count() >= MAX_PRINCIPALS - 1;
    let place = list.lines().position(|line| line == principal);
    place.or(full.then_some(MAX_PRINCIPALS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    #[test]
    fn each_principal_has_its_number_and_the_last_share_one() {
        let mut store = Memory::default();
        for round in 0..2 {
            for principal in 0..MAX_PRINCIPALS + 3 {
                let expected = principal.min(MAX_PRINCIPALS - 1);
                let principal = format!("spiffe://td/ns/n/sa/{principal}");
                let known = (round > 0 || expected == MAX_PRINCIPALS - 1).then_some(expected);
                assert_eq!(number_of(&mut store, &principal), known, "{round}");
                assert_eq!(number(&mut store, &principal), expected, "{round}");
            }
        }
    }

    #[test]
    fn no_principal_at_all_is_one_as_well() {
        let mut store = Memory::default();
        assert_eq!(number(&mut store, "a"), 0);
        assert_eq!(number(&mut store, ""), 1);
        assert_eq!(number(&mut store, ""), 1);
    }
}

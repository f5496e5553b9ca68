//! Which series may be opened: a cap for the whole proxy, kept in the store that its VMs share.
//!
//! A request must count the same whichever VM serves it, so all VMs have to give the same answer
//! for the same series. The store has single values only, no transactions and no deletion. One
//! record holds how many series are in and which came last; each earlier one has a key of its
//! own. Whoever changes the record first writes the key of the series it is about to forget, so a
//! series is in if it has a key or is the record's last, at any moment and for every VM.

use crate::store::Shared;

/// Prefix of this module's keys; all plugins of a proxy share one namespace.
const KEYS: &str = "dagward.series.";

/// The record's key. No series has it: their names begin with a metric's.
const RECORD: &str = "dagward.series";

/// The value at a series' key: not empty, since hosts tell an empty value from none badly.
const IN: &[u8] = b"in";

/// How many series are in, and the one that came last.
struct Record {
    used: u32,
    last: String,
}

impl Record {
    fn encode(&self) -> String {
        format!("{} {}", self.used, self.last)
    }

    fn decode(value: &[u8]) -> Option<Self> {
        let (used, last) = std::str::from_utf8(value).ok()?.split_once(' ')?;
        Some(Self {
            used: used.parse().ok()?,
            last: last.to_owned(),
        })
    }
}

/// Whether `series` is in, let in now if fewer than `limit` are. A series that is in stays in; one
/// that is refused at some `limit` is refused at that `limit` for ever.
pub fn admit(store: &mut impl Shared, series: &str, limit: u32) -> bool {
    let key = format!("{KEYS}{series}");
    // A try fails only where the record had to be made or another VM has let a series in
    // meanwhile, which can be no oftener than this.
    for _ in 0..limit.saturating_add(2) {
        let Some((value, version)) = store.read(RECORD) else {
            store.create(
                RECORD,
                Record {
                    used: 0,
                    last: String::new(),
                }
                .encode()
                .as_bytes(),
            );
            continue;
        };
        let Some(record) = Record::decode(&value) else {
            return false;
        };
        if record.last == series || store.read(&key).is_some() {
            return true;
        }
        if record.used >= limit {
            return false;
        }
        if record.used > 0 {
            store.create(&format!("{KEYS}{}", record.last), IN);
        }
        let next = Record {
            used: record.used.saturating_add(1),
            last: series.to_owned(),
        };
        if store.replace(RECORD, next.encode().as_bytes(), version) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::super::testing::Store;
    use super::*;

    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    /// A store in which other VMs let series in just before this VM's operations.
    struct Contended {
        store: Store,
        rivals: VecDeque<Vec<usize>>,
        limit: u32,
    }

    impl Contended {
        fn rivals_act(&mut self) -> &mut Store {
            for rival in self.rivals.pop_front().unwrap_or_default() {
                admit(&mut self.store, NAMES[rival], self.limit);
            }
            &mut self.store
        }
    }

    impl Shared for Contended {
        fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
            self.rivals_act().read(key)
        }

        fn create(&mut self, key: &str, value: &[u8]) -> bool {
            self.rivals_act().create(key, value)
        }

        fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
            self.rivals_act().replace(key, value, version)
        }
    }

    /// Asks without letting in.
    fn is_in(store: &mut Store, series: &str) -> bool {
        admit(store, series, 0)
    }

    #[test]
    fn lets_in_up_to_the_limit_and_never_out() {
        let mut store = Store::default();
        assert!(!admit(&mut store, "a", 0));
        assert!(admit(&mut store, "a", 2) && admit(&mut store, "b", 2));
        assert!(!admit(&mut store, "c", 2));
        assert!(
            admit(&mut store, "a", 2) && admit(&mut store, "b", 1),
            "those in stay in"
        );
        assert!(admit(&mut store, "c", 3));
    }

    #[test]
    fn a_record_of_somebody_else_admits_nothing() {
        let mut store = Store::default();
        assert!(store.create(RECORD, b"\xff"));
        assert!(!admit(&mut store, "a", 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn vms_agree_whatever_the_order_of_their_steps(
            before in proptest::collection::vec(0..NAMES.len(), 0..3),
            rivals in proptest::collection::vec(proptest::collection::vec(0..NAMES.len(), 0..3), 0..12),
            limit in 0..5_u32,
        ) {
            let mut store = Store::default();
            for name in before {
                admit(&mut store, NAMES[name], limit);
            }
            let mut contended = Contended { store, rivals: rivals.into(), limit };
            let verdict = admit(&mut contended, "a", limit);
            let mut store = contended.store;
            prop_assert_eq!(verdict, is_in(&mut store, "a"));
            for name in NAMES {
                admit(&mut store, name, limit);
            }
            prop_assert_eq!(verdict, is_in(&mut store, "a"), "a verdict is for ever");
            let admitted = NAMES.iter().filter(|name| is_in(&mut store, name)).count();
            prop_assert_eq!(admitted, limit as usize, "no slot is lost or given twice");
        }
    }
}

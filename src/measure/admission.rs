//! Which series may be opened: a cap for the whole proxy, kept in the store that its VMs share.
//!
//! A request must count the same whichever VM serves it, so all VMs have to give the same answer
//! for the same series. The store has single values only, no transactions and no deletion. One
//! record holds how many series are in and which came last; each earlier one has a key of its
//! own. Whoever changes the record first writes the key of the series it is about to forget, so a
//! series is in if it has a key or is the record's last, at any moment and for every VM.

use super::host::Shared;

/// Prefix of this module's keys; all plugins of a proxy share one namespace.
const KEYS: &str = "dagward.series.";

/// The record's key. No series has it: their names begin with a metric's.
const RECORD: &str = "dagward.series";

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
    // A try fails only where another VM has let a series in meanwhile, so there are few.
    for _ in 0..=limit {
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
            store.create(&format!("{KEYS}{}", record.last), b"");
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
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::super::testing::Store;
    use super::*;

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

    #[test]
    fn vms_in_parallel_agree() {
        const LIMIT: u32 = 40;
        for _round in 0..20 {
            let store = Arc::new(Mutex::new(Store::default()));
            let vms: Vec<_> = (0..8_usize)
                .map(|vm| {
                    let mut store = Arc::clone(&store);
                    thread::spawn(move || {
                        let names = (0..100_usize).map(|n| format!("series-{}", (n * 7 + vm * 13) % 100));
                        names
                            .map(|name| (admit(&mut store, &name, LIMIT), name))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            let verdicts: Vec<_> = vms.into_iter().flat_map(|vm| vm.join().unwrap()).collect();
            let mut by_name = BTreeMap::<&str, BTreeSet<bool>>::new();
            for (admitted, name) in &verdicts {
                by_name.entry(name).or_default().insert(*admitted);
            }
            assert!(
                by_name.values().all(|verdicts| verdicts.len() == 1),
                "{by_name:?}"
            );
            let admitted = by_name
                .values()
                .filter(|verdicts| verdicts.contains(&true))
                .count();
            assert_eq!(admitted, LIMIT as usize);
        }
    }
}

//! Decides which series may be opened: caps for the whole proxy, in the store that its VMs share.
//!
//! A request must be counted in the same series whichever VM serves it, so all VMs must give the same answer
//! for the same series. The store has only single values, no transactions and no deletion. A room is a record
//! of the number of its series and of the last one; each earlier series has a key of its own. A VM that
//! changes the record first writes the key of the series that the record will no longer name. So at any
//! moment and for every VM, a series is in the room if it has a key or is the record's last.

use crate::store::Shared;

/// The room of proven series: allowed requests of tasks that are proved by more than a claim. Its name is the
/// record's key, and the beginning of its series' keys.
pub const PROVEN: &str = "dagward.series";

/// The room of all other series, which all callers share.
pub const UNPROVEN: &str = "dagward.unproven";

/// The room of one caller's share of `room`. The name includes a length, so that one caller's keys are never
/// another's.
pub fn share_of(caller: &str, room: &str) -> String {
    format!("dagward.caller.{}.{caller}.{room}", caller.len())
}

/// The value at a series' key. It is not empty, because hosts do not distinguish an empty value from an
/// absent one well.
const IN: &[u8] = b"in";

/// The number of series in the room, and the last one.
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

/// Whether `series` is in `room`. Admits it now if fewer than `limit` are in. An admitted series stays in. A
/// series that is refused at some `limit` is refused at that `limit` forever.
pub fn admit(store: &mut impl Shared, room: &str, series: &str, limit: u32) -> bool {
    let key = key(room, series);
    // A try fails only if this VM had to create the record, or another VM has admitted a series meanwhile.
    // That cannot happen more often than this.
    for _ in 0..limit.saturating_add(2) {
        let Some((value, version)) = store.read(room) else {
            store.create(
                room,
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
            store.create(&self::key(room, &record.last), IN);
        }
        let next = Record {
            used: record.used.saturating_add(1),
            last: series.to_owned(),
        };
        if store.replace(room, next.encode().as_bytes(), version) {
            return true;
        }
    }
    false
}

/// Whether the series is in `room` or [`admit`] can still admit it. False is final: a full room stays full.
pub fn may_admit(store: &mut impl Shared, room: &str, series: &str, limit: u32) -> bool {
    let record = store.read(room).map(|(value, _)| Record::decode(&value));
    match record {
        None => limit > 0,
        Some(None) => false,
        Some(Some(record)) => {
            record.used < limit || record.last == series || store.read(&key(room, series)).is_some()
        }
    }
}

fn key(room: &str, series: &str) -> String {
    format!("{room}.{series}")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::store::Memory;

    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    /// A store in which other VMs admit series just before this VM's operations.
    struct Contended {
        store: Memory,
        rivals: VecDeque<Vec<usize>>,
        limit: u32,
    }

    impl Contended {
        fn rivals_act(&mut self) -> &mut Memory {
            for rival in self.rivals.pop_front().unwrap_or_default() {
                admit(&mut self.store, PROVEN, NAMES[rival], self.limit);
            }
            &mut self.store
        }
    }

    impl Shared for Contended {
        fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
            self.rivals_act().read(key)
        }

        fn write(&mut self, key: &str, value: &[u8]) -> bool {
            self.rivals_act().write(key, value)
        }

        fn create(&mut self, key: &str, value: &[u8]) -> bool {
            self.rivals_act().create(key, value)
        }

        fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
            self.rivals_act().replace(key, value, version)
        }
    }

    /// Checks without admitting.
    fn is_in(store: &mut Memory, series: &str) -> bool {
        admit(store, PROVEN, series, 0)
    }

    #[test]
    fn lets_in_up_to_the_limit_and_never_out() {
        let mut store = Memory::default();
        assert!(!admit(&mut store, PROVEN, "a", 0));
        assert!(admit(&mut store, PROVEN, "a", 2) && admit(&mut store, PROVEN, "b", 2));
        assert!(!admit(&mut store, PROVEN, "c", 2));
        assert!(
            admit(&mut store, PROVEN, "a", 2) && admit(&mut store, PROVEN, "b", 1),
            "those in stay in"
        );
        assert!(admit(&mut store, PROVEN, "c", 3));
    }

    #[test]
    fn rooms_are_apart() {
        let mut store = Memory::default();
        let shares = ["", "a", "a.b"].map(|caller| [PROVEN, UNPROVEN].map(|room| share_of(caller, room)));
        let rooms: Vec<_> = [PROVEN, UNPROVEN]
            .map(str::to_owned)
            .into_iter()
            .chain(shares.concat())
            .collect();
        for room in &rooms {
            assert!(may_admit(&mut store, room, "x", 1) && !may_admit(&mut store, room, "x", 0));
            assert!(admit(&mut store, room, "x", 1));
        }
        for room in &rooms {
            assert!(!may_admit(&mut store, room, "y", 1) && !admit(&mut store, room, "y", 1));
            assert!(may_admit(&mut store, room, "x", 1), "what is in stays in");
        }
    }

    #[test]
    fn a_record_of_somebody_else_admits_nothing() {
        let mut store = Memory::default();
        assert!(store.create(PROVEN, b"\xff"));
        assert!(!admit(&mut store, PROVEN, "a", 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn vms_agree_whatever_the_order_of_their_steps(
            before in proptest::collection::vec(0..NAMES.len(), 0..3),
            rivals in proptest::collection::vec(proptest::collection::vec(0..NAMES.len(), 0..3), 0..12),
            limit in 0..5_u32,
        ) {
            let mut store = Memory::default();
            for name in before {
                admit(&mut store, PROVEN, NAMES[name], limit);
            }
            let mut contended = Contended { store, rivals: rivals.into(), limit };
            let verdict = admit(&mut contended, PROVEN, "a", limit);
            let mut store = contended.store;
            prop_assert_eq!(verdict, is_in(&mut store, "a"));
            for name in NAMES {
                admit(&mut store, PROVEN, name, limit);
            }
            prop_assert_eq!(verdict, is_in(&mut store, "a"), "a verdict is for ever");
            let admitted = NAMES.iter().filter(|name| is_in(&mut store, name)).count();
            prop_assert_eq!(admitted, limit as usize, "no slot is lost or given twice");
        }
    }
}

//! The shared store: invalid values in it, VMs that interfere, VMs that die.

use std::cell::{RefCell, RefMut};

use crate::store::Memory;

use super::super::*;
use super::proxy::{EVERY, Proxy, down, jwks, remote, serving, vm};

#[test]
fn a_flood_of_made_up_keys_costs_no_look_at_the_store() {
    struct Counted(Memory, u64);
    impl Shared for Counted {
        fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
            self.1 += 1;
            self.0.read(key)
        }

        fn write(&mut self, key: &str, value: &[u8]) -> bool {
            self.0.write(key, value)
        }

        fn create(&mut self, key: &str, value: &[u8]) -> bool {
            self.0.create(key, value)
        }

        fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
            self.0.replace(key, value, version)
        }
    }
    let mut proxy = Proxy::of(1);
    proxy.run(Duration::from_secs(5), serving(&["a"]));
    let (mut store, mut vm) = (Counted(proxy.store, 0), proxy.vms.remove(0));
    for _ in 0..100_000 {
        vm.keys(&mut store, 0).unwrap();
        vm.lacking(&mut store, 0, proxy.now);
    }
    assert_eq!(store.1, 1);
}

#[test]
fn a_vm_that_dies_with_the_lease_keeps_nobody_from_fetching() {
    let mut proxy = Proxy::of(3);
    while proxy.fetches == 0 {
        proxy.step(serving(&["a"]));
    }
    let (dead, _) = proxy.asked.remove(0);
    proxy.vms[dead] = vm();
    proxy.run(LEASE - Duration::from_secs(1), serving(&["a"]));
    assert_eq!((proxy.fetches, proxy.ids(0)), (1, None));
    proxy.run(Duration::from_secs(3), serving(&["a"]));
    assert_eq!(proxy.fetches, 2);
    assert!(proxy.all_have(&["a"]));
}

#[test]
fn an_answer_that_comes_after_the_next_fetch_is_too_old() {
    let mut proxy = Proxy::of(2);
    while proxy.fetches == 0 {
        proxy.step(serving(&["a"]));
    }
    let (slow, _) = proxy.asked.remove(0);
    // No VM asks before the lease is over; then the other VM does.
    let mut kept = std::mem::replace(&mut proxy.vms[slow], vm());
    proxy.run(LEASE + Duration::from_secs(3), serving(&["b"]));
    assert!(proxy.all_have(&["b"]));
    let old = jwks(&["a"]);
    assert_eq!(
        kept.answered(&mut proxy.store, 0, Some((200, &old)), proxy.now, 0),
        None
    );
    proxy.run(Duration::from_secs(3), serving(&["b"]));
    assert!(proxy.all_have(&["b"]));
    // An answer to a fetch that no VM has made does not count.
    assert_eq!(
        proxy.vms[0].answered(&mut proxy.store, 0, Some((200, &old)), proxy.now, 0),
        None
    );
    assert_eq!(
        proxy.vms[0].answered(&mut proxy.store, 7, Some((200, &old)), proxy.now, 0),
        None
    );
    assert!(proxy.all_have(&["b"]));
}

#[test]
fn rubbish_in_the_store_is_nothing_known() {
    let place = Fetched::new(&remote()).place;
    let empty_document = Record::default().to_bytes();
    let bad_document = Record {
        document: b"{}",
        ..Record::default()
    }
    .to_bytes();
    for rubbish in [b"".to_vec(), b"\xff\n\x00".to_vec(), empty_document, bad_document] {
        let mut proxy = Proxy::of(2);
        proxy.store.create(&place, &rubbish);
        proxy.run(Duration::from_secs(3), serving(&["a"]));
        assert_eq!((proxy.fetches, proxy.all_have(&["a"])), (1, true));
        // Known keys stay known.
        let (_, version) = proxy.store.read(&place).unwrap();
        proxy.store.replace(&place, &rubbish, version);
        proxy.run(Duration::from_secs(1), down);
        assert!(proxy.all_have(&["a"]));
        assert!(proxy.vms.iter().all(|vm| vm.generation() == 1));
    }
}

#[test]
fn keys_that_two_issuers_have_are_fetched_once() {
    let often = Remote {
        every: EVERY / 2,
        ..remote()
    };
    let (mut store, mut vm) = (Memory::default(), Fetcher::new([&remote(), &often]));
    let (mut now, document) = (Duration::from_secs(1), jwks(&["a"]));
    assert_eq!(vm.tick(&mut store, now), [0]);
    vm.answered(&mut store, 0, Some((200, &document)), now, 0);
    assert!(vm.keys(&mut store, 0).is_some());
    assert_eq!(vm.keys(&mut store, 0), vm.keys(&mut store, 1));
    // A fetch that is due for one issuer in five minutes is due for the other one earlier.
    assert_eq!(vm.tick(&mut store, now), [1]);
    vm.answered(&mut store, 1, Some((200, &document)), now, 0);
    for _ in 0..149 {
        now += Duration::from_secs(1);
        assert!(vm.tick(&mut store, now).is_empty());
    }
}

/// A store in which another VM acts just before a write of this one.
struct Contended<'s, F> {
    store: &'s RefCell<Memory>,
    rival: F,
}

impl<F: FnMut(&mut Memory)> Contended<'_, F> {
    fn rival_acts(&mut self) -> RefMut<'_, Memory> {
        let mut store = self.store.borrow_mut();
        (self.rival)(&mut store);
        store
    }
}

impl<F: FnMut(&mut Memory)> Shared for Contended<'_, F> {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.store.borrow_mut().read(key)
    }

    fn write(&mut self, key: &str, value: &[u8]) -> bool {
        self.rival_acts().write(key, value)
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        self.rival_acts().create(key, value)
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        self.rival_acts().replace(key, value, version)
    }
}

#[test]
fn of_two_vms_that_want_the_lease_one_has_it() {
    let store = RefCell::new(Memory::default());
    let (mut one, mut other) = (vm(), vm());
    let mut now = Duration::from_secs(1);
    // The record is absent at first and present later.
    for _ in 0..2 {
        let mut taken = Vec::new();
        let mut contended = Contended {
            store: &store,
            rival: |store: &mut Memory| taken.extend(other.tick(store, now)),
        };
        assert!(one.tick(&mut contended, now).is_empty());
        assert_eq!(taken, [0]);
        now += LEASE;
    }
}

#[test]
fn an_answer_is_not_lost_where_another_vm_comes_between() {
    let store = RefCell::new(Memory::default());
    let (mut one, mut other) = (vm(), vm());
    let now = Duration::from_secs(1);
    assert_eq!(one.tick(&mut *store.borrow_mut(), now), [0]);
    let mut contended = Contended {
        store: &store,
        rival: |store: &mut Memory| {
            other.lacking(store, 0, now);
        },
    };
    let document = jwks(&["a"]);
    assert_eq!(
        one.answered(&mut contended, 0, Some((200, &document)), now, 0),
        None
    );
    let mut store = store.into_inner();
    assert!(one.keys(&mut store, 0).is_some());
    assert!(other.keys(&mut store, 0).is_some());
}

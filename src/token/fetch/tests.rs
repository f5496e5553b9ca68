//! A day's outage, a rotation, a flood: the keys that a proxy's VMs have, and how often they fetch.

mod answers;
mod proxy;
mod remotes;
mod store;

use super::*;
use proxy::{EVERY, HOUR, Proxy, down, jwks, remote, serving, vm};

#[test]
fn nine_vms_make_one_fetch_for_all() {
    let mut proxy = Proxy::of(9);
    assert_eq!(proxy.fetches_in(Duration::from_secs(5), serving(&["a"])), 1);
    assert!(proxy.all_have(&["a"]));
    let fetches = proxy.fetches_in(HOUR * 6, serving(&["a"]));
    assert!((72..=80).contains(&fetches), "{fetches}");
    assert!(proxy.vms.iter().all(|vm| vm.generation() == 1));
    assert_eq!(proxy.turns, []);
}

#[test]
fn an_issuer_that_is_down_for_a_day_takes_no_key_away_and_brings_none_in() {
    let mut proxy = Proxy::of(3);
    proxy.run(Duration::from_secs(5), serving(&["a", "b"]));
    for _ in 0..24 {
        let fetches = proxy.fetches_in(HOUR, down);
        assert!((60..=125).contains(&fetches), "{fetches}");
        assert!(proxy.all_have(&["a", "b"]));
        // An unknown key in a token changes nothing, and causes no further fetch.
        assert!(!proxy.lacking(0));
    }
    assert!(proxy.vms.iter().all(|vm| vm.generation() == 1));
    assert_eq!(proxy.turns, [Turn::Failing(Failure::NoAnswer)]);

    // A VM that starts meanwhile has the keys as well.
    proxy.vms.push(vm());
    assert!(proxy.all_have(&["a", "b"]));
    // The issuer is up again, with one key less: tokens of that key are no longer valid.
    proxy.run(LONGEST_PAUSE + Duration::from_secs(2), serving(&["b"]));
    assert!(proxy.all_have(&["b"]));
    assert!(proxy.vms.iter().all(|vm| vm.generation() == 2));
    assert_eq!(proxy.turns, [Turn::Failing(Failure::NoAnswer), Turn::Working]);
}

#[test]
fn the_pauses_between_fetches_that_fail_double_up_to_a_minute() {
    let mut proxy = Proxy::of(1);
    let mut pauses = Vec::new();
    let mut last = None;
    while pauses.len() < 12 {
        let before = proxy.fetches;
        proxy.step(down);
        if proxy.fetches > before {
            pauses.extend(last.map(|last| proxy.now - last));
            last = Some(proxy.now);
        }
    }
    // The time to the next tick is up to a second, plus the time of the answer.
    let late = Duration::from_millis(1_200);
    for (pause, whole) in pauses.iter().zip([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]) {
        let whole = Duration::from_secs(whole);
        assert!((whole / 2..=whole + late).contains(pause), "{pauses:?}");
    }
    assert!(pauses[6..].windows(2).any(|two| two[0] != two[1]), "{pauses:?}");
}

#[test]
fn an_issuer_that_is_down_at_the_start_leaves_no_keys_until_it_is_up() {
    let mut proxy = Proxy::of(4);
    let fetches = proxy.fetches_in(Duration::from_secs(60), down);
    assert!((5..=10).contains(&fetches), "{fetches}");
    assert!((0..4).all(|vm| proxy.ids(vm).is_none()));
    assert!(!proxy.lacking(0));
    proxy.run(LONGEST_PAUSE + Duration::from_secs(2), serving(&["a"]));
    assert!(proxy.all_have(&["a"]));
    assert_eq!(proxy.turns, [Turn::Failing(Failure::NoAnswer), Turn::Working]);
}

#[test]
fn a_rotation_is_seen_with_the_next_refresh() {
    let mut proxy = Proxy::of(2);
    let mut generation = 0;
    for ids in [&["a"][..], &["a", "b"], &["b"], &["b", "c"]] {
        proxy.run(EVERY + Duration::from_secs(5), serving(ids));
        assert!(proxy.all_have(ids), "{ids:?}");
        generation += 1;
        assert!(proxy.vms.iter().all(|vm| vm.generation() == generation));
    }
    // Other bytes, but the same keys.
    proxy.run(EVERY * 2, || {
        Some((200, [b" ".to_vec(), jwks(&["b", "c"])].concat()))
    });
    assert!(proxy.vms.iter().all(|vm| vm.generation() == generation));
}

#[test]
fn a_key_that_nobody_knows_is_fetched_at_once() {
    let mut proxy = Proxy::of(3);
    proxy.run(Duration::from_secs(60), serving(&["a"]));
    assert!(!proxy.lacking(1));
    proxy.run(Duration::from_secs(2), serving(&["a", "b"]));
    assert!(proxy.all_have(&["a", "b"]));
}

#[test]
fn a_key_that_another_vm_has_fetched_is_there_at_once() {
    let mut proxy = Proxy::of(2);
    proxy.run(Duration::from_secs(60), serving(&["a"]));
    assert!(!proxy.lacking(0));
    // One VM stops ticking.
    let mut idle = std::mem::replace(&mut proxy.vms[1], vm());
    proxy.run(Duration::from_secs(2), serving(&["a", "b"]));
    assert!(idle.lacking(&mut proxy.store, 0, proxy.now));
    assert_eq!(idle.keys(&mut proxy.store, 0).unwrap().keys().len(), 2);
    assert_eq!(idle.generation(), 2);
    assert!(!idle.lacking(&mut proxy.store, 0, proxy.now));
}

#[test]
fn a_flood_of_made_up_keys_makes_no_fetch_more_while_the_issuer_is_down() {
    let fetches = [false, true].map(|flood| {
        let mut proxy = Proxy::of(3);
        proxy.run(Duration::from_secs(5), serving(&["a"]));
        proxy.run(EVERY, down);
        for _ in 0..36_000 {
            if flood {
                proxy.lacking(1);
            }
            proxy.step(down);
        }
        proxy.fetches
    });
    assert_eq!(fetches[0], fetches[1]);
}

#[test]
fn vms_that_meet_made_up_keys_one_after_the_other_make_one_fetch() {
    let mut proxy = Proxy::of(9);
    proxy.run(Duration::from_secs(5), serving(&["a"]));
    let before = proxy.fetches;
    for vm in 0..9 {
        proxy.lacking(vm);
        proxy.run(Duration::from_secs(3), serving(&["a"]));
    }
    assert_eq!(proxy.fetches - before, 1);
}

#[test]
fn a_flood_of_made_up_keys_makes_one_fetch_in_half_a_minute() {
    let mut proxy = Proxy::of(9);
    proxy.run(Duration::from_secs(5), serving(&["a"]));
    let before = proxy.fetches;
    for _ in 0..250 {
        for number in 0..400 {
            assert!(!proxy.lacking(number % 9));
        }
        proxy.step(serving(&["a"]));
    }
    assert_eq!(proxy.fetches - before, 1);
    for _ in 0..6_000 {
        proxy.lacking(4);
        proxy.step(serving(&["a"]));
    }
    let fetches = proxy.fetches - before;
    assert!((20..=24).contains(&fetches), "{fetches} in ten minutes");
}

#[test]
fn a_clock_that_goes_backwards_stops_nothing() {
    for failing in [false, true] {
        let mut proxy = Proxy::of(3);
        proxy.run(Duration::from_secs(5), serving(&["a"]));
        proxy.lacking(0);
        if failing {
            proxy.run(HOUR, down);
        }
        proxy.now -= HOUR * 12;
        let fetches = proxy.fetches_in(Duration::from_secs(10), serving(&["b"]));
        assert!((1..=2).contains(&fetches), "{fetches}");
        assert!(proxy.all_have(&["b"]));
        proxy.lacking(0);
        proxy.run(Duration::from_secs(3), serving(&["c"]));
        assert!(proxy.all_have(&["c"]), "an unknown key is fetched again");
        let fetches = proxy.fetches_in(HOUR, serving(&["c"]));
        assert!((11..=14).contains(&fetches), "{fetches}");
    }
}

#[test]
fn a_clock_that_goes_backwards_ends_a_lease() {
    let mut proxy = Proxy::of(2);
    while proxy.fetches == 0 {
        proxy.step(serving(&["a"]));
    }
    proxy.asked.clear();
    proxy.now -= HOUR;
    proxy.run(Duration::from_secs(3), serving(&["a"]));
    assert!(proxy.all_have(&["a"]));
}

#[test]
fn a_policy_with_another_interval_keeps_the_keys() {
    let mut proxy = Proxy::of(1);
    proxy.run(Duration::from_secs(5), serving(&["a"]));
    let often = Remote {
        every: Duration::from_secs(20),
        ..remote()
    };
    let elsewhere = Remote {
        path: "/others".to_owned(),
        ..remote()
    };
    proxy.vms[0] = Fetcher::new([&often]);
    assert!(proxy.all_have(&["a"]));
    // A fetch that was due in five minutes is due at once: no VM waits longer than the interval.
    let fetches = proxy.fetches_in(Duration::from_secs(61), serving(&["a"]));
    assert!((3..=5).contains(&fetches), "{fetches}");
    proxy.vms[0] = Fetcher::new([&elsewhere]);
    assert_eq!(proxy.ids(0), None, "another URL has other keys");
}

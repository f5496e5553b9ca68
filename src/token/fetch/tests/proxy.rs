//! A proxy of several VMs and an issuer, in simulated time.

use crate::store::Memory;

use super::super::*;

/// The time between two steps of the simulation.
const STEP: Duration = Duration::from_millis(100);

/// The number of steps between two VMs' ticks, and the number that an answer takes.
const TICK: u64 = 10;
const LATENCY: u64 = 2;

pub(super) const EVERY: Duration = Duration::from_secs(300);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// An issuer's answer.
pub(super) type Answer = Option<(u16, Vec<u8>)>;

/// VMs that share a store, and the fetches in flight.
pub(super) struct Proxy {
    pub(super) store: Memory,
    pub(super) vms: Vec<Fetcher>,
    pub(super) now: Duration,
    steps: u64,
    pub(super) asked: Vec<(usize, u64)>,
    pub(super) fetches: u64,
    pub(super) turns: Vec<Turn>,
    random: u64,
}

impl Proxy {
    pub(super) fn of(vms: usize) -> Self {
        Self {
            store: Memory::default(),
            vms: (0..vms).map(|_| vm()).collect(),
            now: Duration::from_secs(86_400),
            steps: 0,
            asked: Vec::new(),
            fetches: 0,
            turns: Vec::new(),
            random: 1,
        }
    }

    /// Advances the time, with this issuer.
    pub(super) fn run(&mut self, time: Duration, issuer: impl Fn() -> Answer) {
        let end = self.now + time;
        while self.now < end {
            self.step(&issuer);
        }
    }

    pub(super) fn step(&mut self, issuer: impl Fn() -> Answer) {
        self.now += STEP;
        self.steps += 1;
        let (arrived, asked) = std::mem::take(&mut self.asked)
            .into_iter()
            .partition(|(_, step)| *step <= self.steps);
        self.asked = asked;
        for (vm, _) in arrived {
            self.answer(vm, issuer());
        }
        for vm in 0..self.vms.len() {
            if (self.steps + vm as u64).is_multiple_of(TICK) {
                for number in self.vms[vm].tick(&mut self.store, self.now) {
                    assert_eq!(number, 0);
                    self.fetches += 1;
                    self.asked.push((vm, self.steps + LATENCY));
                }
            }
        }
    }

    pub(super) fn answer(&mut self, vm: usize, answer: Answer) {
        // A linear congruential generator: the same numbers in every run.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let answer = answer.as_ref().map(|(status, body)| (*status, body.as_slice()));
        let (store, random) = (&mut self.store, self.random >> 8);
        let turn = self.vms[vm].answered(store, 0, answer, self.now, random);
        self.turns.extend(turn);
    }

    /// The ids of the keys that a VM has.
    pub(super) fn ids(&mut self, vm: usize) -> Option<Vec<String>> {
        let keys = self.vms[vm].keys(&mut self.store, 0)?;
        Some(keys.keys().iter().filter_map(|key| key.id.clone()).collect())
    }

    /// Whether every VM has exactly the keys with these ids.
    pub(super) fn all_have(&mut self, ids: &[&str]) -> bool {
        (0..self.vms.len()).all(|vm| self.ids(vm).is_some_and(|have| have == ids))
    }

    pub(super) fn lacking(&mut self, vm: usize) -> bool {
        self.vms[vm].lacking(&mut self.store, 0, self.now)
    }

    pub(super) fn fetches_in(&mut self, time: Duration, issuer: impl Fn() -> Answer) -> u64 {
        let before = self.fetches;
        self.run(time, issuer);
        self.fetches - before
    }
}

pub(super) fn remote() -> Remote {
    Remote {
        cluster: "outbound|443||issuer.example".to_owned(),
        scheme: "https".to_owned(),
        authority: "issuer.example".to_owned(),
        path: "/keys".to_owned(),
        every: EVERY,
    }
}

pub(super) fn vm() -> Fetcher {
    Fetcher::new([&remote()])
}

/// A JWKS whose keys have these ids; the key is that of RFC 8037, appendix A.2.
pub(super) fn jwks(ids: &[&str]) -> Vec<u8> {
    let keys: Vec<_> = ids
        .iter()
        .map(|id| {
            serde_json::json!({
                "kty": "OKP", "crv": "Ed25519", "kid": id, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            })
        })
        .collect();
    serde_json::json!({ "keys": keys }).to_string().into_bytes()
}

pub(super) fn serving(ids: &[&str]) -> impl Fn() -> Answer {
    let document = jwks(ids);
    move || Some((200, document.clone()))
}

pub(super) fn down() -> Answer {
    None
}

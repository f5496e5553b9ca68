//! The keys of a policy's issuers, fetched by calls that the proxy makes.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{Fetcher, Turn};
use crate::store::Shared;
use crate::token::{Issuer, KeySet, Remote};

/// The host functions that fetching keys needs.
pub trait Caller: Shared {
    /// Requests a JWKS. Returns the number under which the answer comes, or `None` if the proxy could not
    /// send the request.
    fn call(&mut self, remote: &Remote) -> Option<u32>;

    /// The time since a moment that is the same for all VMs of the proxy.
    fn uptime(&mut self) -> Duration;

    /// A random number.
    fn random(&mut self) -> u64;

    /// Reports that fetching the keys of `issuer` begins to fail, or works again.
    fn turned(&mut self, issuer: &str, remote: &Remote, turn: Turn);
}

/// The keys that are fetched for the issuers of a policy.
#[derive(Debug)]
pub struct RemoteKeys {
    fetcher: RefCell<Fetcher>,
    fetched: Vec<Fetched>,
    /// The number of the JWKS that is fetched for an issuer, by the issuer's number.
    numbers: Vec<Option<usize>>,
    /// The calls without an answer so far, each with the number of its JWKS.
    calls: RefCell<Vec<(u32, usize)>>,
}

/// A JWKS that is fetched.
#[derive(Debug)]
struct Fetched {
    /// The first issuer that uses it, for the log.
    issuer: String,
    remote: Remote,
}

impl RemoteKeys {
    /// Makes the fetcher for these issuers. Some of them have their keys elsewhere.
    pub fn new(issuers: &[Issuer]) -> Self {
        let mut fetched: Vec<Fetched> = Vec::new();
        let mut numbers = Vec::new();
        for issuer in issuers {
            numbers.push(issuer.remote().map(|remote| {
                // Airflow's users and tasks have the same keys.
                let known = fetched.iter().position(|other| other.remote == *remote);
                known.unwrap_or_else(|| {
                    fetched.push(Fetched {
                        issuer: issuer.name.clone(),
                        remote: remote.clone(),
                    });
                    fetched.len() - 1
                })
            }));
        }
        Self {
            fetcher: RefCell::new(Fetcher::new(fetched.iter().map(|fetched| &fetched.remote))),
            fetched,
            numbers,
            calls: RefCell::default(),
        }
    }

    /// Whether no issuer needs a fetch.
    pub fn is_empty(&self) -> bool {
        self.fetched.is_empty()
    }

    /// Fetches keys that are due, and takes over keys that other VMs have fetched. To be called about once a
    /// second.
    pub fn tick(&self, host: &mut impl Caller) {
        let now = host.uptime();
        let due = self.fetcher.borrow_mut().tick(host, now);
        for number in due {
            let Some(Fetched { remote, .. }) = self.fetched.get(number) else {
                continue;
            };
            match host.call(remote) {
                Some(call) => self.calls.borrow_mut().push((call, number)),
                // The proxy does not know the cluster, or not yet.
                None => self.take(number, None, host),
            }
        }
    }

    /// Takes the answer to a call: its status and body, or `None` without an answer. Ignores answers to other
    /// calls.
    pub fn answered(
        &self,
        call: u32,
        answer: impl FnOnce() -> Option<(u16, Vec<u8>)>,
        host: &mut impl Caller,
    ) {
        let place = self.calls.borrow().iter().position(|(other, _)| *other == call);
        if let Some(place) = place {
            let (_, number) = self.calls.borrow_mut().swap_remove(place);
            self.take(number, answer(), host);
        }
    }

    /// The keys of the issuer with this number; `None` if none could be fetched yet.
    pub fn of(&self, issuer: usize, host: &mut impl Shared) -> Option<Rc<KeySet>> {
        self.fetcher.borrow_mut().keys(host, self.number(issuer)?)
    }

    /// Records that a token names a key that is missing. True if newer keys have arrived by now.
    pub fn lacking(&self, issuer: usize, host: &mut impl Caller) -> bool {
        self.number(issuer).is_some_and(|number| {
            let now = host.uptime();
            self.fetcher.borrow_mut().lacking(host, number, now)
        })
    }

    /// A number that grows whenever the keys of any issuer change.
    pub fn generation(&self) -> u64 {
        self.fetcher.borrow().generation()
    }

    fn take(&self, number: usize, answer: Option<(u16, Vec<u8>)>, host: &mut impl Caller) {
        let (now, random) = (host.uptime(), host.random());
        let answer = answer.as_ref().map(|(status, body)| (*status, body.as_slice()));
        let turn = self
            .fetcher
            .borrow_mut()
            .answered(host, number, answer, now, random);
        if let (Some(turn), Some(Fetched { issuer, remote })) = (turn, self.fetched.get(number)) {
            host.turned(issuer, remote, turn);
        }
    }

    fn number(&self, issuer: usize) -> Option<usize> {
        self.numbers.get(issuer).copied().flatten()
    }
}

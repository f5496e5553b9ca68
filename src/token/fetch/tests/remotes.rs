//! The calls of one VM for the keys of several issuers.

use crate::store::{HasMemory, Memory};
use crate::token::fetch::remotes::{Caller, RemoteKeys};
use crate::token::testing::issuer;
use crate::token::{Algorithm, Issuer, Kind, Remote, Source};

use super::super::*;
use super::proxy::{jwks, remote};

/// A proxy that knows all clusters but one.
#[derive(Default)]
struct Proxy {
    store: Memory,
    unknown: &'static str,
    calls: Vec<String>,
    turns: Vec<(String, Turn)>,
}

impl Caller for Proxy {
    fn call(&mut self, remote: &Remote) -> Option<u32> {
        let knows = remote.cluster != self.unknown;
        knows.then(|| {
            self.calls.push(remote.path.clone());
            u32::try_from(self.calls.len()).unwrap()
        })
    }

    fn uptime(&mut self) -> Duration {
        Duration::from_secs(86_400)
    }

    fn random(&mut self) -> u64 {
        7
    }

    fn turned(&mut self, issuer: &str, _: &Remote, turn: Turn) {
        self.turns.push((issuer.to_owned(), turn));
    }
}

impl HasMemory for Proxy {
    fn memory(&mut self) -> &mut Memory {
        &mut self.store
    }
}

fn named(name: &str, source: Source) -> Issuer {
    Issuer {
        name: name.to_owned(),
        source,
        ..issuer(Kind::Oidc, &[Algorithm::Rs256])
    }
}

fn other() -> Remote {
    Remote {
        path: "/other".to_owned(),
        ..remote()
    }
}

#[test]
fn issuers_with_one_address_share_one_fetch() {
    let issuers = [
        named("istio", Source::Istio),
        named("users", Source::Remote(remote())),
        named("tasks", Source::Remote(remote())),
        named("pods", Source::Remote(other())),
    ];
    let (keys, mut proxy) = (RemoteKeys::new(&issuers), Proxy::default());
    assert!(!keys.is_empty());
    keys.tick(&mut proxy);
    assert_eq!(proxy.calls, [remote().path, other().path]);
    keys.answered(2, || Some((200, jwks(&["a"]))), &mut proxy);
    let has = |number: usize, proxy: &mut Proxy| keys.of(number, proxy).is_some();
    assert_eq!(
        [0, 1, 2, 3].map(|number| has(number, &mut proxy)),
        [false, false, false, true]
    );
    keys.answered(1, || Some((200, jwks(&["b"]))), &mut proxy);
    assert_eq!(
        [0, 1, 2, 3].map(|number| has(number, &mut proxy)),
        [false, true, true, true]
    );
    assert_eq!(keys.generation(), 2);
    assert!(!keys.lacking(0, &mut proxy));
    assert_eq!(proxy.turns, []);
}

#[test]
fn a_cluster_that_the_proxy_does_not_know_counts_as_no_answer() {
    let issuers = [
        named("users", Source::Remote(remote())),
        named("tasks", Source::Remote(remote())),
    ];
    let keys = RemoteKeys::new(&issuers);
    let cluster = remote().cluster;
    let mut proxy = Proxy {
        unknown: cluster.leak(),
        ..Proxy::default()
    };
    keys.tick(&mut proxy);
    let failing = Turn::Failing(Failure::NoAnswer);
    assert_eq!(proxy.turns, [("users".to_owned(), failing)]);
}

#[test]
fn an_answer_that_this_policy_did_not_ask_for_is_not_looked_at() {
    let keys = RemoteKeys::new(&[named("users", Source::Remote(remote()))]);
    let mut proxy = Proxy::default();
    keys.tick(&mut proxy);
    keys.answered(9, || panic!("read"), &mut proxy);
    keys.answered(1, || None, &mut proxy);
    keys.answered(1, || panic!("answered twice"), &mut proxy);
    assert_eq!(proxy.turns.len(), 1);
    assert!(RemoteKeys::new(&[named("istio", Source::Istio)]).is_empty());
}

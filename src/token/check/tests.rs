use std::cell::Cell;

use serde_json::{Value, json};

use super::*;
use crate::token::testing::{self, NOW};
use crate::token::{Algorithm, Key, Location, istio, verified_by_istio};

mod issuers;

const KUBERNETES: &str = "https://kubernetes.default.svc";

/// Accepts the text `good` as a valid signature, and counts the calls.
#[derive(Default)]
struct Good(Cell<u32>);

impl Signatures for Good {
    fn can(&self, _: Algorithm) -> bool {
        true
    }

    fn verify(&self, _: Algorithm, _: &Key, _: &[u8], signature: &[u8]) -> bool {
        self.0.set(self.0.get() + 1);
        signature == b"good"
    }
}

/// Keys that arrive with the fetch that an unknown key causes.
#[derive(Default)]
struct Fetched {
    keys: RefCell<Option<Rc<KeySet>>>,
    coming: RefCell<Option<Rc<KeySet>>>,
    generation: Cell<u64>,
    asked: Cell<u32>,
}

impl Keys for Fetched {
    fn of(&self, _: usize) -> Option<Rc<KeySet>> {
        self.keys.borrow().clone()
    }

    fn lacking(&self, _: usize) -> bool {
        self.asked.set(self.asked.get() + 1);
        let Some(coming) = self.coming.take() else {
            return false;
        };
        self.keys.replace(Some(coming));
        self.generation.set(self.generation.get() + 1);
        true
    }

    fn generation(&self) -> u64 {
        self.generation.get()
    }
}

fn issuer(kind: Kind, issuer: Option<&str>, audience: &str) -> Issuer {
    Issuer {
        name: kind.as_str().to_owned(),
        issuer: issuer.map(str::to_owned),
        audiences: vec![audience.to_owned()],
        source: Source::Inline(secret("k")),
        locations: vec![Location::Header {
            name: "authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
        }],
        surfaces: Surface::ALL.to_vec(),
        ..testing::issuer(kind, &[Algorithm::Hs512])
    }
}

fn secret(id: &str) -> KeySet {
    testing::set(&[json!({"kty": "oct", "kid": id, "alg": "HS512", "k": testing::encode(testing::SECRET)})])
}

fn signed(kid: &str, claims: &Value, signature: &str) -> String {
    let header = json!({"alg": "HS512", "kid": kid});
    let [header, claims] = [&header, claims].map(|part| testing::encode(part.to_string()));
    format!("{header}.{claims}.{}", testing::encode(signature))
}

fn good(iss: Option<&str>, aud: &str, sub: &str) -> String {
    let mut claims = json!({"aud": aud, "sub": sub, "exp": NOW + 600, "iat": NOW});
    if let Some(iss) = iss {
        claims["iss"] = iss.into();
    }
    signed("k", &claims, "good")
}

/// A proxy with its state, and requests to it.
struct Proxy {
    issuers: Vec<Issuer>,
    tokens: Tokens,
    signatures: Good,
    keys: Fetched,
    metadata: Vec<u8>,
    now: u64,
    surface: Surface,
    peer: &'static str,
}

impl Proxy {
    fn of(issuers: impl IntoIterator<Item = Issuer>) -> Self {
        Self {
            issuers: issuers.into_iter().collect(),
            tokens: Tokens::new([1; 16]),
            signatures: Good::default(),
            keys: Fetched::default(),
            metadata: Vec::new(),
            now: NOW,
            surface: Surface::Rest,
            peer: "spiffe://cluster.local/ns/airflow/sa/worker-ml",
        }
    }

    fn ask(&self, headers: &[(&str, &str)]) -> Checked {
        let headers: Vec<Header<'_>> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        let istio = || verified_by_istio(&self.metadata);
        let verifiers = TokenVerifiers {
            tokens: &self.tokens,
            keys: &self.keys,
            signatures: &self.signatures,
            istio: &istio,
            now: self.now,
        };
        let peer = Principal::parse(self.peer).unwrap();
        let presented = Presented {
            surface: self.surface,
            query: "",
            headers: &headers,
            peer: Some(&peer),
        };
        check(&self.issuers, verifiers, presented)
    }

    fn show(&self, token: &str) -> Checked {
        self.ask(&[("authorization", &format!("Bearer {token}"))])
    }

    /// The result for the only token.
    fn result(&self, token: &str) -> (Option<Kind>, &'static str) {
        let checked = self.show(token);
        let [results] = checked.results.as_slice() else {
            panic!("{checked:?}");
        };
        assert_eq!(checked.refused, results.result.err());
        assert_eq!(checked.verified.len(), usize::from(results.result.is_ok()));
        (results.kind, results.result())
    }
}

fn user() -> Issuer {
    issuer(Kind::AirflowUser, None, "apache-airflow")
}

fn task() -> Issuer {
    issuer(Kind::AirflowTask, None, "urn:airflow.apache.org:task")
}

fn kubernetes() -> Issuer {
    Issuer {
        bound_to_peer: true,
        ..issuer(Kind::Kubernetes, Some(KUBERNETES), "airflow")
    }
}

#[test]
fn issuers_are_told_apart_by_issuer_then_audience() {
    let proxy = Proxy::of([user(), task(), issuer(Kind::Oidc, Some("https://dex"), "airflow")]);
    for (token, expected) in [
        (
            good(None, "apache-airflow", "admin"),
            (Some(Kind::AirflowUser), "verified"),
        ),
        (
            good(None, "urn:airflow.apache.org:task", "019ab1c2"),
            (Some(Kind::AirflowTask), "verified"),
        ),
        (
            good(Some("https://dex"), "airflow", "jo"),
            (Some(Kind::Oidc), "verified"),
        ),
        (
            good(None, "other", "jo"),
            (Some(Kind::AirflowUser), "token_audience"),
        ),
        (
            good(Some("https://other"), "airflow", "jo"),
            (None, "token_issuer"),
        ),
        ("opaque".to_owned(), (None, "token_not_a_jwt")),
        ("a.b.c,Bearer a.b.c".to_owned(), (None, "token_repeated")),
    ] {
        assert_eq!(proxy.result(&token), expected);
    }
}

#[test]
fn a_token_is_verified_once_until_it_expires() {
    let mut proxy = Proxy::of([user()]);
    let token = good(None, "apache-airflow", "admin");
    assert_eq!(proxy.result(&token).1, "verified");
    for _ in 0..5 {
        assert_eq!(proxy.result(&token).1, "cached");
    }
    assert_eq!(proxy.signatures.0.get(), 1);
    proxy.now = NOW + 600;
    // Within the clock skew.
    assert_eq!(proxy.result(&token).1, "verified");
    proxy.now = NOW + 660;
    assert_eq!(proxy.result(&token).1, "token_expired");
}

#[test]
fn what_is_known_of_a_token_holds_only_where_its_issuer_looks() {
    let own_header = Location::Header {
        name: "x-token".to_owned(),
        prefix: String::new(),
    };
    let mut proxy = Proxy::of([Issuer {
        locations: vec![own_header.clone()],
        surfaces: vec![Surface::Rest],
        ..user()
    }]);
    let token = good(None, "apache-airflow", "admin");
    assert_eq!(proxy.ask(&[("x-token", &token)]).verified.len(), 1);
    assert!(proxy.show(&token).results.is_empty());
    proxy.surface = Surface::Ui;
    assert!(proxy.ask(&[("x-token", &token)]).results.is_empty());
    // Of two issuers that share a surface, one looks at another location.
    proxy.issuers.push(task());
    proxy.surface = Surface::Rest;
    assert_eq!(proxy.ask(&[("x-token", &token)]).verified.len(), 1);
    assert_eq!(proxy.result(&token).1, "token_audience");
}

#[test]
fn a_bound_token_is_worth_nothing_in_another_peers_hands() {
    let mut proxy = Proxy::of([kubernetes()]);
    let token = good(
        Some(KUBERNETES),
        "airflow",
        "system:serviceaccount:airflow:worker-ml",
    );
    assert_eq!(proxy.result(&token), (Some(Kind::Kubernetes), "verified"));
    for thief in [
        "spiffe://cluster.local/ns/airflow/sa/worker-sales",
        "spiffe://cluster.local/ns/other/sa/worker-ml",
        "spiffe://cluster.local/ns/airflow/sa/worker",
        "spiffe://cluster.local/worker-ml",
    ] {
        proxy.peer = thief;
        // Also if it was verified for its owner before.
        assert_eq!(proxy.result(&token).1, "token_bound_to_another_peer", "{thief}");
    }
}

#[test]
fn a_bound_token_bound_to_another_peer_issuer_names_the_peers_spiffe_id() {
    let mut proxy = Proxy::of([Issuer {
        bound_to_peer: true,
        ..issuer(Kind::Oidc, Some("https://spire"), "airflow")
    }]);
    let token = good(Some("https://spire"), "airflow", proxy.peer);
    assert_eq!(proxy.result(&token).1, "verified");
    proxy.peer = "spiffe://cluster.local/ns/airflow/sa/worker-sales";
    assert_eq!(proxy.result(&token).1, "token_bound_to_another_peer");
}

#[test]
fn what_is_required_must_be_there() {
    let required = Issuer {
        required: true,
        surfaces: vec![Surface::Rest],
        ..user()
    };
    let mut proxy = Proxy::of([required, task()]);
    assert_eq!(proxy.ask(&[]).refused, Some(Refusal::Missing));
    let other = proxy.show(&good(None, "urn:airflow.apache.org:task", "t"));
    assert_eq!(other.refused, Some(Refusal::Missing));
    assert_eq!(proxy.show(&good(None, "apache-airflow", "admin")).refused, None);
    let bad = proxy.show(&signed("k", &json!({"aud": "apache-airflow"}), "bad"));
    assert_eq!((bad.refused, bad.results.len()), (Some(Refusal::Signature), 1));
    proxy.surface = Surface::Health;
    assert_eq!(proxy.ask(&[]).refused, None);
}

#[test]
fn a_bad_token_refuses_also_beside_a_good_one() {
    let mut cookie = user();
    cookie.locations.push(Location::Cookie("_token".to_owned()));
    let proxy = Proxy::of([cookie]);
    let (good, bad) = (good(None, "apache-airflow", "admin"), "a.b.c");
    for (bearer, cookie) in [(good.as_str(), bad), (bad, &good)] {
        let headers = [
            ("authorization", &*format!("Bearer {bearer}")),
            ("cookie", &format!("_token={cookie}")),
        ];
        assert!(proxy.ask(&headers).refused.is_some());
    }
}

#[test]
fn keys_that_are_fetched() {
    let remote = Source::Remote(crate::token::Remote {
        cluster: "c".to_owned(),
        scheme: "https".to_owned(),
        authority: "a".to_owned(),
        path: "/".to_owned(),
        every: std::time::Duration::from_secs(300),
    });
    let proxy = Proxy::of([Issuer {
        source: remote,
        ..user()
    }]);
    let claims = json!({"aud": "apache-airflow", "sub": "a", "exp": NOW + 600});
    let old = signed("old", &claims, "good");
    assert_eq!(proxy.result(&old).1, "token_keys_unavailable");
    proxy.keys.keys.replace(Some(Rc::new(secret("old"))));
    assert_eq!(proxy.result(&old).1, "verified");
    assert_eq!(proxy.result(&old).1, "cached");
    // After a rotation: the new key arrives with the fetch that its first token causes, and the old key goes.
    let new = signed("new", &claims, "good");
    assert_eq!(
        (proxy.result(&new).1, proxy.keys.asked.get()),
        ("token_key_unknown", 1)
    );
    proxy.keys.coming.replace(Some(Rc::new(secret("new"))));
    assert_eq!(proxy.result(&new).1, "verified");
    assert_eq!(proxy.result(&new).1, "cached");
    assert_eq!(proxy.result(&old).1, "token_key_unknown");
}

#[test]
fn istios_word_is_taken_only_for_the_token_that_it_has_verified() {
    let mut proxy = Proxy::of([Issuer {
        source: Source::Istio,
        required: true,
        ..kubernetes()
    }]);
    let (mine, sub) = (
        good(Some(KUBERNETES), "airflow", "x"),
        "system:serviceaccount:airflow:worker-ml",
    );
    assert_eq!(proxy.result(&mine).1, "token_not_verified_by_istio");
    assert_eq!(proxy.ask(&[]).refused, Some(Refusal::Missing));
    let payload = |iat: u64| {
        let claims = json!({"iss": KUBERNETES, "aud": ["airflow"], "sub": sub, "exp": iat + 600, "iat": iat});
        istio::testing::metadata(&claims)
    };
    proxy.metadata = payload(NOW);
    let verified = good(Some(KUBERNETES), "airflow", sub);
    assert_eq!(proxy.result(&verified), (Some(Kind::Kubernetes), "istio"));
    // Istio may have removed the token, and another may stand elsewhere.
    assert_eq!(proxy.ask(&[]).refused, None);
    assert_eq!(proxy.show(&mine).refused, Some(Refusal::NotVerifiedByIstio));
    assert_eq!(proxy.signatures.0.get(), 0);
    proxy.peer = "spiffe://cluster.local/ns/airflow/sa/worker-sales";
    assert_eq!(proxy.show(&verified).refused, Some(Refusal::BoundToAnotherPeer));
    proxy.metadata = payload(NOW - 1_200);
    assert_eq!(proxy.ask(&[]).refused, Some(Refusal::Expired));
}

#[test]
fn what_istio_has_verified_and_cannot_be_read_is_not_absent() {
    let mut proxy = Proxy::of([Issuer {
        source: Source::Istio,
        ..kubernetes()
    }]);
    assert_eq!(proxy.ask(&[]).refused, None);
    let deep = (0..100).fold(json!("x"), |inner, _| json!({ "d": inner }));
    proxy.metadata = istio::testing::metadata(&json!({"iss": KUBERNETES, "d": deep}));
    assert_eq!(proxy.ask(&[]).refused, Some(Refusal::Claims));
}

//! The keys of a remote issuer, which the proxy fetches when it needs them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dagward_build as module;
use dagward_forge::jwt::{self, Algorithm, SigningKey};
use dagward_testbed::certs::Authority;
use dagward_testbed::client::{Request, Response};
use dagward_testbed::sidecar::{Destination, Inbound, Node, Plugin, Sidecar, Spec, Update};
use dagward_testbed::upstream::{Answer, Upstream};
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, enforce};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::code;

on_every_setup!(one_fetch_is_for_all_workers);

const HOST: &str = "issuer.example.com";

/// Long enough for a refresh of the shortest interval, and for the pauses after a few failures.
const SOON: Duration = Duration::from_secs(300);

/// An issuer's server, whose answers the test sets.
struct Issuer {
    server: Upstream,
    answer: Arc<Mutex<Answer>>,
}

/// An api-server that allows callers with the issuer's tokens.
struct Scene {
    issuer: Issuer,
    server: Server,
}

impl Issuer {
    fn new(answer: Answer) -> Self {
        let answer = Arc::new(Mutex::new(answer));
        let current = Arc::clone(&answer);
        Self {
            server: Upstream::with(move |_| current.lock().unwrap().clone()).unwrap(),
            answer,
        }
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn fetches(&self) -> u64 {
        self.server.counts().started
    }
}

impl Scene {
    fn start(setup: Setup, workers: u32, issuer: Issuer, refresh: u32) -> Self {
        let app = Upstream::echo().unwrap();
        let authority = Arc::new(Authority::new().unwrap());
        let identity = authority.service_account("airflow", API_SERVER).unwrap();
        let sidecar = Sidecar::start(Spec {
            inbound: Some(Inbound {
                http2: setup.http2,
                ..Inbound::permissive(app.address())
            }),
            asked_by_filters: vec![Destination::external(HOST, 80, issuer.server.address())],
            plugin: Some(Plugin::new(
                &module::build().unwrap().path,
                &policy(refresh, &json!([])).to_string(),
            )),
            version: setup.version(),
            concurrency: workers,
            ..Spec::new(Node::new(API_SERVER, "airflow", API_SERVER), &identity)
        })
        .unwrap();
        let server = Server {
            setup,
            authority,
            app,
            sidecar,
        };
        Self { issuer, server }
    }

    fn show(&self, token: &str) -> Response {
        let client = self.server.peer("airflow", "airflow-worker");
        ask(
            &client,
            &Request::get(API_SERVER, "/api/v2/dags").header("x-id-token", token),
        )
    }

    fn says(&self, token: &str) -> String {
        code(&self.show(token))
    }

    /// Waits until every worker gives this result for the token: each connection can reach another worker.
    fn wait_for(&self, what: &str, token: &str) {
        wait::until(what, SOON, || {
            Ok((0..16).all(|_| self.says(token) == what).then_some(()))
        })
        .unwrap();
    }

    fn log(&self) -> String {
        self.server.sidecar.process().output().unwrap()
    }

    fn wait_for_log(&self, words: &str) {
        wait::until(words, SOON, || Ok(self.log().contains(words).then_some(()))).unwrap();
    }
}

fn policy(refresh: u32, more: &Value) -> Value {
    let mut policies = vec![json!({"name": "friends", "action": "ALLOW", "rules": [{
        "from": [{"claims": {"groups": ["friends"]}}],
        "to": [{"surfaces": ["rest"]}],
    }]})];
    policies.extend(more.as_array().unwrap().iter().cloned());
    let mut policy = enforce(&json!(policies));
    policy["tokens"] = json!([{
        "name": "company", "kind": "oidc", "issuer": "https://issuer.example.com", "audiences": ["airflow"],
        "algorithms": ["ES256"], "locations": [{"header": "x-id-token"}], "surfaces": ["rest"],
        "jwksUri": "http://issuer.example.com/keys?of=airflow", "cluster": format!("outbound|80||{HOST}"),
        "refreshSeconds": refresh,
    }]);
    policy
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

fn jwks(keys: &[&SigningKey]) -> Answer {
    Answer::json(200, &jwt::jwks(keys))
}

fn unavailable() -> Answer {
    Answer::json(503, &json!({"secret": "sesame"}))
}

fn claims() -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({
        "iss": "https://issuer.example.com", "sub": "alice", "aud": "airflow", "exp": now + 3_600, "groups": ["friends"],
    })
}

fn token(key: &SigningKey) -> String {
    key.sign(&key.header(), &claims()).unwrap()
}

fn one_fetch_is_for_all_workers(setup: Setup) {
    let key = key();
    let scene = Scene::start(setup, 4, Issuer::new(jwks(&[&key])), 300);
    let token = token(&key);
    scene.wait_for("allowed", &token);
    assert_eq!(scene.issuer.fetches(), 1);
    let fetch = scene.issuer.server.received().remove(0);
    assert_eq!(
        (fetch.method.as_str(), fetch.path.as_str()),
        ("GET", "/keys?of=airflow")
    );
    assert_eq!(fetch.header("host"), Some(HOST));
    assert_eq!(
        fetch.header("accept"),
        Some("application/jwk-set+json, application/json")
    );
    let anybody = SigningKey::generate(Algorithm::ES256).unwrap();
    let forged = anybody.sign(&key.header(), &claims()).unwrap();
    assert_eq!(scene.says(&forged), "token_signature");
    scene.server.assert_unharmed();
}

#[test]
fn a_new_key_is_fetched_once_it_is_named_and_a_key_that_is_gone_is_refused() {
    let (old, new) = (key(), key());
    let scene = Scene::start(Setup::DEFAULT, 3, Issuer::new(jwks(&[&old])), 300);
    let [of_old, of_new] = [&old, &new].map(token);
    scene.wait_for("allowed", &of_old);
    scene.issuer.answers(jwks(&[&new]));
    assert_eq!(scene.says(&of_old), "allowed");
    assert_eq!(scene.says(&of_new), "token_key_unknown");
    scene.wait_for("allowed", &of_new);
    // It was verified before, and the filter remembers the result.
    scene.wait_for("token_key_unknown", &of_old);
    assert_eq!(scene.issuer.fetches(), 2);
    scene.server.assert_unharmed();
}

#[test]
fn a_flood_of_unknown_keys_is_one_fetch() {
    let (known, unknown) = (key(), key());
    let scene = Scene::start(Setup::DEFAULT, 3, Issuer::new(jwks(&[&known])), 300);
    scene.wait_for("allowed", &token(&known));
    let since = Instant::now();
    for number in 0..500 {
        let mut header = unknown.header();
        header["kid"] = json!(format!("made-up-{number}"));
        let token = unknown.sign(&header, &claims()).unwrap();
        assert_eq!(scene.says(&token), "token_key_unknown");
    }
    assert_eq!(scene.says(&token(&known)), "allowed");
    let more = || Ok((scene.issuer.fetches() > 1).then_some(()));
    wait::until("the fetch", SOON, more).unwrap();
    // The first fetch, and one for each half minute of the flood.
    let most = 2 + since.elapsed().as_secs() / 30;
    assert!(scene.issuer.fetches() <= most, "{:?}", since.elapsed());
    scene.server.assert_unharmed();
}

#[test]
fn tokens_of_an_issuer_that_is_down_at_the_start_are_refused_until_it_is_up() {
    let key = key();
    let scene = Scene::start(Setup::DEFAULT, 2, Issuer::new(unavailable()), 300);
    let token = token(&key);
    scene.wait_for_log("the keys of `company` cannot be fetched");
    assert_eq!(scene.show(&token).status, 403);
    assert_eq!(scene.says(&token), "token_keys_unavailable");
    // An endless body does not help either, nor a body that is not a JWKS.
    let rubbish = Answer {
        body: b"sesame".to_vec(),
        ..jwks(&[&key])
    };
    for answer in [
        rubbish,
        Answer {
            ends: false,
            ..jwks(&[&key])
        },
    ] {
        let before = scene.issuer.fetches();
        scene.issuer.answers(answer);
        let fetched = || Ok((scene.issuer.fetches() > before).then_some(()));
        wait::until("a fetch", SOON, fetched).unwrap();
        assert_eq!(scene.says(&token), "token_keys_unavailable");
    }
    scene.issuer.answers(jwks(&[&key]));
    wait::until("the keys", SOON * 3, || {
        Ok((scene.says(&token) == "allowed").then_some(()))
    })
    .unwrap();
    scene.wait_for("allowed", &token);
    scene.wait_for_log("the keys of `company` are fetched again");
    let log = scene.log();
    assert_eq!(log.matches("cannot be fetched").count(), 1, "{log}");
    assert!(!log.contains("sesame"), "{log}");
    scene.server.assert_unharmed();
}

/// Uses HTTP/2, because over HTTP/1.1 the proxy drops the trailers that cause the crash.
#[test]
fn keys_serve_while_their_issuer_is_down_whatever_becomes_of_policy_and_vm() {
    let (known, unknown) = (key(), key());
    let mut scene = Scene::start(Setup::ALL[1], 2, Issuer::new(jwks(&[&known])), 10);
    let [of_known, of_unknown] = [&known, &unknown].map(token);
    scene.wait_for("allowed", &of_known);
    // There is no listener any more.
    scene.issuer = Issuer::new(unavailable());
    scene.wait_for_log("the keys of `company` cannot be fetched");
    scene.wait_for("allowed", &of_known);
    assert_eq!(scene.says(&of_unknown), "token_key_unknown");

    let marker = json!([{"name": "marker", "action": "ALLOW", "rules": [{"to": [{"paths": ["/marker"]}]}]}]);
    let update = policy(300, &marker).to_string();
    assert_eq!(scene.server.sidecar.update(&update).unwrap(), Update::Taken);
    let client = scene.server.peer("airflow", "airflow-worker");
    let marked = Request::get(API_SERVER, "/marker");
    wait::until("the update", SOON, || {
        assert_eq!(scene.says(&of_known), "allowed");
        Ok((ask(&client, &marked).status == 200).then_some(()))
    })
    .unwrap();
    scene.wait_for("allowed", &of_known);
    assert_eq!(scene.says(&of_unknown), "token_key_unknown");

    let crashing = module::crashing().unwrap().path;
    assert_eq!(scene.server.sidecar.load(&crashing).unwrap(), Update::Taken);
    let crash = Request::new("POST", API_SERVER, "/marker")
        .body("x")
        .trailer("x-crash", "1");
    wait::until("the new code", SOON, || {
        Ok((ask(&client, &crash).status == 503).then_some(()))
    })
    .unwrap();
    // A worker makes its new VM with its next request, at least a second after the last VM.
    wait::until("a new VM", SOON, || {
        ask(&client, &marked);
        let reloads = scene.server.sidecar.admin().stats("vm_reload_success")?;
        Ok((reloads.values().sum::<u64>() > 0).then_some(()))
    })
    .unwrap();
    scene.wait_for("allowed", &of_known);
    assert_eq!(scene.says(&of_unknown), "token_key_unknown");
}

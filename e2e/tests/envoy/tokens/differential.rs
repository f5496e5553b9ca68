//! A second opinion on tokens: Envoy's own `jwt_authn`, alone in a sidecar, and the plugin alone in another.
//!
//! Both have the same issuers with the same keys and get the same requests. `jwt_authn` must accept every token that
//! the plugin accepts. The plugin may refuse more, and the test counts this.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use dagward_build as module;
use dagward_forge::jwt::jwks;
use dagward_testbed::certs::Authority;
use dagward_testbed::sidecar::{Inbound, Jwks, JwtRule, Node, Plugin, Sidecar, Spec, request_authentication};
use dagward_testbed::upstream::{Answer, Upstream};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

mod recipe;

use recipe::{Issuer, Keys, recipe};

/// The number of tokens that both verify.
const TOKENS: usize = 100_000;

/// The connections to each of them.
const CONNECTIONS: usize = 4;

/// The number of tokens that are made before they are sent, small enough that none expires.
const BATCH: usize = 5_000;

/// Both proxies, and the app behind them.
struct Scene {
    plugin: Sidecar,
    jwt_authn: Sidecar,
    #[expect(dead_code, reason = "it serves as long as it is held")]
    app: Upstream,
    #[expect(dead_code, reason = "its files go with it")]
    authority: Authority,
}

impl Scene {
    fn start(keys: &Keys) -> Self {
        let app = Upstream::with(|_| Answer {
            body: Vec::new(),
            ..Answer::json(200, &Value::Null)
        })
        .unwrap();
        let authority = Authority::new().unwrap();
        let identity = authority.service_account("airflow", "server").unwrap();
        let spec = || Spec {
            inbound: Some(Inbound::permissive(app.address())),
            access_log: false,
            ..Spec::new(Node::new("server-0", "airflow", "server"), &identity)
        };
        let plugin = Plugin::new(&module::build().unwrap().path, &policy(keys).to_string());
        Self {
            plugin: Sidecar::start(Spec {
                plugin: Some(plugin),
                ..spec()
            })
            .unwrap(),
            jwt_authn: Sidecar::start(Spec {
                filters: vec![jwt_authn(keys)],
                ..spec()
            })
            .unwrap(),
            app,
            authority,
        }
    }
}

/// A caller with a valid token of either issuer may do everything.
fn policy(keys: &Keys) -> Value {
    let issuer = |issuer: Issuer, kind: &str, algorithms: &[&str]| {
        json!({
            "name": kind,
            "kind": kind,
            "issuer": issuer.name(),
            "audiences": ["airflow", "other"],
            "algorithms": algorithms,
            "jwks": jwks(&keys.of(issuer)),
            "locations": [{"header": "authorization", "prefix": "Bearer "}],
            "surfaces": ["rest"],
        })
    };
    json!({
        "apiVersion": "dagward/v1",
        "mode": "enforce",
        "tokens": [
            issuer(Issuer::Public, "oidc", &["RS256", "PS256", "ES256", "ES384", "EdDSA"]),
            issuer(Issuer::Secret, "airflow-user", &["HS256", "HS512"]),
        ],
        "policies": [{"name": "all", "action": "ALLOW", "rules": [{"from": [{"requestPrincipals": ["*"]}]}]}],
    })
}

/// The filter for the same issuers. A request without a token does not pass.
fn jwt_authn(keys: &Keys) -> Value {
    let rules = [Issuer::Public, Issuer::Secret].map(|issuer| {
        let mut rule = JwtRule::new(issuer.name(), Jwks::Inline(jwks(&keys.of(issuer))));
        rule.audiences = ["airflow", "other"].map(str::to_owned).to_vec();
        rule
    });
    let mut filter = request_authentication(&rules);
    let any = [0, 1].map(|index| json!({"provider_name": format!("origins-{index}")}));
    filter["typed_config"]["rules"][0]["requires"] = json!({"requires_any": {"requirements": any}});
    filter
}

/// An answer: its status, and its body.
type Verdict = (u16, String);

/// A sidecar's answers to requests with these tokens, over several connections at once.
fn ask(sidecar: &Sidecar, tokens: &[String]) -> Vec<Verdict> {
    let address = sidecar.inbound().unwrap();
    thread::scope(|scope| {
        let connections = tokens.chunks(tokens.len().div_ceil(CONNECTIONS));
        let connections: Vec<_> = connections
            .map(|tokens| scope.spawn(move || by_one_connection(address, tokens)))
            .collect();
        let verdicts = connections.into_iter().map(|thread| thread.join().unwrap());
        verdicts.flatten().collect()
    })
}

/// Sends one request after the other: behind a refusal Envoy reads no bytes that are already there. The lab's client
/// would take most of the time.
fn by_one_connection(address: SocketAddr, tokens: &[String]) -> Vec<Verdict> {
    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
    stream.get_ref().set_nodelay(true).unwrap();
    let verdicts = tokens.iter().map(|token| {
        let request = format!(
            "GET /api/v2/dags HTTP/1.1\r\nhost: airflow-api-server\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        verdict(&mut stream)
    });
    verdicts.collect()
}

/// Reads one answer, whose head has the length of its body.
fn verdict(stream: &mut impl BufRead) -> Verdict {
    let mut head = Vec::new();
    for line in stream.lines() {
        let line = line.unwrap();
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
    let mut lines = head.iter();
    let length = lines
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (status, String::from_utf8(body).unwrap())
}

/// The code in brackets at the end of the plugin's message.
fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    let message = body["detail"]["message"].as_str().unwrap();
    let (_, code) = message.trim_end_matches(')').rsplit_once('(').unwrap();
    code.to_owned()
}

#[test]
fn nothing_is_accepted_that_jwt_authn_refuses() {
    let keys = Keys::generate();
    let scene = Scene::start(&keys);
    let mut runner = TestRunner::deterministic();
    let recipe = recipe();
    let mut verdicts = BTreeMap::<String, usize>::new();
    let mut stricter = BTreeMap::<String, usize>::new();
    for _ in 0..TOKENS / BATCH {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let recipes: Vec<_> = (0..BATCH)
            .map(|_| recipe.new_tree(&mut runner).unwrap().current())
            .collect();
        let tokens: Vec<_> = recipes.iter().map(|recipe| recipe.token(&keys, now)).collect();
        let (own, other) = thread::scope(|scope| {
            let own = scope.spawn(|| ask(&scene.plugin, &tokens));
            let other = ask(&scene.jwt_authn, &tokens);
            (own.join().unwrap(), other)
        });
        for ((recipe, own), other) in recipes.iter().zip(own).zip(other) {
            let word = if own.0 == 200 {
                "accepted".to_owned()
            } else {
                code(&own.1)
            };
            if other.0 == 200 && own.0 != 200 {
                *stricter.entry(word.clone()).or_default() += 1;
            }
            assert!(own.0 != 200 || other.0 == 200, "{recipe:?}: {other:?}");
            *verdicts.entry(word).or_default() += 1;
        }
    }
    println!("all: {verdicts:#?}\nrefused by the plugin alone: {stricter:#?}");
    // The tokens are only useful if they meet the checks that a token alone can meet.
    let met = |word: &str| verdicts.get(word).copied().unwrap_or_default();
    assert!(met("accepted") > TOKENS / 20, "{verdicts:#?}");
    for word in recipe::MET {
        assert!(met(word) >= 10, "{word}: {verdicts:#?}");
    }
    crate::mesh::assert_unharmed(&scene.plugin);
}

//! Credentials as Airflow reads them: mutated headers to Airflow's own dependencies and servers, and to dagward. If
//! Airflow reads a credential, dagward must read the same one or refuse.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dagward::caller::{Credential, credential};
use dagward::operation::Surface;
use dagward::policy;
use dagward::token::{InModule, KeySet, Keys, Presented, TokenVerifiers, Tokens, check};
use dagward::wire::Header;
use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use dagward_testbed::airflow::oracle::credentials;
use serde_json::json;
use std::rc::Rc;

use crate::routing::random::Random;

const SEED: u64 = 20_260_102;

const REQUESTS: usize = 6_000;

const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

/// Bytes that servers trim, drop, or cut at, and some that they keep. Envoy refuses a line break and NUL.
const ODD: &[u8] = b" \t\x0b\x0c\x1c\x1f\x85\xa0\xe9\xff,.;=!+/-_\"\\$A\x01";

type Headers = Vec<(&'static str, Vec<u8>)>;

struct Nowhere;

impl Keys for Nowhere {
    fn of(&self, _: usize) -> Option<Rc<KeySet>> {
        None
    }

    fn lacking(&self, _: usize) -> bool {
        false
    }

    fn generation(&self) -> u64 {
        0
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the numbers are the test's result")]
fn airflow_reads_no_credential_that_dagward_overlooks() {
    let mut random = Random::new(SEED);
    let requests: Vec<Headers> = (0..REQUESTS).map(|_| request(&mut random)).collect();
    let read = credentials(&requests).unwrap();
    assert_eq!(read.len(), requests.len());
    let (mut tasks, mut users, mut agreed, mut refused) = (0, 0, 0, 0);
    for (headers, airflow) in requests.iter().zip(&read) {
        let shown: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.escape_ascii()))
            .collect();
        let headers: Vec<Header<'_>> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_slice()))
            .collect();
        tasks += usize::from(!airflow.tasks.is_empty());
        users += usize::from(airflow.user);
        match credential(&headers) {
            Credential::Task(task) => {
                let task = task.as_deref().text();
                // Its servers refuse some requests because of another header.
                let alike = airflow.tasks.iter().all(|read| read == task);
                assert!(alike, "{task}, and Airflow reads {airflow:?} in {shown:?}");
                agreed += airflow.tasks.len();
            }
            Credential::Absent | Credential::Other => {
                assert!(airflow.tasks.is_empty(), "{airflow:?} overlooked in {shown:?}");
            }
            Credential::Unreadable(_) => refused += usize::from(!airflow.tasks.is_empty()),
        }
        assert!(
            !airflow.user || finds_a_user(&headers),
            "a user's token overlooked in {shown:?}"
        );
    }
    println!(
        "{REQUESTS} requests: Airflow reads a task's token in {tasks}, of which dagward reads {agreed} alike and refuses \
         {refused}, and a user's in {users}; seed {SEED}"
    );
    assert!(tasks * 8 > REQUESTS && agreed * 40 > REQUESTS && refused * 20 > REQUESTS);
}

/// Whether dagward finds anything in the places of Airflow's user tokens.
fn finds_a_user(headers: &[Header<'_>]) -> bool {
    thread_local! {
        static RULESET: policy::Ruleset = {
            let key = SigningKey::generate(Algorithm::ES256).unwrap();
            let users = json!({
                "name": "users", "kind": "airflow-user", "audiences": ["apache-airflow"], "algorithms": ["ES256"], "jwks": jwks(&[&key]),
            });
            let document = json!({"apiVersion": "dagward/v1", "mode": "enforce", "tokens": [users], "policies": []});
            policy::load(document.to_string().as_bytes()).unwrap()
        };
    }
    let tokens = Tokens::new([0; 16]);
    let verifiers = TokenVerifiers {
        tokens: &tokens,
        keys: &Nowhere,
        signatures: &InModule,
        istio: &|| Ok(Vec::new()),
        now: 0,
    };
    let presented = Presented {
        surface: Surface::Rest,
        query: "",
        headers,
        peer: None,
    };
    RULESET.with(|ruleset| check(ruleset.issuers(), verifiers, presented).refused.is_some())
}

/// A request with one or several credentials that were tampered with.
fn request(random: &mut Random) -> Headers {
    let mut headers = Vec::new();
    if !random.one_in(3) {
        headers.push(("authorization", authorization(random)));
    }
    if random.one_in(10) {
        headers.push(("authorization", authorization(random)));
    }
    if random.one_in(3) {
        headers.push(("cookie", cookies(random)));
    }
    headers
}

fn authorization(random: &mut Random) -> Vec<u8> {
    let scheme = random.one_of(&[
        "Bearer ", "Bearer ", "Bearer ", "bearer ", "BEARER ", "Bearer", "Basic ", "",
    ]);
    let value = [scheme.as_bytes(), token(random).as_bytes()].concat();
    tampered(random, value)
}

fn cookies(random: &mut Random) -> Vec<u8> {
    let name = random.one_of(&["_token", "_token", "_token", "_Token", "_tok", "session"]);
    let value = random.one_of(&["a.b.c", "\"a.b.c\"", "", "x"]);
    let before = random.one_of(&["", "", "a=1; ", "a=\"1; ", "$Version=1; ", "a=1, "]);
    tampered(random, format!("{before}{name}={value}").into_bytes())
}

/// The value with up to three odd bytes more, most of them at the seams.
fn tampered(random: &mut Random, mut value: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.one_of(&[0, 0, 1, 1, 1, 2, 3]) {
        let seams: Vec<usize> = (0..=value.len())
            .filter(|at| *at == 0 || *at == value.len() || b" .;=".contains(&value[at - 1]))
            .collect();
        let at = match random.one_in(4) {
            true => random.below(value.len() + 1),
            false => random.one_of(&seams),
        };
        value.insert(at, random.one_of(ODD));
    }
    value
}

fn token(random: &mut Random) -> String {
    let plain = TASK.replace('-', "");
    let subject = match random.below(12) {
        0 => TASK.to_uppercase(),
        1 => plain,
        2 => format!("{{{TASK}}}"),
        3 => format!("urn:uuid:{TASK}"),
        4 => format!("URN:UUID:{TASK}"),
        5 => "admin".to_owned(),
        6 => format!("{TASK} "),
        _ => TASK.to_owned(),
    };
    let claims = match random.below(16) {
        0 => format!(r#"{{"sub":"admin","sub":"{subject}"}}"#),
        1 => format!(r#"{{"sub":"{subject}","sub":"admin"}}"#),
        2 => format!(r#"{{"\u0073ub":"{subject}"}}"#),
        3 => format!("\u{feff}{{\"sub\":\"{subject}\"}}"),
        4 => format!(r#"{{"sub":"{subject}","x":NaN}}"#),
        5 => format!(r#" {{"sub":"{subject}","scope":"workload"}} "#),
        _ => format!(r#"{{"sub":"{subject}","exp":99999999999}}"#),
    };
    let claims = match random.one_in(16) {
        true => claims.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        false => claims.into_bytes(),
    };
    let padding = if random.one_in(8) { "==" } else { "" };
    format!(
        "eyJhbGciOiJIUzUxMiJ9.{}{padding}.c2ln",
        URL_SAFE_NO_PAD.encode(claims)
    )
}

//! Tokens: which ones the filter accepts, which caller they belong to, and which parts of them stay hidden.

mod attacks;
mod differential;
mod file;
mod istio;
mod kinds;
mod oidc;
mod places;
mod secrets;

use std::time::{SystemTime, UNIX_EPOCH};

use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use dagward_testbed::client::{Client, Request};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, refusal};

/// The issuer of the tests.
const ISSUER: &str = "https://issuer.example.com";

/// A document with these issuers. A caller with a token for `ml` may read DAGs.
fn document(tokens: &Value) -> Value {
    json!({"apiVersion": "dagward/v1", "mode": "enforce", "tokens": tokens, "policies": [
        {"name": "shown", "action": "ALLOW", "rules": [{
            "from": [{"requestPrincipals": ["*"], "claims": {"team.name": ["ml"]}}],
            "to": [{"actions": ["dag:read"]}],
        }]},
    ]})
}

/// An issuer whose public keys are in the document.
fn issuer(keys: &[&SigningKey], algorithms: &[Algorithm]) -> Value {
    let algorithms: Vec<_> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
    json!({
        "name": "company", "kind": "oidc", "issuer": ISSUER, "audiences": ["airflow"],
        "algorithms": algorithms, "jwks": jwks(keys),
    })
}

/// Valid claims.
fn claims() -> Value {
    let now = now();
    json!({
        "iss": ISSUER, "aud": ["airflow"], "sub": "jo", "team": {"name": "ml"},
        "iat": now, "exp": now + 600,
    })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A valid token.
fn good(key: &SigningKey) -> String {
    key.sign(&key.header(), &claims()).unwrap()
}

fn reading() -> Request {
    Request::new("GET", API_SERVER, "/api/v2/dags/ml_train")
}

/// A request that carries a token.
fn showing(token: &str) -> Request {
    reading().header("authorization", format!("Bearer {token}"))
}

/// The result for a token: `Ok` if its request passes, else the status and the code.
fn shown(client: &Client, request: &Request) -> Result<(), (u16, String)> {
    let response = ask(client, request);
    match response.status {
        200 => Ok(()),
        _ => Err(refusal(&response)),
    }
}

fn worker(server: &Server) -> Client {
    server.peer("airflow", "airflow-worker-ml")
}

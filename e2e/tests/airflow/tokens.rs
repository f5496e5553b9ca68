//! Airflow's own tokens, verified by the filter before Airflow sees them. The filter has the secret that signs them
//! from a file, which the sidecar reads over loopback.

use std::fs;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dagward_build as module;
use dagward_forge::jwt::{Algorithm, SigningKey, encode};
use dagward_testbed::airflow::{Airflow, Mesh, Pod};
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::sidecar::{Destination, Plugin};
use dagward_testbed::upstream::{Answer, Upstream};
use dagward_workbench::{paths, wait};
use serde_json::{Value, json};

const SERVER: &str = "airflow-api-server:8080";

/// A route of the REST API, and one of the Task Execution API.
const REST: &str = "/api/v2/dags";
const EXECUTION: &str = "/execution/variables/sales_key";

/// The time within which a task must start on a busy machine.
const STARTED: Duration = Duration::from_secs(240);

/// The time within which keys must be fetched.
const FETCHED: Duration = Duration::from_secs(60);

const RUN: &str = "tokens";

/// Users with a user's token may do the work of people, and tasks with a task's token the work of tasks.
fn plugin() -> Plugin {
    let issuer = |name: &str, kind: &str, audience: &str| {
        json!({
            "name": name,
            "kind": kind,
            // The setting `[api_auth] jwt_issuer` of the lab's Airflow.
            "issuer": "airflow",
            "audiences": [audience],
            "jwksUri": "http://127.0.0.1:15099/airflow.jwks",
            "cluster": "dagward-keys",
        })
    };
    let policy = json!({
        "apiVersion": "dagward/v1",
        "mode": "enforce",
        "tokens": [
            issuer("airflow-users", "airflow-user", "apache-airflow"),
            issuer("airflow-tasks", "airflow-task", "urn:airflow.apache.org:task"),
        ],
        "policies": [
            {"name": "people", "action": "ALLOW", "rules": [{
                "from": [{"requestPrincipals": ["airflow/*"], "claims": {"role": ["ADMIN"]}}],
                "to": [{"surfaces": ["rest"]}],
            }]},
            {"name": "tasks", "action": "ALLOW", "rules": [{
                "from": [{
                    "serviceAccounts": ["airflow/airflow-worker-sales"],
                    "requestPrincipals": ["airflow/*"],
                }],
                "to": [{"surfaces": ["execution"]}],
            }]},
        ],
    });
    Plugin::new(&module::build().unwrap().path, &policy.to_string())
}

/// The same header and the same claims, signed with another secret.
fn forged(token: &str) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    let key = SigningKey::with_secret(Algorithm::HS512, &[7; 64]).unwrap();
    let signature = key.signature(signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(&signature))
}

/// A part of a token: 0 is the header, 1 the claims.
fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn ask(client: &Client, path: &str, token: &str) -> Response {
    let request = Request::get(SERVER, path).header("authorization", format!("Bearer {token}"));
    client.send(&request).unwrap()
}

fn token_results(mesh: &Mesh, kind: &str, result: &str) -> f64 {
    let labels = [("kind", kind), ("result", result)];
    let admin = mesh.server().admin();
    admin.metric("dagward_tokens_total", &labels).unwrap()
}

#[test]
fn users_and_tasks_are_known_by_the_tokens_that_airflow_gives_them() {
    let airflow = Airflow::start().unwrap();
    let people = airflow.rest().unwrap();
    let files = paths::scratch("keys").unwrap();
    let file = files.path().join("airflow.jwks");
    // Airflow's tokens have the `kid` `not-used`, so the key has none.
    let key = json!({"kty": "oct", "alg": "HS512", "k": encode(airflow.jwt_secret().as_bytes())});
    fs::write(&file, json!({"keys": [key]}).to_string()).unwrap();
    let source = Upstream::with(move |_| Answer {
        body: fs::read(&file).unwrap_or_default(),
        ..Answer::json(200, &Value::Null)
    })
    .unwrap();
    let keys = Destination {
        cluster: "dagward-keys".to_owned(),
        ..Destination::external("127.0.0.1", 15099, source.address())
    };
    let pod = Pod::new("sales", "sales_leaky", RUN, "leak");
    let mesh = Mesh::start_asking(&airflow, &[pod], &plugin(), &[keys]).unwrap();
    let peer = |namespace, account| {
        let identity = mesh.authority().service_account(namespace, account).unwrap();
        Client::mtls(mesh.server().inbound().unwrap(), &identity).unwrap()
    };
    let gateway = peer("istio-ingress", "gateway");
    let worker = peer("airflow", "airflow-worker-sales");

    let user = people.token().unwrap();
    assert_eq!(part(user, 0)["kid"], "not-used");
    let answer = wait::until("the key", FETCHED, || {
        let answer = ask(&gateway, REST, user);
        Ok((!answer.text().contains("token_keys_unavailable")).then_some(answer))
    });
    let answer = answer.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());

    let (leak, until) = (files.path().join("token"), files.path().join("until"));
    people
        .trigger("sales_leaky", RUN, &json!({"leak_to": leak, "until": until}))
        .unwrap();
    wait::until("a task's token", STARTED, || Ok(leak.exists().then_some(()))).unwrap();
    let task = fs::read_to_string(&leak).unwrap();
    assert_eq!(part(&task, 1)["aud"], "urn:airflow.apache.org:task");

    // Airflow has no such variable, and tells the task so.
    assert_eq!(ask(&worker, EXECUTION, &task).status, 404);
    assert_eq!(ask(&gateway, REST, user).status, 200);
    for (client, path, token, status, code) in [
        (&gateway, REST, forged(user), 401, "token_signature"),
        (&worker, EXECUTION, forged(&task), 401, "token_signature"),
        (&worker, REST, task.clone(), 401, "token_audience"),
        (&worker, EXECUTION, user.to_owned(), 401, "token_audience"),
        // Valid, but used by another caller.
        (&gateway, EXECUTION, task.clone(), 403, "token_owned_by_another"),
    ] {
        let answer = ask(client, path, &token);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.text().contains(&format!("({code})")), "{}", answer.text());
        let id = answer.header("x-request-id").unwrap();
        let log = airflow.request_log().unwrap();
        assert!(log.iter().all(|line| line["request_id"] != id), "{path}: {log:?}");
    }
    let cookie = Request::get(SERVER, REST).header("cookie", format!("_token={}", forged(user)));
    let answer = gateway.send(&cookie).unwrap();
    assert!(answer.text().contains("(token_signature)"), "{}", answer.text());

    fs::write(until, "").unwrap();
    assert_eq!(people.finished("sales_leaky", RUN).unwrap(), "success");
    assert!(token_results(&mesh, "airflow-task", "verified") > 0.0);
    assert!(token_results(&mesh, "airflow-task", "cached") > 0.0);
    assert!(token_results(&mesh, "airflow-user", "cached") > 0.0);
    assert_eq!(token_results(&mesh, "airflow-user", "token_signature"), 2.0);
}

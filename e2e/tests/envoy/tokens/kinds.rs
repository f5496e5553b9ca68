//! Every algorithm, every kind, every location.

use std::collections::BTreeMap;

use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use dagward_testbed::client::Request;
use serde_json::{Value, json};

use super::{claims, document, good, issuer, now, reading, showing, shown, worker};
use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::with_token;

on_every_setup!(tokens_of_every_algorithm_are_verified);

fn tokens_of_every_algorithm_are_verified(setup: Setup) {
    let secret = |algorithm| matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512);
    let keys: Vec<_> = Algorithm::ALL
        .map(|algorithm| (algorithm, SigningKey::generate(algorithm).unwrap()))
        .into();
    let (secrets, public): (Vec<_>, Vec<_>) = keys.iter().partition(|(algorithm, _)| secret(*algorithm));
    let of = |keys: &[&(Algorithm, SigningKey)]| {
        let algorithms: Vec<_> = keys.iter().map(|(algorithm, _)| *algorithm).collect();
        issuer(&keys.iter().map(|(_, key)| key).collect::<Vec<_>>(), &algorithms)
    };
    let mut users = of(&secrets);
    users["name"] = "users".into();
    users["kind"] = "airflow-user".into();
    users["locations"] = json!([{"header": "x-user-token"}]);
    let server = Server::start(setup, &document(&json!([of(&public), users])));
    let client = worker(&server);
    for (algorithm, key) in &keys {
        let request = |token: &str| match secret(*algorithm) {
            true => reading().header("x-user-token", token),
            false => showing(token),
        };
        let token = good(key);
        for _ in 0..3 {
            assert_eq!(shown(&client, &request(&token)), Ok(()), "{algorithm:?}");
        }
        // The same claims, signed by another key of the same kind, with the known key's id.
        let other = SigningKey::generate(*algorithm).unwrap();
        let forged = other.sign(&key.header(), &claims()).unwrap();
        let refused = Err((401, "token_signature".to_owned()));
        assert_eq!(shown(&client, &request(&forged)), refused, "{algorithm:?}");
    }
    server.assert_unharmed();
    let samples = server.sidecar.admin().metrics().unwrap();
    let signatures: Vec<_> = samples
        .iter()
        .filter(|sample| sample.name == "dagward_config_info" && sample.value == 1.0)
        .map(|sample| sample.label("signatures"))
        .collect();
    assert_eq!(signatures, ["proxy"]);
    let mut tokens: BTreeMap<_, f64> = BTreeMap::new();
    for sample in samples
        .iter()
        .filter(|sample| sample.name == "dagward_tokens_total")
    {
        *tokens
            .entry((sample.label("kind"), sample.label("result")))
            .or_default() += sample.value;
    }
    let sum = |kind| {
        let of_kind = |result| tokens.get(&(kind, result)).copied().unwrap_or_default();
        (
            of_kind("verified") + of_kind("cached"),
            of_kind("token_signature"),
        )
    };
    assert_eq!(
        (sum("oidc"), sum("airflow-user")),
        ((30.0, 10.0), (9.0, 3.0)),
        "{tokens:?}"
    );
    // Each worker of the proxy verifies a token once.
    let verified = tokens[&("oidc", "verified")];
    assert!(
        verified >= 10.0 && verified <= 10.0 * f64::from(setup.workers),
        "{tokens:?}"
    );
}

/// Tokens of Kubernetes, which belong to a pod's service account.
fn service_account(key: &SigningKey, name: &str) -> String {
    let now = now();
    let claims = json!({
        "iss": "https://kubernetes.default.svc", "aud": ["airflow"], "iat": now, "nbf": now, "exp": now + 600,
        "sub": format!("system:serviceaccount:airflow:{name}"),
        "kubernetes.io": {"namespace": "airflow", "serviceaccount": {"name": name, "uid": "u"}},
    });
    key.sign(&key.header(), &claims).unwrap()
}

#[test]
fn a_service_accounts_token_is_worth_nothing_in_another_pod() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let tokens = json!([{
        "name": "pods", "kind": "kubernetes", "issuer": "https://kubernetes.default.svc",
        "audiences": ["airflow"], "jwks": jwks(&[&key]), "required": true,
    }]);
    let policy = json!({"apiVersion": "dagward/v1", "mode": "enforce", "tokens": tokens, "policies": [
        {"name": "own", "action": "ALLOW", "rules": [{"from": [{
            "serviceAccounts": ["airflow/airflow-worker-{team}"],
            "requestPrincipals": ["*/system:serviceaccount:airflow:airflow-worker-{team}"],
            "claims": {"kubernetes.io.serviceaccount.name": ["airflow-worker-{team}"]},
        }]}]},
    ]});
    let server = Server::start(Setup::DEFAULT, &policy);
    let (ml, sales) = (worker(&server), server.peer("airflow", "airflow-worker-sales"));
    let token = service_account(&key, "airflow-worker-ml");
    assert_eq!(shown(&ml, &showing(&token)), Ok(()));
    let stolen = Err((403, "token_bound_to_another_peer".to_owned()));
    assert_eq!(shown(&sales, &showing(&token)), stolen);
    assert_eq!(shown(&server.plaintext(), &showing(&token)), stolen);
    assert_eq!(shown(&ml, &showing(&token)), Ok(()));
    let response = ask(&ml, &reading());
    assert_eq!(response.status, 401);
    assert_eq!(response.header("www-authenticate"), Some("Bearer"));
    let response = ask(&ml, &showing("a.b.c"));
    assert_eq!(
        response.header("www-authenticate"),
        Some(r#"Bearer error="invalid_token""#)
    );
    // In the Execution API, Airflow's own token is in the header that this token uses elsewhere.
    let task = with_token(
        "GET",
        "/execution/variables/ml_x",
        "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112",
    );
    assert_eq!(shown(&ml, &task), Err((403, "no_rule_allows".to_owned())));
}

#[test]
fn a_token_stands_in_a_header_in_the_query_or_in_a_cookie() {
    let key = SigningKey::generate(Algorithm::EdDSA).unwrap();
    let mut company = issuer(&[&key], &[Algorithm::EdDSA]);
    company["locations"] =
        json!([{"header": "x-token", "prefix": "JWT "}, {"query": "token"}, {"cookie": "_token"}]);
    let server = Server::start(Setup::DEFAULT, &document(&json!([company])));
    let (client, token) = (worker(&server), good(&key));
    let path = format!("/api/v2/dags/ml_train?token={token}");
    let no_rule = Err((403, "no_rule_allows".to_owned()));
    let repeated = Err((401, "token_repeated".to_owned()));
    let unreadable = Err((401, "token_unreadable".to_owned()));
    let twice = Request::new("GET", API_SERVER, &format!("{path}&%74oken={token}"));
    for (request, expected) in [
        (reading().header("x-token", format!("JWT {token}")), Ok(())),
        (Request::new("GET", API_SERVER, &path), Ok(())),
        (reading().header("cookie", format!("a=b; _token={token}")), Ok(())),
        (showing(&token), no_rule),
        (reading().header("x-token", &token), unreadable.clone()),
        (reading().header("x_token", format!("JWT {token}")), unreadable),
        (twice, repeated.clone()),
        (
            reading()
                .header("x-token", format!("JWT {token}"))
                .header("x-token", "JWT a.b.c"),
            repeated,
        ),
    ] {
        assert_eq!(shown(&client, &request), expected);
    }
}

#[test]
fn airflows_users_and_tasks_differ_by_audience_alone() {
    let key = SigningKey::generate(Algorithm::HS512).unwrap();
    let airflow = |kind: &str, audience: &str| json!({"name": kind, "kind": kind, "audiences": [audience], "jwks": jwks(&[&key])});
    let tokens = json!([
        airflow("airflow-user", "apache-airflow"),
        airflow("airflow-task", "urn:airflow.apache.org:task"),
    ]);
    let policy = json!({"apiVersion": "dagward/v1", "mode": "enforce", "tokens": tokens, "policies": [
        {"name": "users", "action": "ALLOW", "rules": [{
            "from": [{"requestPrincipals": ["airflow-user/admin"]}], "to": [{"surfaces": ["rest"]}],
        }]},
        {"name": "tasks", "action": "ALLOW", "rules": [{
            "from": [{"requestPrincipals": ["airflow-task/*"]}], "to": [{"surfaces": ["execution"]}],
        }]},
    ]});
    let server = Server::start(Setup::DEFAULT, &policy);
    let client = worker(&server);
    let token = |audience: &str, subject: &str| {
        let claims = json!({"aud": audience, "sub": subject, "iat": now(), "nbf": now(), "exp": now() + 60});
        let header = json!({"alg": "HS512", "kid": key.kid(), "typ": "JWT"});
        format!("Bearer {}", key.sign(&header, &claims).unwrap())
    };
    let user = token("apache-airflow", "admin");
    let task = token(
        "urn:airflow.apache.org:task",
        "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112",
    );
    let wrong: Result<(), _> = Err((401, "token_audience".to_owned()));
    let variable = "/execution/variables/ml_x";
    for (path, token, expected) in [
        ("/api/v2/dags/ml_train", &user, Ok(())),
        ("/api/v2/dags/ml_train", &task, wrong.clone()),
        (variable, &task, Ok(())),
        (variable, &user, wrong),
    ] {
        let request = Request::new("GET", API_SERVER, path).header("authorization", token);
        assert_eq!(shown(&client, &request), expected, "{path}");
    }
    let cookie = Request::new("GET", API_SERVER, "/api/v2/dags/ml_train")
        .header("cookie", format!("_token={}", user.trim_start_matches("Bearer ")));
    assert_eq!(shown(&client, &cookie), Ok(()));
}

#[test]
fn in_shadow_mode_a_bad_token_is_counted_and_passes() {
    let key = SigningKey::generate(Algorithm::ES384).unwrap();
    let mut policy = document(&json!([issuer(&[&key], &[Algorithm::ES384])]));
    policy["mode"] = Value::from("shadow");
    let server = Server::start(Setup::DEFAULT, &policy);
    assert_eq!(ask(&worker(&server), &showing("a.b.c")).status, 200);
    server.counted(1);
    let samples = server.sidecar.admin().metrics().unwrap();
    let refused = [("policy", ""), ("reason", "token_base64url")];
    let counted = |sample: &&dagward_testbed::admin::Sample| {
        sample.name == "dagward_shadow_denied_total" && sample.carries(&refused)
    };
    assert_eq!(samples.iter().find(counted).map(|sample| sample.value), Some(1.0));
}

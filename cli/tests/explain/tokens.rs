//! Tokens, verified by the filter's own code. The output shows the result and never content of a token.

use std::fs;

use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use tempfile::TempDir;

use super::*;

/// The time at which the tokens are verified.
const NOW: u64 = 1_800_000_000;

/// A text that is in every token and must not be in any output.
const PRIVATE: &str = "private-claim-7c1f";

/// The subject of a task's token.
const TASK_INSTANCE: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

/// A key, and a folder with files for the command line.
struct Issuer {
    key: SigningKey,
    folder: TempDir,
}

impl Issuer {
    fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("jwks.json"), jwks(&[&key]).to_string()).unwrap();
        Self { key, folder }
    }

    /// The option `--jwks` for the issuer of this name.
    fn jwks(&self, name: &str) -> [String; 2] {
        let file = self.folder.path().join("jwks.json");
        ["--jwks".to_owned(), format!("{name}={}", file.display())]
    }

    fn sign(&self, claims: Value) -> String {
        self.key.sign(&self.key.header(), &claims).unwrap()
    }
}

/// The claims of a person at the company, with the members of `changed`.
fn company(changed: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://login.example", "aud": "airflow", "sub": PRIVATE, "groups": ["on-call"],
        "email": format!("{PRIVATE}@login.example"), "email_verified": true, "iat": NOW, "exp": NOW + 600,
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(changed.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    claims
}

fn service_account() -> Value {
    company(
        &json!({"iss": "https://kubernetes.default.svc", "sub": "system:serviceaccount:airflow:airflow-worker-sales"}),
    )
}

/// Asks with a token on the standard input, and asserts that the output holds nothing of it.
fn ask(token: &str, arguments: &[&str]) -> Run {
    let now = NOW.to_string();
    let question = ["explain", "tokens.yaml", "--token", "-", "--at", &now];
    let run = dagward("explain", &[&question[..], arguments].concat(), token);
    let parts = token.split('.').filter(|part| part.len() > 8);
    for part in parts.chain([PRIVATE]) {
        assert!(!run.stdout.contains(part), "{}", run.stdout);
        assert!(!run.stderr.contains(part), "{}", run.stderr);
    }
    run
}

fn ask_json(token: &str, arguments: &[&str]) -> (i32, Value) {
    let run = ask(token, &[arguments, &["--format", "json"]].concat());
    assert_eq!(run.stderr, "");
    (run.status, serde_json::from_str(&run.stdout).unwrap())
}

const TRIGGER: [&str; 5] = [
    "--plaintext",
    "--method",
    "POST",
    "--path",
    "/api/v2/dags/sales_daily/dagRuns",
];

#[test]
fn a_token_that_is_good_meets_its_rule() {
    for algorithm in [Algorithm::RS256, Algorithm::ES384] {
        let issuer = Issuer::new(algorithm);
        let [option, keys] = issuer.jwks("company");
        let token = issuer.sign(company(&json!({})));
        let question = [&TRIGGER[..], &[&option, &keys]].concat();
        ask(&token, &question).assert(0, "explain/token_good.txt");
        let (_, answer) = ask_json(&format!("\n{token}\n"), &question);
        assert_eq!(
            answer["tokens"],
            json!([{"kind": "oidc", "issuer": "company", "result": "verified", "message": null}])
        );
        assert_eq!(
            (&answer["policy"], &answer["rule"]),
            (&json!("on-call"), &json!(0))
        );
    }
}

#[test]
fn the_condition_that_a_token_fails_is_named() {
    let issuer = Issuer::new(Algorithm::RS256);
    let [option, keys] = issuer.jwks("company");
    let question = [&TRIGGER[..], &[&option, &keys]].concat();
    let unverified = issuer.sign(company(&json!({"email_verified": false})));
    ask(&unverified, &question).assert(1, "explain/token_condition.txt");
    let contractor = issuer.sign(company(
        &json!({"email": format!("{PRIVATE}@contractors.example")}),
    ));
    let (_, answer) = ask_json(&contractor, &question);
    assert_eq!(
        (&answer["code"], &answer["policy"]),
        (&json!("denied_by_rule"), &json!("no-contractors"))
    );
    let (_, answer) = explain_json("tokens.yaml", &TRIGGER);
    let reasons = answer["reasons"].as_array().unwrap();
    assert!(
        reasons.iter().any(|reason| reason
            == "policy `on-call` rule 0: from.claims.email_verified: wants `true`, found no token"
            || reason == "policy `on-call` rule 0: from.claims.groups: wants `on-call`, found no token"),
        "{answer}"
    );
}

#[test]
fn the_check_that_a_token_fails_is_named() {
    let issuer = Issuer::new(Algorithm::RS256);
    let other = Issuer::new(Algorithm::RS256);
    let [option, keys] = issuer.jwks("company");
    let question = [&TRIGGER[..], &[&option, &keys]].concat();
    let named = |name: &str| json!({"alg": "RS256", "kid": name});
    let header = |key: &SigningKey, header: &Value| key.sign(header, &company(&json!({}))).unwrap();
    let good = issuer.sign(company(&json!({})));
    for (token, code) in [
        (issuer.sign(company(&json!({"exp": NOW - 60}))), "token_times"),
        (
            issuer.sign(company(&json!({"iat": null, "exp": NOW - 60}))),
            "token_expired",
        ),
        (
            issuer.sign(company(&json!({"nbf": NOW + 61}))),
            "token_not_yet_valid",
        ),
        (issuer.sign(company(&json!({"aud": "grafana"}))), "token_audience"),
        (issuer.sign(company(&json!({"sub": null}))), "token_subject"),
        (other.sign(company(&json!({}))), "token_key_unknown"),
        (header(&other.key, &named(issuer.key.kid())), "token_signature"),
        (header(&issuer.key, &json!({"alg": "RS512"})), "token_algorithm"),
        (
            header(&issuer.key, &json!({"alg": "RS256", "crit": ["b64"]})),
            "token_critical",
        ),
        (header(&issuer.key, &json!({"alg": "none"})), "token_unsigned"),
        (format!("{good}="), "token_base64url"),
    ] {
        let (status, answer) = ask_json(&token, &question);
        let result = &answer["tokens"][0];
        assert_eq!((status, &result["result"]), (1, &json!(code)), "{answer}");
        assert_eq!(answer["code"], code);
        assert_eq!(answer["reasons"][0], result["message"]);
    }
    let expired = issuer.sign(company(&json!({"iat": null, "exp": NOW - 60})));
    ask(&expired, &question).assert(1, "explain/token_expired.txt");
}

#[test]
fn keys_that_are_fetched_have_to_be_given() {
    let issuer = Issuer::new(Algorithm::RS256);
    ask(&issuer.sign(company(&json!({}))), &TRIGGER).assert(1, "explain/token_keys.txt");
    let weak = json!({"keys": [issuer.key.jwk(), {"kty": "RSA", "kid": "weak", "n": "AQAB", "e": "AQAB"}]});
    fs::write(issuer.folder.path().join("jwks.json"), weak.to_string()).unwrap();
    let weak = json!({"alg": "RS256", "kid": "weak"});
    let token = issuer.key.sign(&weak, &company(&json!({}))).unwrap();
    let [option, keys] = issuer.jwks("company");
    let (_, answer) = ask_json(&token, &[&TRIGGER[..], &[&option, &keys]].concat());
    assert_eq!(answer["code"], "token_key_unusable");
    let reasons = answer["reasons"].as_array().unwrap();
    let left_out = "a key of issuer `company` is left out: keys[1] is too weak";
    assert!(
        reasons
            .iter()
            .any(|reason| reason.as_str().unwrap().starts_with(left_out)),
        "{reasons:?}"
    );
}

#[test]
fn a_token_is_worth_nothing_to_another_peer() {
    let issuer = Issuer::new(Algorithm::RS256);
    let [option, keys] = issuer.jwks("service-accounts");
    let token = issuer.sign(service_account());
    let request = ["--method", "GET", "--path", "/api/v2/dags/a", &option, &keys];
    for (peer, code) in [
        (SALES, "allowed"),
        (
            "spiffe://cluster.local/ns/airflow/sa/airflow-worker-ml",
            "token_bound_to_another_peer",
        ),
    ] {
        let (_, answer) = ask_json(&token, &[&["--peer", peer][..], &request].concat());
        assert_eq!(answer["code"], code, "{answer}");
        assert_eq!(answer["tokens"][0]["kind"], "kubernetes");
    }
}

#[test]
fn istios_word_is_taken_where_it_is_given() {
    let issuer = Issuer::new(Algorithm::RS256);
    let token = issuer.sign(company(&json!({"iss": "https://partner.example"})));
    let request = ["--plaintext", "--method", "GET", "--path", "/api/v2/dags/a"];
    let (_, answer) = ask_json(&token, &request);
    assert_eq!(answer["code"], "token_not_verified_by_istio");
    assert!(
        answer["reasons"][1]
            .as_str()
            .unwrap()
            .contains("`--istio-verified`"),
        "{answer}"
    );
    let question = [&request[..], &["--istio-verified"]].concat();
    ask(&token, &question).assert(0, "explain/token_istio.txt");
}

#[test]
fn a_tasks_token_is_the_one_that_airflow_gave() {
    let issuer = Issuer::new(Algorithm::HS512);
    let [option, keys] = issuer.jwks("tasks");
    let token = issuer.sign(json!({
        "aud": "urn:airflow.apache.org:task", "sub": TASK_INSTANCE, "iat": NOW, "nbf": NOW, "exp": NOW + 600,
    }));
    let path = "/execution/variables/rate";
    let question = ["--peer", SALES, "--method", "GET", "--path", path, &option, &keys];
    let (status, answer) = ask_json(&token, &question);
    assert_eq!(
        (status, &answer["tokens"][0]["issuer"]),
        (0, &json!("tasks")),
        "{answer}"
    );
}

#[test]
fn a_token_is_put_where_it_is_looked_for() {
    let issuer = Issuer::new(Algorithm::RS256);
    let [option, keys] = issuer.jwks("company");
    let token = issuer.sign(company(&json!({})));
    let at = |place| [&TRIGGER[..], &[&option, &keys, "--token-at", place]].concat();
    for place in ["header:X-Id-Token", "query:id_token", "cookie:id"] {
        let (status, answer) = ask_json(&token, &at(place));
        assert_eq!(status, 0, "{place} {answer}");
    }
    let run = ask(&token, &at("query:id_token"));
    assert!(
        run.stdout
            .contains("POST /api/v2/dags/sales_daily/dagRuns?id_token=… on "),
        "{}",
        run.stdout
    );
    for (place, words) in [
        ("header:authorization", "the token's issuer is not known here"),
        (
            "header:x-token",
            "the filter ignores the token: on surface `rest` no issuer's tokens are expected in the header `x-token` (`--token-at`)",
        ),
    ] {
        let (_, answer) = ask_json(&token, &at(place));
        let reasons = answer["reasons"].as_array().unwrap();
        assert!(reasons.contains(&json!(words)), "{answer}");
    }
    let logs = ["--plaintext", "--method", "GET", "--path", "/log/a"];
    let (_, answer) = ask_json(&token, &logs);
    assert_eq!(answer["tokens"], json!([]), "{answer}");
}

#[test]
fn misuse_of_tokens_is_told() {
    let cases: [(&str, &[&str], &str); 7] = [
        (
            "tokens.yaml",
            &["--token", "-", "--listener", "outbound"],
            "error: `--token` is for",
        ),
        (
            "-",
            &["--token", "-"],
            "error: the policy and the token cannot both",
        ),
        (
            "tokens.yaml",
            &["--token", "no-such-file"],
            "error: cannot read `no-such-file`",
        ),
        (
            "tokens.yaml",
            &["--token", "-"],
            "error: `<stdin>` holds no token",
        ),
        (
            "tokens.yaml",
            &["--jwks", "partner=tokens.yaml"],
            "error: `--jwks`: the policy has no issuer `partner` with `jwksUri`",
        ),
        (
            "tokens.yaml",
            &["--jwks", "company=tokens.yaml"],
            "error: `tokens.yaml`: not JSON",
        ),
        (
            "tokens.yaml",
            &["--at", "noon"],
            "error: invalid value 'noon' for '--at",
        ),
    ];
    for (policy, arguments, message) in cases {
        let run = explain(policy, &[arguments, &TRIGGER].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.starts_with(message), "{}", run.stderr);
    }
}

/// The claims of a token that counts as verified, for each source of keys.
#[test]
fn claims_stand_for_a_token() {
    let question = |claims: &str| {
        let options = [
            "--claims",
            claims,
            "--plaintext",
            "--method",
            "POST",
            "--path",
            "/api/v2/dags/a/dagRuns",
        ];
        let (_, answer) = explain_json("tokens.yaml", &options);
        (answer["code"].clone(), answer["tokens"][0]["result"].clone())
    };
    let on_call = r#"company={"sub":"jo","groups":["on-call"],"email_verified":true}"#;
    assert_eq!(question(on_call), (json!("allowed"), json!("verified")));
    let partner = r#"partner={"sub":"jo"}"#;
    assert_eq!(question(partner), (json!("no_rule_allows"), json!("istio")));
    let for_others = r#"company={"sub":"jo","aud":"wiki"}"#;
    assert_eq!(
        question(for_others),
        (json!("token_audience"), json!("token_audience"))
    );
    for wrong in ["company", "company=1", "compny={}"] {
        let options = ["--claims", wrong, "--plaintext", "--method", "GET", "--path", "/"];
        let run = explain("tokens.yaml", &options);
        assert_eq!(run.status, 2, "{wrong}: {}", run.stdout);
    }
}

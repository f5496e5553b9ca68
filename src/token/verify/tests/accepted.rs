//! The checks of the claims.

use super::*;

#[test]
fn the_issuer_is_exact() {
    for other in [
        json!(null),
        json!(""),
        json!("https://issuer.example/"),
        json!("HTTPS://issuer.example"),
        json!("https://issuer.example "),
        json!(["https://issuer.example"]),
        json!({}),
        json!(1),
    ] {
        assert_eq!(
            verdict(&with(&json!({"iss": other}))).unwrap_err(),
            Refusal::Issuer,
            "{other}"
        );
    }
}

#[test]
fn one_audience_must_be_meant() {
    for (audience, expected) in [
        (json!("airflow"), None),
        (json!("other"), None),
        (json!(["airflow"]), None),
        (json!(["x", "airflow", "y"]), None),
        (json!(["x", "other"]), None),
        (json!("air"), Some(Refusal::Audience)),
        (json!("airflow "), Some(Refusal::Audience)),
        (json!("Airflow"), Some(Refusal::Audience)),
        (json!(""), Some(Refusal::Audience)),
        (json!([]), Some(Refusal::Audience)),
        (json!(["x"]), Some(Refusal::Audience)),
        (json!("airflow other"), Some(Refusal::Audience)),
        (json!(["airflow", 1]), Some(Refusal::Claims)),
        (json!([["airflow"]]), Some(Refusal::Claims)),
        (json!({"airflow": true}), Some(Refusal::Claims)),
        (json!(true), Some(Refusal::Claims)),
    ] {
        assert_eq!(
            verdict(&with(&json!({"aud": audience}))).err(),
            expected,
            "{audience}"
        );
    }
    assert_eq!(
        verdict(&with(&json!({"aud": null}))).unwrap_err(),
        Refusal::Audience
    );
}

#[test]
fn the_subject_is_a_text() {
    for subject in [json!(""), json!(5), json!(["me"]), json!({}), json!(false)] {
        let refusal = verdict(&with(&json!({"sub": subject, "user_id": "me"}))).unwrap_err();
        assert_eq!(refusal, Refusal::Subject, "{subject}");
    }
}

#[test]
fn some_claims_are_texts() {
    for name in ["jti", "nonce"] {
        assert!(verdict(&with(&json!({name: "a"}))).is_ok());
        for value in [json!(1), json!(["a"]), json!({}), json!(true)] {
            let refusal = verdict(&with(&json!({name: value}))).unwrap_err();
            assert_eq!(refusal, Refusal::Claims, "{name} {value}");
        }
    }
}

fn claimed(claims: &Value, issuer: &Issuer) -> Result<String, Refusal> {
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    accept(&claims, issuer, NOW).map(|verified| verified.request_principal)
}

#[test]
fn a_null_is_a_claim() {
    let mut claims = claims();
    for name in ["iss", "aud", "sub", "exp", "nbf", "iat"] {
        let before = claims[name].take();
        assert!(claimed(&claims, &issuer(Kind::Oidc, &[])).is_err(), "{name}");
        claims[name] = before;
    }
    claims["iss"] = Value::Null;
    let mut without = issuer(Kind::AirflowTask, &[]);
    without.issuer = None;
    assert_eq!(claimed(&claims, &without), Err(Refusal::Issuer));
}

#[test]
fn tokens_without_issuer_are_of_who_has_none() {
    let mut airflow = issuer(Kind::AirflowUser, &[]);
    airflow.issuer = None;
    assert_eq!(claimed(&claims(), &airflow), Err(Refusal::Issuer));
    let own = changed(&json!({"iss": null}));
    assert_eq!(claimed(&own, &airflow).unwrap(), "tests/me");

    let keycloak = changed(&json!({"iss": null, "sub": null, "user_id": "7"}));
    assert_eq!(claimed(&keycloak, &airflow).unwrap(), "tests/7");
    airflow.kind = Kind::AirflowTask;
    assert_eq!(claimed(&own, &airflow).unwrap(), "tests/me");
    assert_eq!(claimed(&keycloak, &airflow), Err(Refusal::Subject));
    for user in [json!(7), json!(""), json!(null)] {
        let keycloak = changed(&json!({"iss": null, "sub": null, "user_id": user}));
        airflow.kind = Kind::AirflowUser;
        assert_eq!(claimed(&keycloak, &airflow), Err(Refusal::Subject), "{user}");
    }
}

#[test]
fn a_kubernetes_token_is_a_service_accounts() {
    let kubernetes = issuer(Kind::Kubernetes, &[]);
    assert_eq!(claimed(&claims(), &kubernetes), Err(Refusal::Subject));
    let subject = "system:serviceaccount:airflow:worker";
    let own = json!({"namespace": "airflow", "serviceaccount": {"name": "worker", "uid": "1"}});
    let token = changed(&json!({"sub": subject, "kubernetes.io": own}));
    assert_eq!(
        claimed(&token, &kubernetes).unwrap(),
        format!("https://issuer.example/{subject}")
    );
    let other = changed(&json!({"sub": subject, "kubernetes.io": {"namespace": "other"}}));
    assert_eq!(claimed(&other, &kubernetes), Err(Refusal::Claims));
}

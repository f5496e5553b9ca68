//! Other forms of issuers: one whose name begins with another's, and SPIRE.

use super::*;

/// Okta has an issuer for the organization, and others below it.
#[test]
fn a_subject_does_not_make_a_token_look_like_another_issuer_s() {
    const ORG: &str = "https://x.okta.com";
    const DEFAULT: &str = "https://x.okta.com/oauth2/default";
    let proxy = Proxy::of([ORG, DEFAULT].map(|iss| issuer(Kind::Oidc, Some(iss), "airflow")));
    for (iss, subject, result) in [
        (ORG, "admin", "verified"),
        (ORG, "oauth2/other/admin", "verified"),
        (DEFAULT, "admin", "verified"),
        (DEFAULT, "oauth2/default/admin", "verified"),
        (ORG, "oauth2/default/admin", "token_subject"),
        (ORG, "oauth2/default/", "token_subject"),
    ] {
        let token = good(Some(iss), "airflow", subject);
        // The second time, the token comes from the cache.
        for _ in 0..2 {
            let (_, came) = proxy.result(&token);
            let came = came.replace("cached", "verified");
            assert_eq!(came, result, "{iss} {subject}");
        }
    }
}

/// Tokens as SPIRE makes them: without `iss`, of the type `JOSE`, signed with a key of the bundle.
#[test]
fn a_jwt_svid_is_its_peer_s() {
    let bundle = json!({"keys": [
        {"use": "x509-svid", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "x5c": ["AA=="]},
        {"use": "jwt-svid", "kty": "oct", "kid": "k", "k": testing::encode(testing::SECRET)},
    ], "spiffe_sequence": 12, "spiffe_refresh_hint": 300});
    let proxy = Proxy::of([Issuer {
        bound_to_peer: true,
        source: Source::Inline(KeySet::parse(bundle.to_string().as_bytes()).unwrap()),
        ..issuer(Kind::Oidc, None, "airflow")
    }]);
    for (typ, subject, result) in [
        ("JOSE", proxy.peer, "verified"),
        ("JWT", proxy.peer, "verified"),
        (
            "JOSE",
            "spiffe://cluster.local/ns/airflow/sa/worker-sales",
            "token_bound_to_another_peer",
        ),
        ("logout+jwt", proxy.peer, "token_header"),
    ] {
        let header = json!({"alg": "HS512", "kid": "k", "typ": typ});
        let claims = json!({"aud": ["airflow"], "sub": subject, "exp": NOW + 600});
        let [header, claims] = [&header, &claims].map(|part| testing::encode(part.to_string()));
        let (_, came) = proxy.result(&format!("{header}.{claims}.{}", testing::encode("good")));
        assert_eq!(came, result, "{typ} {subject}");
    } // `JOSE` does not tell the purpose of a token, and other kinds are not bound to their peer.
    let unbound = Proxy::of([issuer(Kind::Oidc, None, "airflow"), user()]);
    for audience in ["airflow", "apache-airflow"] {
        let header = json!({"alg": "HS512", "kid": "k", "typ": "JOSE"});
        let claims = json!({"aud": audience, "sub": "me", "exp": NOW + 600});
        let [header, claims] = [&header, &claims].map(|part| testing::encode(part.to_string()));
        let (_, came) = unbound.result(&format!("{header}.{claims}.{}", testing::encode("good")));
        assert_eq!(came, "token_header", "{audience}");
    }
}

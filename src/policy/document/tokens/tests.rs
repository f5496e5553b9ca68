use std::time::Duration;

use super::super::super::error::LoadError;
use super::super::super::ruleset::Ruleset;
use super::super::load;
use crate::operation::Surface;
use crate::token::{Algorithm, Issuer, Kind, Location, Source};

/// A source from which keys are fetched, as in a document.
pub(super) const FETCHED: &str =
    r#""jwksUri":"https://issuer.example/keys","cluster":"outbound|443||issuer.example""#;

pub(super) fn loaded(tokens: &str) -> Result<Ruleset, Vec<LoadError>> {
    load(format!(r#"{{"apiVersion":"dagward/v1","policies":[],"tokens":{tokens}}}"#).as_bytes())
}

fn issuers(tokens: &str) -> Vec<Issuer> {
    loaded(tokens).unwrap().compiled.issuers
}

pub(super) fn errors(tokens: &str) -> Vec<String> {
    let errors = loaded(tokens).err().unwrap_or_default();
    errors.iter().map(LoadError::to_string).collect()
}

/// The errors of one issuer that is valid except for `fields`.
pub(super) fn errors_of(kind: &str, fields: &str) -> Vec<String> {
    errors(&format!(
        r#"[{{"name":"a","kind":"{kind}","audiences":["airflow"],{fields}}}]"#
    ))
}

fn bearer() -> Location {
    Location::Header {
        name: "authorization".to_owned(),
        prefix: "Bearer ".to_owned(),
    }
}

#[test]
fn a_document_without_tokens_has_no_issuers() {
    let ruleset = load(br#"{"apiVersion":"dagward/v1","policies":[]}"#).unwrap();
    assert!(ruleset.issuers().is_empty());
}

#[test]
fn reads_every_field() {
    let read = issuers(
        r#"[{"name":"workers","kind":"oidc","issuer":"https://a.example","audiences":["x","y"],
          "algorithms":["ES384","EdDSA"],"jwksUri":"http://a.example:8080?set=1","cluster":"jwks","refreshSeconds":10,
          "locations":[{"header":"x-token"},{"header":"authorization","prefix":"Bearer "},{"query":"t"},{"cookie":"c"}],
          "surfaces":["rest","logs"],"clockSkewSeconds":0,"boundToPeer":true,"required":true}]"#,
    );
    let [issuer] = &*read else { panic!("{read:?}") };
    assert_eq!((&*issuer.name, issuer.kind), ("workers", Kind::Oidc));
    assert_eq!(issuer.issuer.as_deref(), Some("https://a.example"));
    assert_eq!(issuer.audiences, ["x", "y"]);
    assert_eq!(issuer.algorithms, [Algorithm::Es384, Algorithm::EdDsa]);
    let remote = issuer.remote().unwrap();
    assert_eq!(
        (&*remote.scheme, &*remote.authority, &*remote.path),
        ("http", "a.example:8080", "/?set=1")
    );
    assert_eq!(
        (&*remote.cluster, remote.every),
        ("jwks", Duration::from_secs(10))
    );
    let header = Location::Header {
        name: "x-token".to_owned(),
        prefix: String::new(),
    };
    assert_eq!(
        issuer.locations,
        [
            header,
            bearer(),
            Location::Query("t".to_owned()),
            Location::Cookie("c".to_owned())
        ]
    );
    assert_eq!(issuer.surfaces, [Surface::Rest, Surface::Logs]);
    assert_eq!(
        (issuer.clock_skew, issuer.bound_to_peer, issuer.required),
        (0, true, true)
    );
}

#[test]
fn each_kind_has_its_defaults() {
    let read = issuers(&format!(
        r#"[{{"name":"k","kind":"kubernetes","issuer":"https://k","audiences":["a"],{FETCHED}}},
            {{"name":"o","kind":"oidc","issuer":"https://o","audiences":["a"],{FETCHED}}},
            {{"name":"u","kind":"airflow-user","audiences":["a"],{FETCHED}}},
            {{"name":"t","kind":"airflow-task","audiences":["a"],{FETCHED}}}]"#
    ));
    let [kubernetes, oidc, user, task] = &*read else {
        panic!("{read:?}")
    };
    assert_eq!(kubernetes.algorithms, [Algorithm::Rs256, Algorithm::Es256]);
    assert_eq!(oidc.algorithms, [Algorithm::Rs256]);
    assert_eq!(
        (&user.algorithms, &task.algorithms),
        (&vec![Algorithm::Hs512], &vec![Algorithm::Hs512])
    );
    assert_eq!((&user.issuer, &task.issuer), (&None, &None));
    for issuer in &read {
        assert_eq!((issuer.clock_skew, issuer.required), (60, false));
        assert_eq!(issuer.bound_to_peer, issuer.kind == Kind::Kubernetes);
        assert_eq!(issuer.locations.first(), Some(&bearer()));
        assert_eq!(issuer.remote().unwrap().every, Duration::from_secs(300));
    }
    assert_eq!(user.locations, [bearer(), Location::Cookie("_token".to_owned())]);
    assert_eq!(user.surfaces, [Surface::Rest, Surface::Ui, Surface::Auth]);
    assert_eq!(task.surfaces, [Surface::Execution]);
    for issuer in [kubernetes, oidc] {
        for surface in Surface::ALL {
            let of_airflow = matches!(surface, Surface::Execution | Surface::Logs);
            assert_eq!(issuer.is_on(surface), !of_airflow, "{surface:?}");
        }
    }
}

#[test]
fn istio_vouches_where_the_policy_says_so() {
    let read = issuers(
        r#"[{"name":"k","kind":"kubernetes","issuer":"https://k","audiences":["a"],"fromIstio":true}]"#,
    );
    let [issuer] = &*read else { panic!("{read:?}") };
    assert!(matches!(issuer.source, Source::Istio));
    assert!(issuer.algorithms.is_empty() && issuer.remote().is_none());
}

#[test]
fn everything_wrong_is_told_at_its_field() {
    for (kind, fields, expected) in [
        (
            "oidc",
            r#""fromIstio":true"#,
            vec![
                "tokens[0]: `issuer` is missing; allowed: the `iss` of its tokens, such as `https://issuer.example`; \
                 for JWT-SVIDs without `iss` `boundToPeer: true`",
            ],
        ),
        (
            "oidc",
            r#""issuer":"https://o""#,
            vec!["tokens[0]: none of `jwks`, `jwksUri`, `fromIstio` is given; allowed: exactly one of them"],
        ),
        (
            "oidc",
            r#""issuer":"https://o","fromIstio":false"#,
            vec!["tokens[0]: none of `jwks`, `jwksUri`, `fromIstio` is given; allowed: exactly one of them"],
        ),
        (
            "oidc",
            r#""issuer":"https://o","fromIstio":true,"jwksUri":"https://o.example/keys","cluster":"c""#,
            vec![
                "tokens[0].jwksUri: `fromIstio` is given already; allowed: exactly one of `jwks`, `jwksUri`, `fromIstio`",
            ],
        ),
        (
            "oidc",
            r#""issuer":"https://o","fromIstio":true,"algorithms":["RS256"],"clockSkewSeconds":3"#,
            vec![
                "tokens[0].algorithms: `algorithms` has no effect: Istio verifies these tokens (`fromIstio`); allowed: `algorithms` beside `jwks` or `jwksUri`",
                "tokens[0].clockSkewSeconds: `clockSkewSeconds` has no effect: Istio verifies these tokens (`fromIstio`); allowed: `clockSkewSeconds` beside `jwks` or `jwksUri`",
            ],
        ),
        (
            "airflow-user",
            r#""fromIstio":true"#,
            vec![
                "tokens[0].fromIstio: Istio verifies no tokens of kind `airflow-user`; allowed: `fromIstio` with `kubernetes` or `oidc`; here `jwks` or `jwksUri`",
            ],
        ),
        (
            "airflow-task",
            r#""jwksUri":"https://o.example:6443/keys","boundToPeer":true"#,
            vec![
                "tokens[0]: `cluster` is missing; allowed: Envoy's name of the cluster that leads there, such as `outbound|6443||o.example`",
                "tokens[0].boundToPeer: tokens of kind `airflow-task` name no peer; allowed: `boundToPeer: true` with `kubernetes` or `oidc`",
            ],
        ),
        (
            "oidc",
            r#""issuer":"https://o","fromIstio":true,"cluster":"c","refreshSeconds":30"#,
            vec![
                "tokens[0].cluster: `cluster` has no effect without `jwksUri`; allowed: `cluster` beside `jwksUri`",
                "tokens[0].refreshSeconds: `refreshSeconds` has no effect without `jwksUri`; allowed: `refreshSeconds` beside `jwksUri`",
            ],
        ),
        (
            "oidc",
            r#""issuer":"https://*","fromIstio":true,"clockskewSeconds":3"#,
            vec![
                "tokens[0].clockskewSeconds: unknown field `clockskewSeconds`; did you mean `clockSkewSeconds`?",
                "tokens[0].issuer: `https://*` has a `*`, and is compared as it is written; allowed: the value of `iss`, such as `https://issuer.example`",
            ],
        ),
        (
            "oidc",
            r#""issuer":"https://o","fromIstio":true,"surfaces":["rest","execution "],"required":"yes""#,
            vec![
                "tokens[0].surfaces[1]: found `execution `; allowed: `auth`, `edge`, `execution`, `health`, `logs`, `other`, `pages`, `rest`, `ui`; did you mean `execution`?",
                "tokens[0].required: found the text `yes`; allowed: `true` or `false`",
            ],
        ),
    ] {
        assert_eq!(errors_of(kind, fields), expected, "{kind} {fields}");
    }
    assert_eq!(
        errors(r#"[{"name":"a b","kind":"saml"},{},7]"#),
        [
            "tokens[0].name: invalid name `a b`; allowed: 1 to 63 letters, digits, `-`, `_` or `.`",
            "tokens[0].kind: found `saml`; allowed: `kubernetes`, `oidc`, `airflow-user`, `airflow-task`",
            "tokens[0]: `audiences` is missing; allowed: a list of what may stand in `aud`, which each token must have",
            "tokens[1]: `name` is missing; allowed: a name that no other issuer has",
            "tokens[1]: `kind` is missing; allowed: `kubernetes`, `oidc`, `airflow-user` or `airflow-task`",
            "tokens[1]: `audiences` is missing; allowed: a list of what may stand in `aud`, which each token must have",
            "tokens[2]: found the number `7`; allowed: an issuer of tokens, which is an object",
        ]
    );
    assert_eq!(
        errors("[]"),
        ["tokens: an empty list, which matches nothing; allowed: at least one element"]
    );
}

#[test]
fn a_secret_is_no_public_key() {
    let fetched = |algorithms: &str| format!(r#""issuer":"https://o","algorithms":{algorithms},{FETCHED}"#);
    assert_eq!(
        errors_of("oidc", &fetched(r#"["RS256","HS256","none"]"#)),
        [
            "tokens[0].algorithms[2]: found `none`; allowed: `HS256`, `HS384`, `HS512`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384`, `ES512`, `EdDSA`",
            "tokens[0].algorithms[1]: `HS256` takes a secret, which an issuer of kind `oidc` does not share; allowed: algorithms that take a public key, such as `RS256`",
        ]
    );
    assert_eq!(
        errors_of("airflow-user", &fetched(r#"["RS256","HS512"]"#)),
        [
            "tokens[0].algorithms: `HS512` takes a secret and `RS256` a public key; allowed: algorithms that all take a secret, or all a public key"
        ]
    );
    for algorithms in [r#"["HS256","HS512"]"#, r#"["RS256","EdDSA"]"#] {
        assert_eq!(
            errors_of("airflow-user", &fetched(algorithms)),
            Vec::<String>::new()
        );
    }
}

#[test]
fn what_is_wrong_with_tokens_stands_in_the_documents_order() {
    let document = r#"{"apiVersion":"dagward/v1","mode":"no","tokens":[],"policies":[{"name":"a","action":"ALLOW","rules":[
        {"from":[{"requestPrincipals":["https://unknown/x"]}]}]}],"basePath":7}"#;
    let errors = load(document.as_bytes()).unwrap_err();
    let paths: Vec<String> = errors.iter().map(|error| error.path.to_string()).collect();
    assert_eq!(paths, ["mode", "tokens", "basePath"]);
}

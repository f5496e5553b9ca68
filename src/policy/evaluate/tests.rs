mod teams;

use std::rc::Rc;
use std::slice;

use super::super::facts::Facts;
use super::super::testing::{facts, ruleset, token};
use super::super::{Scope, load};
use crate::fact::Fact;
use crate::operation::{self, Body, Request, Site, classify_elsewhere};
use crate::token::Verified;

const WORKER: &str = "spiffe://td/ns/airflow/sa/w-ml";

/// Whether an ALLOW with this entry of `from` matches, and whether a DENY does.
fn holds(entry: &str, principal: Option<&str>, tokens: &[Rc<Verified>]) -> (bool, bool) {
    let rule = format!(r#"{{"from":[{{{entry}}}]}}"#);
    let decided = |action: &str| {
        let ruleset = ruleset(action, &rule);
        facts(principal, tokens, |facts| {
            ruleset.decide(Scope::All, slice::from_ref(facts)).allowed
        })
    };
    (decided("ALLOW"), !decided("DENY"))
}

const BOTH: (bool, bool) = (true, true);
const NEITHER: (bool, bool) = (false, false);

#[test]
fn conditions_on_a_token_hold_of_what_it_says() {
    let ann = [token(
        "https://o/ann",
        r#"{"groups":["dev","admins"],"kubernetes.io":{"namespace":"airflow"},"n":7,"e":""}"#,
    )];
    for (entry, expected) in [
        (r#""requestPrincipals":["https://o/ann"]"#, BOTH),
        (r#""requestPrincipals":["https://o/*"]"#, BOTH),
        (r#""requestPrincipals":["https://o/an"]"#, NEITHER),
        (r#""notRequestPrincipals":["https://o/bob","users/*"]"#, BOTH),
        (r#""notRequestPrincipals":["https://o/*"]"#, NEITHER),
        (r#""claims":{"groups":["admins"]}"#, BOTH),
        (r#""claims":{"groups":["adm*","x"]}"#, BOTH),
        (r#""claims":{"groups":["admin"]}"#, NEITHER),
        (r#""claims":{"groups.admins":["*"]}"#, NEITHER),
        (r#""claims":{"kubernetes.io.namespace":["airflow"]}"#, BOTH),
        (r#""claims":{"n":["7"]}"#, BOTH),
        (r#""claims":{"groups":["dev"],"n":["7"]}"#, BOTH),
        (r#""claims":{"groups":["dev"],"n":["8"]}"#, NEITHER),
        (r#""claims":{"e":["*"]}"#, NEITHER),
        (r#""claims":{"absent":["*"]}"#, NEITHER),
        (r#""notClaims":{"absent":["*"]}"#, BOTH),
        (r#""notClaims":{"groups":["ops"]}"#, BOTH),
        (r#""notClaims":{"groups":["ops","dev"]}"#, NEITHER),
        (
            r#""claims":{"groups":["dev"]},"notClaims":{"groups":["admins"]}"#,
            NEITHER,
        ),
        (r#""claims":{"groups":["dev"]},"notClaims":{"n":["8"]}"#, BOTH),
    ] {
        assert_eq!(holds(entry, None, &ann), expected, "{entry}");
    }
}

#[test]
fn a_variable_stands_in_conditions_on_tokens() {
    let principals = r#""principals":["spiffe://td/ns/airflow/sa/w-{team}"]"#;
    let of_team = [token("https://o/ml", r#"{"groups":["ml-dev"]}"#)];
    let of_another = [token("https://o/sales", r#"{"groups":["sales-dev"]}"#)];
    for condition in [
        r#""requestPrincipals":["https://o/{team}"]"#,
        r#""claims":{"groups":["{team}-*"]}"#,
    ] {
        let entry = format!("{principals},{condition}");
        assert_eq!(holds(&entry, Some(WORKER), &of_team), BOTH, "{condition}");
        assert_eq!(holds(&entry, Some(WORKER), &of_another), NEITHER, "{condition}");
        assert_eq!(holds(&entry, None, &of_team), NEITHER, "{condition}");
    }
    let not = format!(r#"{principals},"notClaims":{{"groups":["{{team}}-*"]}}"#);
    assert_eq!(holds(&not, Some(WORKER), &of_team), NEITHER);
    assert_eq!(holds(&not, Some(WORKER), &of_another), BOTH);
}

#[test]
fn who_shows_no_token_satisfies_no_allow_and_the_twins_of_a_deny() {
    for (entry, expected) in [
        (r#""requestPrincipals":["*"]"#, NEITHER),
        (r#""claims":{"a":["*"]}"#, NEITHER),
        (r#""notRequestPrincipals":["*"]"#, (false, true)),
        (r#""notClaims":{"a":["*"]}"#, (false, true)),
        (
            r#""notClaims":{"a":["*"]},"notRequestPrincipals":["https://o/*"]"#,
            (false, true),
        ),
        (
            r#""notClaims":{"a":["*"]},"requestPrincipals":["https://o/*"]"#,
            NEITHER,
        ),
        (
            r#""notClaims":{"a":["*"]},"principals":["spiffe://td/*"]"#,
            (false, true),
        ),
        (
            r#""notClaims":{"a":["*"]},"principals":["spiffe://other/*"]"#,
            NEITHER,
        ),
    ] {
        assert_eq!(holds(entry, Some(WORKER), &[]), expected, "{entry}");
    }
}

#[test]
fn one_token_satisfies_all_conditions_of_an_entry() {
    let both = [
        token("https://o/ann", r#"{"groups":["dev"]}"#),
        token("users/bob", r#"{"groups":["admins"]}"#),
    ];
    for (entry, expected) in [
        (
            r#""requestPrincipals":["https://o/ann"],"claims":{"groups":["dev"]}"#,
            BOTH,
        ),
        (
            r#""requestPrincipals":["users/bob"],"claims":{"groups":["admins"]}"#,
            BOTH,
        ),
        (
            r#""requestPrincipals":["https://o/ann"],"claims":{"groups":["admins"]}"#,
            NEITHER,
        ),
        (
            r#""requestPrincipals":["https://o/ann"],"notClaims":{"groups":["admins"]}"#,
            BOTH,
        ),
        (r#""notRequestPrincipals":["https://o/*"]"#, BOTH),
        (r#""notRequestPrincipals":["*"]"#, NEITHER),
        (
            r#""claims":{"groups":["dev"]},"notRequestPrincipals":["https://o/*"]"#,
            NEITHER,
        ),
    ] {
        assert_eq!(holds(entry, None, &both), expected, "{entry}");
    }
}

/// Whether an ALLOW with this entry of `to` lets a request pass, and whether a DENY refuses it.
fn holds_of(entry: &str, method: &str, target: &str) -> (bool, bool) {
    let request = Request {
        method,
        target,
        host: "api",
        body: Body::Whole(&[]),
    };
    let operation = operation::classify(&request, &Site::default()).unwrap();
    let facts = Facts::new(None, Fact::Unknown, &[], &operation, &operation.accesses[0]);
    let allowed = |action, others| {
        let document = format!(
            r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"{action}","rules":[{{"to":[{entry}]}}]}}{others}]}}"#
        );
        let ruleset = load(document.as_bytes()).unwrap();
        ruleset.decide(Scope::All, slice::from_ref(&facts)).allowed
    };
    let others = r#",{"name":"others","action":"ALLOW","rules":[{"to":[{"surfaces":["ui"]}]}]}"#;
    (allowed("ALLOW", ""), !allowed("DENY", others))
}

/// On an unknown route, an ALLOW must name surface, path or action, and no id is known.
#[test]
fn an_unknown_route_passes_by_its_surface_and_by_no_restriction() {
    let deny_only = (false, true);
    for (entry, expected) in [
        (r#"{"surfaces":["ui"]}"#, BOTH),
        (r#"{"surfaces":["ui"],"methods":["GET"]}"#, BOTH),
        (r#"{"surfaces":["ui"],"methods":["POST"]}"#, NEITHER),
        (r#"{"surfaces":["ui"],"notPaths":["/ui/new*"]}"#, NEITHER),
        (r#"{"surfaces":["rest","execution"]}"#, NEITHER),
        (r#"{"paths":["/ui/*"]}"#, BOTH),
        (r#"{"actions":["ui:unclassified"]}"#, BOTH),
        (r#"{"actions":["*:unclassified"]}"#, BOTH),
        (r#"{"actions":["rest:unclassified"]}"#, NEITHER),
        (r#"{"actions":["rest:unclassified","dag:read"]}"#, deny_only),
        (r#"{"surfaces":["ui"],"actions":["*"]}"#, BOTH),
        // The request may be any action, on any object.
        (r#"{"surfaces":["ui"],"actions":["*:read"]}"#, deny_only),
        (r#"{"surfaces":["ui"],"actions":["dag_run:trigger"]}"#, deny_only),
        (
            r#"{"surfaces":["ui"],"notActions":["dag_run:trigger"]}"#,
            deny_only,
        ),
        (
            r#"{"surfaces":["ui"],"notActions":["ui:unclassified"]}"#,
            deny_only,
        ),
        (r#"{"surfaces":["ui"],"dags":["a"]}"#, deny_only),
        (r#"{"surfaces":["ui"],"dags":["*"]}"#, deny_only),
        (r#"{"surfaces":["ui"],"notDags":["a"]}"#, deny_only),
        (r#"{"surfaces":["ui"],"notConnections":["a"]}"#, deny_only),
        // No condition names the request.
        (r#"{"methods":["GET"]}"#, deny_only),
        (r#"{"surfaces":["*"]}"#, deny_only),
        (r#"{"paths":["*"]}"#, deny_only),
        (r#"{"actions":["*"]}"#, deny_only),
        (r#"{"notSurfaces":["execution"]}"#, deny_only),
        (r#"{"notPaths":["/execution/*"]}"#, deny_only),
        (r#"{"hosts":["api"]}"#, deny_only),
    ] {
        assert_eq!(holds_of(entry, "GET", "/ui/new"), expected, "{entry}");
    }
    // On a known route the name of unclassified requests does not match.
    assert_eq!(
        holds_of(r#"{"actions":["*:unclassified"]}"#, "GET", "/ui/config"),
        NEITHER
    );
    assert_eq!(
        holds_of(r#"{"notActions":["*:unclassified"]}"#, "GET", "/ui/config"),
        BOTH
    );
}

/// If a DENY on one name does not match, a DENY with the same conditions on another action still does.
#[test]
fn the_name_of_one_surface_does_not_stand_for_an_action() {
    let rules: Vec<String> = ["rest:unclassified", "dag:read", "rest:unclassified"]
        .iter()
        .cycle()
        .take(90)
        .map(|action| format!(r#"{{"to":[{{"actions":["{action}"]}}]}}"#))
        .collect();
    let document = format!(
        r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"d","action":"DENY","rules":[{}]}}]}}"#,
        rules.join(",")
    );
    let ruleset = load(document.as_bytes()).unwrap();
    let by = |target| {
        let request = Request {
            method: "GET",
            target,
            host: "api",
            body: Body::Whole(&[]),
        };
        let operation = operation::classify(&request, &Site::default()).unwrap();
        let facts = Facts::new(None, Fact::Unknown, &[], &operation, &operation.accesses[0]);
        let ruling = ruleset.decide(Scope::All, slice::from_ref(&facts));
        ruling.by.map(|by| by.rule)
    };
    assert_eq!(by("/ui/new"), Some(1));
    assert_eq!(by("/api/v2/new"), Some(0));
    assert_eq!(by("/execution/connections/a"), None);
}

/// The results do not depend on how the service reads an encoded slash.
#[test]
fn a_slash_that_was_encoded_counts_where_a_match_refuses() {
    let decided = |action: &str, to: &str, target: &str| {
        let ruleset = ruleset(action, &format!(r#"{{"to":[{{{to}}}]}}"#));
        let request = Request {
            method: "GET",
            target,
            host: "marquez",
            body: Body::Pending,
        };
        let operation = classify_elsewhere(&request).unwrap();
        let facts = Facts::new(None, Fact::Unknown, &[], &operation, &operation.accesses[0]);
        ruleset.decide(Scope::All, slice::from_ref(&facts)).allowed
    };
    for (paths, target, allowed, denied) in [
        (r#"["/api/*"]"#, "/api/s3%3A%2F%2Fb", true, true),
        (r#"["/api/*"]"#, "/api%2Fs3", false, true),
        (r#"["/api/x"]"#, "/api%2Fx", false, true),
        (r#"["*/x"]"#, "/api%2Fx", false, true),
        (r#"["/other/*"]"#, "/api%2Fx", false, false),
        (r#"["/api/*"]"#, "/api/..%2F", false, true),
    ] {
        let (is, is_not) = (format!(r#""paths":{paths}"#), format!(r#""notPaths":{paths}"#));
        assert_eq!(decided("ALLOW", &is, target), allowed, "{paths} {target}");
        assert_eq!(decided("DENY", &is, target), !denied, "{paths} {target}");
        assert_eq!(decided("ALLOW", &is_not, target), !denied, "not {paths} {target}");
        let unknown = target.contains("..");
        assert_eq!(
            decided("DENY", &is_not, target),
            allowed && !unknown,
            "not {paths} {target}"
        );
    }
}

/// A pattern is about the issuer that it names in full.
#[test]
fn a_pattern_names_one_issuer() {
    let holds = |pattern: &str, principal: &str| {
        let document = format!(
            r#"{{"apiVersion":"dagward/v1",
                "tokens":[{{"name":"org","kind":"oidc","issuer":"https://o","audiences":["a"],"fromIstio":true}},
                          {{"name":"default","kind":"oidc","issuer":"https://o/oauth2/default","audiences":["b"],"fromIstio":true}}],
                "policies":[{{"name":"p","action":"ALLOW","rules":[{{"from":[{{"requestPrincipals":["{pattern}"]}}]}}]}}]}}"#
        );
        let ruleset = load(document.as_bytes()).unwrap();
        facts(None, &[token(principal, "{}")], |facts| {
            ruleset.decide(Scope::All, slice::from_ref(facts)).allowed
        })
    };
    let (of_org, of_default) = ("https://o/ann", "https://o/oauth2/default/ann");
    for (pattern, org, default) in [
        ("https://o/*", true, false),
        ("https://o/ann", true, false),
        ("https://o/oauth2/*", false, false),
        ("https://o/oauth2/default/*", false, true),
        ("https://o/oauth2/default/ann", false, true),
        ("https://*", true, true),
        ("*/ann", true, true),
        ("*", true, true),
    ] {
        assert_eq!(
            (holds(pattern, of_org), holds(pattern, of_default)),
            (org, default),
            "{pattern}"
        );
    }
}

/// A rule on known actions does not extend to unknown routes, although `auth:*` is a prefix of the name
/// `auth:unclassified`.
#[test]
fn a_pattern_of_known_actions_names_no_unknown_route() {
    for (entry, target) in [
        (r#"{"actions":["auth:*"]}"#, "/auth/fab/new"),
        (r#"{"surfaces":["auth"],"actions":["auth:*"]}"#, "/auth/fab/new"),
        (r#"{"actions":["a*"]}"#, "/auth/fab/new"),
        (r#"{"actions":["*d"]}"#, "/ui/new"),
    ] {
        assert!(!holds_of(entry, "DELETE", target).0, "{entry}");
    }
    assert!(holds_of(r#"{"actions":["auth:unclassified"]}"#, "DELETE", "/auth/fab/new").0);
}

/// Where a match refuses, a pattern that is a prefix of a request principal matches it, whichever issuer the
/// pattern names.
#[test]
fn a_pattern_that_refuses_is_about_all_issuers_that_it_begins() {
    let document = |action: &str, word: &str, pattern: &str| {
        format!(
            r#"{{"apiVersion":"dagward/v1",
                "tokens":[{{"name":"org","kind":"oidc","issuer":"https://o","audiences":["a"],"fromIstio":true}},
                          {{"name":"default","kind":"oidc","issuer":"https://o/oauth2/default","audiences":["b"],"fromIstio":true}}],
                "policies":[{{"name":"p","action":"{action}","rules":[{{"from":[{{"{word}":["{pattern}"]}}]}}]}},
                            {{"name":"all","action":"ALLOW","rules":[{{"to":[{{"methods":["{}"]}}]}}]}}]}}"#,
            if action == "DENY" { "GET" } else { "NONE" }
        )
    };
    for pattern in ["https://o/*", "https://o/oauth2/*"] {
        for (action, word) in [("DENY", "requestPrincipals"), ("ALLOW", "notRequestPrincipals")] {
            let ruleset = load(document(action, word, pattern).as_bytes()).unwrap();
            let allowed = facts(None, &[token("https://o/oauth2/default/ann", "{}")], |facts| {
                ruleset.decide(Scope::All, slice::from_ref(facts)).allowed
            });
            assert!(!allowed, "{action} {word} {pattern}");
        }
    }
}

/// A server that takes an encoded slash for a slash may also merge two slashes, so these paths lead to
/// `/admin/x`.
#[test]
fn an_empty_segment_of_encoded_slashes_hides_no_path_from_a_deny() {
    for target in ["/%2Fadmin/x", "/admin%2F%2Fx", "/admin/%2Fx", "/admin%2F/x"] {
        for (action, word, pattern) in [
            ("DENY", "paths", "/admin/x"),
            ("ALLOW", "notPaths", "/admin/x"),
            ("DENY", "paths", "/admin/*"),
            ("DENY", "paths", "*/admin/x"),
        ] {
            let document = format!(
                r#"{{"apiVersion":"dagward/v1","policies":[
                    {{"name":"p","action":"{action}","rules":[{{"to":[{{"{word}":["{pattern}"]}}]}}]}},
                    {{"name":"all","action":"ALLOW","rules":[{{"to":[{{"methods":["{}"]}}]}}]}}]}}"#,
                if action == "DENY" { "GET" } else { "NONE" }
            );
            let ruleset = load(document.as_bytes()).unwrap();
            let request = Request {
                method: "GET",
                target,
                host: "shop",
                body: Body::Pending,
            };
            let operation = classify_elsewhere(&request).unwrap();
            let facts = Facts::new(None, Fact::Unknown, &[], &operation, &operation.accesses[0]);
            let allowed = ruleset.decide(Scope::All, slice::from_ref(&facts)).allowed;
            assert!(
                !allowed,
                "{action} {word} {pattern}: {target} is {:?}",
                operation.path
            );
        }
    }
}

/// Flask takes `post` for POST, but no route is known for it. Under uvicorn with h11, `post /auth/users/add`
/// adds a user.
#[test]
fn a_method_in_lower_case_hides_from_no_deny() {
    for (method, target) in [
        ("post", "/auth/users/add"),
        ("pOST", "/orders"),
        ("delete", "/auth/new"),
    ] {
        let (_, denied) = holds_of(r#"{"methods":["POST","DELETE"]}"#, method, target);
        assert!(denied, "{method} {target}");
        let (allowed, _) = holds_of(
            r#"{"surfaces":["auth","other","ui"],"notMethods":["POST","D*"]}"#,
            method,
            target,
        );
        assert!(!allowed, "{method} {target}");
        let (allowed, _) = holds_of(
            r#"{"surfaces":["auth","other","ui"],"methods":["POST","DELETE"]}"#,
            method,
            target,
        );
        assert!(!allowed, "{method} {target}");
    }
}

use super::super::super::error::LoadError;
use super::super::load;

const TOKENS: &str = r#"[{"name":"o","kind":"oidc","issuer":"https://issuer.example","audiences":["a"],"fromIstio":true},
    {"name":"users","kind":"airflow-user","audiences":["a"],"jwksUri":"https://u/","cluster":"c"}]"#;

/// The errors of an entry of `from` with these conditions, without their position.
fn errors(tokens: &str, conditions: &str) -> Vec<String> {
    let document = format!(
        r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"ALLOW","rules":[{{"from":[{{{conditions}}}]}}]}}]{tokens}}}"#
    );
    let errors = load(document.as_bytes()).err().unwrap_or_default();
    let shown = errors.iter().map(LoadError::to_string);
    shown
        .map(|error| {
            let error = error.strip_prefix("policies[0].rules[0].from[0]");
            error.unwrap().to_owned()
        })
        .collect()
}

#[test]
fn conditions_on_tokens_are_checked_like_all_others() {
    for (conditions, expected) in [
        (
            r#""claims":{"groups":["a","b*"]},"notClaims":{"groups":["c"],"a.b":["*"]}"#,
            vec![],
        ),
        (
            r#""requestPrincipals":["*","users/*","users/ann","https://issuer.example/a/b","https://*","*/ann"]"#,
            vec![],
        ),
        (
            r#""claims":["groups"]"#,
            vec![".claims: found a list; allowed: patterns by claim, which is an object"],
        ),
        (
            r#""claims":{}"#,
            vec![
                ".claims: an object without claims; allowed: at least one claim, such as `groups: [admins]`",
            ],
        ),
        (
            r#""claims":{"groups":"admins"}"#,
            vec![".claims.groups: found the text `admins`; allowed: a list"],
        ),
        (
            r#""claims":{"groups":[]},"claim":{}"#,
            vec![
                ".claim: unknown field `claim`; did you mean `claims`?",
                ".claims.groups: an empty list, which matches nothing; allowed: at least one element",
            ],
        ),
        (
            r#""notClaims":{"groups":["a*b"],"groups":["c"],"a..b":["x"],"{team}":["x"]}"#,
            vec![
                ".notClaims.groups[0]: `a*b` has a `*` that is neither its first nor its last character; allowed: `text`, `prefix*`, `*suffix` or `*`, variables as `{name}`",
                ".notClaims.groups: `groups` is given twice; allowed: once",
                ".notClaims.a..b: `a..b` has a step without a name; allowed: the name of a claim, with a dot before each step into it: `kubernetes.io.namespace`",
                ".notClaims.{team}: `{team}` has a `*` or a brace, which stand in patterns only; allowed: the name of a claim, with a dot before each step into it: `kubernetes.io.namespace`",
            ],
        ),
        (
            r#""claims":{"groups":["a"],"email":["x@b"]},"notClaims":{"email":["*@b"],"groups":["b"]}"#,
            vec![
                ".notClaims.email: `notClaims.email` excludes all that `claims.email` admits, so the entry matches nothing; allowed: patterns that leave something of `claims.email`",
            ],
        ),
        (
            r#""requestPrincipals":["users/ann"],"notRequestPrincipals":["users/*"]"#,
            vec![
                ".notRequestPrincipals: `notRequestPrincipals` excludes all that `requestPrincipals` admits, so the entry matches nothing; allowed: patterns that leave something of `requestPrincipals`",
            ],
        ),
        (
            r#""claims":{"groups":["{team}"]}"#,
            vec![
                ".claims.groups[0]: `{team}` binds `{team}`, which nothing uses; allowed: a variable that another condition uses, or `*` at the end",
            ],
        ),
        (
            r#""notClaims":{"groups":["{team}"]}"#,
            vec![
                ".notClaims.groups[0]: `{team}` uses `{team}`, which nothing binds; allowed: a variable that this entry binds in each alternative, by one of `principals`, `namespaces`, `serviceAccounts`, `requestPrincipals`, `claims`, `teams`, `dags`, `runs`, `tasks`",
            ],
        ),
        (
            r#""claims":{"groups":["{team}-*"],"team":["{team}"]}"#,
            vec![
                ".claims.groups[0]: `{team}-*` binds a variable next to a `*`, so that it could bind in two ways; allowed: no `*`, and one variable beside those that `principals`, `namespaces`, `serviceAccounts` or a condition before this one bind in each alternative",
            ],
        ),
        (
            r#""requestPrincipals":["users/{team}"],"claims":{"groups":["{team}-*"]}"#,
            vec![],
        ),
        (
            r#""requestPrincipals":["users"]"#,
            vec![
                ".requestPrincipals[0]: `users` is not of the form `issuer/subject`; allowed: `issuer/subject`, such as `https://issuer.example/*`; did you mean `users/*`?",
            ],
        ),
    ] {
        assert_eq!(
            errors(&format!(r#","tokens":{TOKENS}"#), conditions),
            expected,
            "{conditions}"
        );
    }
}

#[test]
fn a_request_principal_is_of_an_issuer_in_tokens() {
    let errors = |patterns: &str| {
        errors(
            &format!(r#","tokens":{TOKENS}"#),
            &format!(r#""requestPrincipals":{patterns}"#),
        )
    };
    let of_any_issuer =
        "of any issuer in `tokens`; allowed: `/` and a subject behind `https://issuer.example`, `users`";
    assert_eq!(
        errors(
            r#"["https://isuer.example/ann","user/*","https://issuer.example/","https://issuer.examples/*"]"#
        ),
        [
            format!(
                ".requestPrincipals[0]: `https://isuer.example/ann` is not `issuer/subject` {of_any_issuer}; did you mean `https://issuer.example/ann`?"
            ),
            format!(
                ".requestPrincipals[1]: `user/*` is not `issuer/subject` {of_any_issuer}; did you mean `users/*`?"
            ),
            format!(
                ".requestPrincipals[2]: `https://issuer.example/` is not `issuer/subject` {of_any_issuer}"
            ),
            format!(
                ".requestPrincipals[3]: `https://issuer.examples/*` is not `issuer/subject` {of_any_issuer}; did you mean `https://issuer.example/*`?"
            ),
        ]
    );
}

#[test]
fn a_document_without_tokens_asks_for_none() {
    let why = "asks for a token, and the document has no `tokens`; allowed: a list `tokens` in the document";
    assert_eq!(
        errors(
            "",
            r#""requestPrincipals":["https://o/x"],"notClaims":{"a":["b"]}"#
        ),
        [
            format!(".requestPrincipals: `requestPrincipals` {why}"),
            format!(".notClaims: `notClaims` {why}"),
        ]
    );
}

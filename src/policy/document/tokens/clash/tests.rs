use super::super::tests::{FETCHED, errors};

#[test]
fn issuers_can_be_told_apart() {
    let pair = |one: &str, other: &str| {
        errors(&format!(
            r#"[{{"name":"one","kind":"oidc","audiences":["a","b"],"fromIstio":true,{one}}},
                {{"name":"other","kind":"oidc","audiences":["b","c"],"fromIstio":true,{other}}}]"#
        ))
    };
    let same = r#""issuer":"https://o""#;
    assert_eq!(
        pair(same, same),
        [
            "tokens[1]: a token of `https://o` for `b` in the header `authorization` on `auth` could be of tokens[0] as well; allowed: another issuer, or audiences, locations or surfaces of its own"
        ]
    );
    for differs in [r#""surfaces":["logs"]"#, r#""locations":[{"header":"x-token"}]"#] {
        assert_eq!(
            pair(same, &format!("{same},{differs}")),
            Vec::<String>::new(),
            "{differs}"
        );
    }
    assert_eq!(
        pair(same, r#""issuer":"https://o.example""#),
        Vec::<String>::new()
    );
    // Okta has an issuer for the organization, and others below it.
    assert_eq!(
        pair(same, r#""issuer":"https://o/oauth2/default""#),
        Vec::<String>::new()
    );
    assert_eq!(
        errors(
            r#"[{"name":"one","kind":"oidc","issuer":"o","audiences":["a"],"fromIstio":true},
                   {"name":"one","kind":"oidc","issuer":"p","audiences":["a"],"fromIstio":true}]"#
        ),
        ["tokens[1].name: `one` is the name of tokens[0] already; allowed: a name that no other issuer has"]
    );
    // Airflow's tokens have no `iss`: audiences distinguish them, and their entries name them.
    let airflow = |user: &str, task: &str| {
        errors(&format!(
            r#"[{{"name":"users","kind":"airflow-user","audiences":["{user}"],"surfaces":["execution"],{FETCHED}}},
                {{"name":"tasks","kind":"airflow-task","audiences":["{task}"],{FETCHED}}},
                {{"name":"oidc","kind":"oidc","issuer":"users","audiences":["z"],{FETCHED}}}]"#
        ))
    };
    let named = "tokens[2]: request principals of `users` could be those of tokens[0] as well; allowed: an issuer that is not another's name";
    assert_eq!(airflow("a", "b"), [named]);
    assert_eq!(
        airflow("a", "a"),
        [
            "tokens[1]: a token for `a` in the header `authorization` on `execution` could be of tokens[0] as well; allowed: another issuer, or audiences, locations or surfaces of its own",
            named
        ]
    );
}

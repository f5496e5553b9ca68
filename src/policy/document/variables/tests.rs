use super::super::load;

/// The errors of a document with one rule.
fn errors(rule: &str) -> Vec<String> {
    let document = format!(
        r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"ALLOW","rules":[{rule}]}}],
            "tokens":[{{"name":"o","kind":"oidc","issuer":"https://o","audiences":["a"],"fromIstio":true}}]}}"#
    );
    let errors = load(document.as_bytes()).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

/// Asserts that a rule with these halves loads, or that its only error is at `path` and contains `part`.
fn assert_rule(from: &str, to: &str, error: Option<(&str, &str)>) {
    let errors = errors(&format!(r#"{{"from":[{{{from}}}],"to":[{{{to}}}]}}"#));
    match error {
        None => assert_eq!(errors, Vec::<String>::new(), "{from} → {to}"),
        Some((path, part)) => {
            assert_eq!(errors.len(), 1, "{from} → {to}: {errors:?}");
            let begin = format!("policies[0].rules[0].{path}: ");
            assert!(errors[0].starts_with(&begin), "{from} → {to}: {errors:?}");
            assert!(errors[0].contains(part), "{from} → {to}: {errors:?}");
        }
    }
}

const OWN_DAG: &str = r#""dags":["{dag}"]"#;

#[test]
fn what_the_caller_acts_for_binds_variables() {
    let proof = r#","proof":["pod","airflow"]"#;
    for (from, to) in [
        (r#""dags":["{dag}"]"#, OWN_DAG),
        (
            r#""dags":["{dag}"],"runs":["{run}"]"#,
            r#""dags":["{dag}"],"runs":["{run}"]"#,
        ),
        (r#""tasks":["{task}"]"#, r#""tasks":["{task}"]"#),
        (r#""dags":["sales_{name}"]"#, r#""dags":["finance_{name}"]"#),
        (r#""dags":["{dag}"],"tasks":["{dag}_*"]"#, OWN_DAG),
        (
            r#""principals":["spiffe://td/ns/a/sa/w-{team}"],"dags":["{team}_{name}"]"#,
            r#""dags":["{team}_{name}"]"#,
        ),
        (
            r#""principals":["spiffe://td/ns/a/sa/w-{team}","spiffe://td/x"],"dags":["{team}"]"#,
            r#""dags":["{team}"]"#,
        ),
    ] {
        assert_rule(&format!("{from}{proof}"), to, None);
    }
    for (dags, to, part) in [
        (
            "{a}_{b}",
            r#""dags":["{a}"],"tasks":["{b}"]"#,
            "binds two variables",
        ),
        ("{a}-{a}", r#""dags":["{a}"]"#, "or one twice"),
        ("{a}_*", r#""dags":["{a}"]"#, "next to a `*`"),
        ("*_{a}", r#""dags":["{a}"]"#, "next to a `*`"),
        ("{a}", r#""tasks":["x"]"#, "nothing uses"),
    ] {
        let from = format!(r#""dags":["{dags}"]{proof}"#);
        assert_rule(&from, to, Some(("from[0].dags[0]", part)));
    }
    let in_one_alternative = format!(r#""dags":["{{dag}}","x"]{proof}"#);
    assert_rule(
        &in_one_alternative,
        OWN_DAG,
        Some(("to[0].dags[0]", "is not always bound")),
    );
    assert_rule(
        r#""notDags":["{dag}"],"proof":["pod"]"#,
        r#""dags":["x"]"#,
        Some(("from[0].notDags[0]", "nothing binds")),
    );
}

/// Without a proof the application itself would choose the variable's text.
#[test]
fn a_claim_binds_nothing() {
    for (proof, fine) in [
        (r#","proof":["pod","airflow"]"#, true),
        (r#","proof":["airflow"]"#, true),
        (r#","proof":["p*"]"#, true),
        (r#","notProof":["claimed"]"#, true),
        (r#","notProof":["c*"]"#, true),
        (r#","notProof":["pod","claimed"]"#, true),
        (r#","proof":["*"],"notProof":["claimed"]"#, true),
        ("", false),
        (r#","proof":["*"]"#, false),
        (r#","proof":["claimed"]"#, false),
        (r#","proof":["pod","claimed"]"#, false),
        (r#","proof":["*d"]"#, false),
        (r#","notProof":["pod"]"#, false),
    ] {
        let from = format!(r#"{OWN_DAG}{proof}"#);
        let error = (
            "from[0].dags[0]",
            "the application itself can claim that; allowed: a better proof than `claimed` in the same entry: `proof: [pod, airflow]`",
        );
        assert_rule(&from, OWN_DAG, (!fine).then_some(error));
    }
    for (word, to) in [("runs", r#""runs":["{x}"]"#), ("tasks", r#""tasks":["{x}"]"#)] {
        let path = format!("from[0].{word}[0]");
        assert_rule(
            &format!(r#""{word}":["{{x}}"]"#),
            to,
            Some((&path, "can claim that")),
        );
    }
    // Here the identity or a token binds, and the claim only has to agree.
    for from in [
        r#""principals":["spiffe://td/ns/a/sa/w-{dag}"],"dags":["{dag}"]"#,
        r#""principals":["spiffe://td/ns/a/sa/w-{dag}"],"dags":["{dag}_*"]"#,
        r#""claims":{"dag":["{dag}"]},"dags":["{dag}"]"#,
    ] {
        assert_rule(from, OWN_DAG, None);
    }
    // A variable in `proof` may stand for `claimed`.
    assert_rule(
        r#""principals":["spiffe://td/ns/a/sa/{p}"],"dags":["{dag}"],"proof":["{p}"]"#,
        OWN_DAG,
        Some(("from[0].dags[0]", "can claim that")),
    );
}

#[test]
fn tokens_bind_variables_before_the_acting_task_does() {
    for (from, to) in [
        (r#""claims":{"groups":["{team}-dev"]}"#, r#""dags":["{team}_*"]"#),
        (
            r#""claims":{"groups":["{team}-dev"]},"dags":["{team}_*"]"#,
            r#""dags":["{team}_*"]"#,
        ),
        (r#""claims":{"a":["{x}"],"b":["{x}"]}"#, r#""dags":["{x}"]"#),
        (
            r#""requestPrincipals":["https://o/{user}"]"#,
            r#""variables":["{user}_*"]"#,
        ),
        (
            r#""requestPrincipals":["https://o/{user}"],"notClaims":{"groups":["{user}-*"]}"#,
            r#""surfaces":["rest"]"#,
        ),
    ] {
        assert_rule(from, to, None);
    }
    assert_rule(
        r#""claims":{"groups":["{a}-{b}"]}"#,
        r#""dags":["{a}_{b}"]"#,
        Some(("from[0].claims.groups[0]", "binds two variables")),
    );
}

/// The claims of an entry are read together, before what the caller acts for.
#[test]
fn a_condition_on_tokens_uses_no_variable_that_is_bound_later() {
    let rest = r#""dags":["{dag}"],"proof":["pod"]"#;
    let to = r#""dags":["{dag}"],"connections":["{team}"]"#;
    for (word, path) in [
        (
            r#""notClaims":{"banned":["{dag}"]}"#,
            "from[0].notClaims.banned[0]",
        ),
        (
            r#""notRequestPrincipals":["https://o/{dag}"]"#,
            "from[0].notRequestPrincipals[0]",
        ),
    ] {
        assert_rule(
            &format!(r#""claims":{{"team":["{{team}}"]}},{word},{rest}"#),
            to,
            Some((path, "is bound later")),
        );
        // Without claims that bind, those on what the caller acts for come first.
        assert_rule(
            &format!(r#""claims":{{"team":["sales"]}},{word},{rest}"#),
            OWN_DAG,
            None,
        );
    }
    assert_rule(
        &format!(r#""claims":{{"team":["{{team}}"]}},"notClaims":{{"banned":["{{team}}"]}},{rest}"#),
        to,
        None,
    );
}

use super::super::super::error::LoadError;
use super::super::load;

/// The errors of a document with these teams and, if it is not empty, one rule.
fn errors(teams: &str, rule: &str) -> Vec<String> {
    let policies = match rule {
        "" => String::new(),
        rule => format!(r#"{{"name":"p","action":"ALLOW","rules":[{rule}]}}"#),
    };
    let document = format!(r#"{{"apiVersion":"dagward/v1","policies":[{policies}],"teams":{teams}}}"#);
    let errors = load(document.as_bytes()).err().unwrap_or_default();
    errors.iter().map(LoadError::to_string).collect()
}

const ONE_OWNER: &str =
    "one team for each name: of two patterns the longer one wins, and an exact name wins over both";

#[test]
fn a_team_has_a_name_and_lists() {
    for (teams, expected) in [
        (
            r#"[{"name":"sales","serviceAccounts":["airflow/w-sales","x/*"],"principals":["spiffe://td/*"],"dags":["a_*","b","*.c"],
               "connections":["*"],"variables":["é"],"pools":["p"],"assets":["s3://x/*"]},{"name":"idle"}]"#,
            vec![],
        ),
        (
            "[]",
            vec!["teams: an empty list, which matches nothing; allowed: at least one element"],
        ),
        ("{}", vec!["teams: found an object; allowed: a list"]),
        (
            r#"["sales"]"#,
            vec!["teams[0]: found the text `sales`; allowed: a team, which is an object"],
        ),
        (
            r#"[{"dags":["a"]},{"name":"a b"}]"#,
            vec![
                "teams[0]: `name` is missing; allowed: a name that no other team has",
                "teams[1].name: invalid name `a b`; allowed: 1 to 63 letters, digits, `-`, `_` or `.`",
            ],
        ),
        (
            r#"[{"name":"a"},{"name":"b"},{"name":"a"}]"#,
            vec![
                "teams[2].name: `a` is the name of teams[0] already; allowed: a name that no other team has",
            ],
        ),
        (
            r#"[{"name":"a","dag":["x"]}]"#,
            vec![
                "teams[0].dag: unknown field `dag`; allowed: `name`, `serviceAccounts`, `principals`, `dags`, \
                 `connections`, `variables`, `pools`, `assets`; did you mean `dags`?",
            ],
        ),
        (
            r#"[{"name":"a","dags":[]},{"name":"b","dags":"x"},{"name":"c","dags":[7,"a b","a*b"]}]"#,
            vec![
                "teams[0].dags: an empty list, which matches nothing; allowed: at least one element",
                "teams[1].dags: found the text `x`; allowed: a list",
                "teams[2].dags[0]: found the number `7`; allowed: a text",
                "teams[2].dags[1]: `a b` has ` `, so it matches nothing; allowed: a DAG id, such as `sales_*`",
                "teams[2].dags[2]: `a*b` has a `*` that is neither its first nor its last character; allowed: \
                 `text`, `prefix*`, `*suffix` or `*`, variables as `{name}`",
            ],
        ),
        (
            r#"[{"name":"a","dags":["{team}_*"],"serviceAccounts":["worker"],"principals":["td/x"]}]"#,
            vec![
                "teams[0].dags[0]: `{team}_*` has a variable, and a variable is bound by a rule only; allowed: a \
                 pattern without variables",
                "teams[0].serviceAccounts[0]: `worker` is not of the form `namespace/service-account`; allowed: \
                 `namespace/service-account`, such as `airflow/airflow-worker`",
                "teams[0].principals[0]: `td/x` does not begin with `spiffe://`; allowed: a whole SPIFFE ID, such \
                 as `spiffe://cluster.local/ns/airflow/sa/airflow-worker`; did you mean `spiffe://td/x`?",
            ],
        ),
    ] {
        assert_eq!(errors(teams, ""), expected, "{teams}");
    }
}

#[test]
fn no_name_has_two_owners() {
    let teams = |one: &str, other: &str| format!(r#"[{{"name":"a",{one}}},{{"name":"b",{other}}}]"#);
    for (one, other, expected) in [
        (
            r#""dags":["x","orders"]"#,
            r#""dags":["orders"]"#,
            Some(
                "teams[1].dags[0]: `orders` of team `b` and `orders` of team `a` in teams[0].dags[1] can be the same",
            ),
        ),
        (
            r#""dags":["sales_*"]"#,
            r#""dags":["sales_*"]"#,
            Some(
                "teams[1].dags[0]: `sales_*` of team `b` and `sales_*` of team `a` in teams[0].dags[0] can be the same",
            ),
        ),
        (
            r#""dags":["*_eu"]"#,
            r#""dags":["x","ab_*"]"#,
            Some(
                "teams[1].dags[1]: `ab_*` of team `b` and `*_eu` of team `a` in teams[0].dags[0] can be the same",
            ),
        ),
        (
            r#""pools":["*"]"#,
            r#""pools":["*"]"#,
            Some(
                "teams[1].pools[0]: `*` of team `b` and `*` of team `a` in teams[0].pools[0] can be the same",
            ),
        ),
        // Airflow may take these for the same.
        (
            r#""connections":["data_eng*"]"#,
            r#""connections":["Data-Eng*"]"#,
            Some(
                "teams[1].connections[0]: `Data-Eng*` of team `b` and `data_eng*` of team `a` in \
                 teams[0].connections[0] can be the same",
            ),
        ),
        (
            r#""serviceAccounts":["airflow/w"]"#,
            r#""serviceAccounts":["airflow/w"]"#,
            Some(
                "teams[1].serviceAccounts[0]: `airflow/w` of team `b` and `airflow/w` of team `a` in \
                 teams[0].serviceAccounts[0] can be the same",
            ),
        ),
        (r#""dags":["data_eng*"]"#, r#""dags":["data-eng*"]"#, None),
        (
            r#""dags":["sales_*","*"]"#,
            r#""dags":["sales_eu_*","*_x"]"#,
            None,
        ),
        (r#""dags":["x","x","x*","*y"]"#, r#""dags":["z"]"#, None),
        (
            r#""dags":["x"]"#,
            r#""connections":["x"],"variables":["x"]"#,
            None,
        ),
        (
            r#""serviceAccounts":["airflow/*"]"#,
            r#""serviceAccounts":["airflow/w"]"#,
            None,
        ),
    ] {
        let expected: Vec<_> = expected
            .map(|found| format!("{found}; allowed: {ONE_OWNER}"))
            .into_iter()
            .collect();
        assert_eq!(errors(&teams(one, other), ""), expected, "{one} {other}");
    }
    let found = errors(
        &teams(
            r#""principals":["spiffe://td/ns/airflow/sa/w","spiffe://td/x"]"#,
            r#""serviceAccounts":["airflow/w*"]"#,
        ),
        "",
    );
    assert_eq!(
        found,
        [
            "teams[0].principals[0]: `spiffe://td/ns/airflow/sa/w` of team `a` is an account of team `b` in \
             teams[1].serviceAccounts[0] as well; allowed: one team for each account: `serviceAccounts` counts in \
             every trust domain"
        ]
    );
}

#[test]
fn a_rule_names_a_team_of_the_list() {
    let teams = r#"[{"name":"sales"},{"name":"ml"}]"#;
    for (rule, expected) in [
        (
            r#"{"from":[{"teams":["{t}"]}],"to":[{"teams":["{t}","sales","m*"]},{"notTeams":["{t}"]}]}"#,
            None,
        ),
        (
            r#"{"from":[{"teams":["saels"]}]}"#,
            Some(
                "policies[0].rules[0].from[0].teams[0]: `saels` matches no team of the list `teams`; allowed: the \
                 name of a team in `teams`; did you mean `sales`?",
            ),
        ),
        (
            r#"{"to":[{"notTeams":["x*"]}]}"#,
            Some(
                "policies[0].rules[0].to[0].notTeams[0]: `x*` matches no team of the list `teams`; allowed: the name \
                 of a team in `teams`",
            ),
        ),
        (
            r#"{"from":[{"teams":["{t}"]}]}"#,
            Some(
                "policies[0].rules[0].from[0].teams[0]: `{t}` binds `{t}`, which nothing uses; allowed: a variable \
                 that another condition uses, or `*` at the end",
            ),
        ),
        (
            r#"{"from":[{"notTeams":["{t}"]}]}"#,
            Some(
                "policies[0].rules[0].from[0].notTeams[0]: `{t}` uses `{t}`, which nothing binds; allowed: a variable \
                 that this entry binds in each alternative, by one of `principals`, `namespaces`, `serviceAccounts`, \
                 `requestPrincipals`, `claims`, `teams`, `dags`, `runs`, `tasks`",
            ),
        ),
    ] {
        assert_eq!(errors(teams, rule), Vec::from_iter(expected), "{rule}");
    }
    // The names of a list with errors are not known.
    let wrong = errors(r#"[{"name":"a b"}]"#, r#"{"from":[{"teams":["sales"]}]}"#);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    let without = r#"{"apiVersion":"dagward/v1","policies":[{"name":"p","action":"ALLOW","rules":[
        {"from":[{"teams":["{t}"]}],"to":[{"teams":["{t}","sales"]}]}]}]}"#;
    assert!(load(without.as_bytes()).is_ok_and(|ruleset| ruleset.teams().is_none()));
}

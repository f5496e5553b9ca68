use super::super::effect::Mode;
use super::super::error::LoadError;
use super::load;
use crate::operation::{Place, Site};

fn errors(document: &str) -> Vec<String> {
    load(document.as_bytes())
        .err()
        .unwrap_or_default()
        .iter()
        .map(LoadError::to_string)
        .collect()
}

/// The errors of a document with one ALLOW rule.
fn rule_errors(rule: &str) -> Vec<String> {
    errors(&format!(
        r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"ALLOW","rules":[{rule}]}}]}}"#
    ))
}

#[test]
fn loads_the_language() {
    let ruleset = load(
        br#"{"apiVersion":"dagward/v1","mode":"shadow","stampers":["spiffe://td/*"],"meshHosts":["*.svc.example"],
        "policies":[
          {"name":"teams","action":"ALLOW","rules":[{
            "from":[{"principals":["spiffe://td/ns/airflow/sa/w-{team}"],"dags":["{team}_*"],"proof":["pod"]}],
            "to":[{"dags":["{team}_*"],"methods":["GET"]},{"paths":["/x*"],"notHosts":["a.b"]}]}]},
          {"name":"no","action":"DENY","mode":"shadow","rules":[{},{"to":[{"notTasks":["*"]}]}]}]}"#,
    )
    .unwrap();
    assert_eq!(
        (ruleset.mode(), ruleset.policies(), ruleset.rules()),
        (Mode::Shadow, 2, 3)
    );
    assert!(ruleset.has_shadow_policies());
    assert_eq!(ruleset.lists_stamper("spiffe://td/x"), Some(true));
    assert!(ruleset.mesh().contains(b"outbound|80||a.ns.svc.example"));
    assert!(!ruleset.mesh().contains(b"outbound|80||a.ns.svc.cluster.local"));
}

#[test]
fn api_servers_are_named_or_nobody_is_one() {
    let ruleset = |servers: &str| {
        let document = format!(r#"{{"apiVersion":"dagward/v1",{servers}"policies":[]}}"#);
        load(document.as_bytes()).unwrap()
    };
    let named = ruleset(r#""apiServers":["spiffe://td/ns/airflow/sa/api","spiffe://td/ns/b/*"],"#);
    assert!(named.names_api_servers());
    for (principal, listed) in [
        ("spiffe://td/ns/airflow/sa/api", true),
        ("spiffe://td/ns/b/sa/x", true),
        ("spiffe://td/ns/airflow/sa/api2", false),
        ("", false),
    ] {
        assert_eq!(named.lists_api_server(principal), listed, "{principal}");
    }
    let without = ruleset("");
    assert!(!without.names_api_servers() && !without.lists_api_server("spiffe://td/ns/airflow/sa/api"));
    assert_eq!(
        errors(r#"{"apiVersion":"dagward/v1","apiServers":["spiffe://td/ns/{ns}/sa/api"],"policies":[]}"#),
        [
            "apiServers[0]: `spiffe://td/ns/{ns}/sa/api` has a variable, and a variable is bound by a rule only; \
             allowed: a pattern without variables"
        ]
    );
}

#[test]
fn enforces_where_no_mode_is_given() {
    assert_eq!(
        load(br#"{"apiVersion":"dagward/v1","policies":[]}"#)
            .unwrap()
            .mode(),
        Mode::Enforce
    );
}

#[test]
fn says_where_airflow_stands() {
    let site = |fields: &str| {
        let document = format!(r#"{{"apiVersion":"dagward/v1","policies":[]{fields}}}"#);
        load(document.as_bytes()).map(|ruleset| ruleset.site().clone())
    };
    assert_eq!(site(""), Ok(Site::default()));
    let based = Site::default().with_base_path("/team/airflow").unwrap();
    assert_eq!(site(r#","basePath":"/team/airflow""#), Ok(based.clone()));
    let both = site(r#","airflow2WebPages":true,"basePath":"/team/airflow""#);
    assert_eq!(both, Ok(based.with_web_pages(true)));
    let nowhere = site(r#","airflow":"none""#);
    assert_eq!(nowhere, Ok(Site::default().at(Place::Nowhere)));
    let ports = site(r#","airflow":{"ports":[8080,8793]}"#);
    assert_eq!(ports, Ok(Site::default().at(Place::Ports(vec![8080, 8793]))));
    let no_pages = site(r#","airflow2WebPages":false"#);
    assert_eq!(no_pages, Ok(Site::default()));
    assert_eq!(
        errors(
            r#"{"apiVersion":"dagward/v1","policies":[],"basePath":"/airflow/","airflow2WebPages":"yes"}"#
        ),
        [
            "basePath: invalid base path `/airflow/`; allowed: `/` and plain segments, as in the path of Airflow's `base_url`: `/airflow`",
            "airflow2WebPages: found the text `yes`; allowed: `true` or `false`",
        ]
    );
}

#[test]
fn says_where_airflow_is() {
    const PLACE: &str = "allowed: `none`, or an object with `ports`: `{ports: [8080, 8793]}`";
    for (airflow, error) in [
        (
            r#""nowhere""#,
            format!("airflow: found the text `nowhere`; {PLACE}"),
        ),
        ("null", format!("airflow: found null; {PLACE}")),
        ("{}", format!("airflow: `ports` is missing; {PLACE}")),
        (
            r#"{"ports":[]}"#,
            "airflow.ports: an empty list, which matches nothing; allowed: at least one element".to_owned(),
        ),
        (
            r#"{"ports":[0]}"#,
            "airflow.ports[0]: found the number `0`; allowed: a whole number from 1 to 65535".to_owned(),
        ),
    ] {
        let document = format!(r#"{{"apiVersion":"dagward/v1","airflow":{airflow},"policies":[]}}"#);
        assert_eq!(errors(&document), [error]);
    }
    let document = |rest: &str, to: &str| {
        errors(&format!(
            r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"DENY","rules":[{{"to":[{to}]}}]}}],{rest}}}"#
        ))
    };
    let nowhere = r#""airflow":"none""#;
    for to in [
        r#"{"surfaces":["other","rest"],"paths":["/x"],"hosts":["h"]}"#,
        r#"{"notDags":["d"]}"#,
    ] {
        assert_eq!(document(nowhere, to), Vec::<String>::new());
    }
    for word in ["actions", "dags", "surfaces", "variables", "triggers"] {
        let pattern = match word {
            "actions" => "dag:read",
            "surfaces" => "rest",
            _ => "d",
        };
        let errors = document(nowhere, &format!(r#"{{"{word}":["{pattern}"]}}"#));
        let found = format!(
            "`{word}` matches nothing beside `airflow: none`; allowed: `methods`, `paths` and `hosts`"
        );
        assert_eq!(errors, [format!("policies[0].rules[0].to[0].{word}: {found}")]);
    }
    let both = r#""airflow":"none","basePath":"/airflow""#;
    assert_eq!(
        document(both, r#"{"paths":["/airflow/x"]}"#),
        ["basePath: `basePath` says how Airflow is reached, beside `airflow: none`; allowed: one of the two"]
    );
    let based = |rest: &str, path: &str| {
        document(
            &format!(r#""basePath":"/airflow"{rest}"#),
            &format!(r#"{{"paths":["{path}"]}}"#),
        )
    };
    // Also with `ports`: a DENY with such a pattern would refuse nothing on Airflow's ports.
    for place in ["", r#","airflow":{"ports":[8080]}"#] {
        for (path, below) in [
            ("/airflow/api/v2/*", "/api/v2/*"),
            ("/airflow/mcp", "/mcp"),
            ("/airflow", "/"),
        ] {
            assert_eq!(
                based(place, path),
                [format!(
                    "policies[0].rules[0].to[0].paths[0]: `{path}` has the base path; paths are compared below it; \
                     allowed: a path as without `basePath`; did you mean `{below}`?"
                )]
            );
        }
    }
    for path in ["/api/v2/*", "/airflowx", "/airflow*", "*/airflow/x"] {
        assert_eq!(based("", path), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn refuses_what_is_no_document() {
    assert_eq!(
        errors(""),
        ["the document: the document is empty; allowed: a policy document with `apiVersion: dagward/v1`"]
    );
    assert!(
        errors("{")
            .first()
            .unwrap()
            .starts_with("the document: not JSON: EOF")
    );
    assert!(
        load(b"\xff")
            .unwrap_err()
            .first()
            .unwrap()
            .found
            .starts_with("not UTF-8")
    );
    assert_eq!(
        errors("[]"),
        ["the document: found an empty list; allowed: a policy document, which is an object"]
    );
}

#[test]
fn finds_everything_at_once() {
    assert_eq!(
        errors(
            r#"{"apiVersion":"dagward/v2","mod":"enforce","mode":"enforced","policies":[
              {"name":"a","action":"allow","rules":[{}]},
              {"name":"a","action":"DENY","rules":[]},
              {"name":3,"rules":{}}, 7]}"#
        ),
        [
            "mod: unknown field `mod`; allowed: `apiVersion`, `mode`, `stampers`, `apiServers`, `apiServerHosts`, `meshHosts`, `airflow`, `basePath`, `airflow2WebPages`, `tokens`, `teams`, `policies`; did you mean `mode`?",
            "apiVersion: found `dagward/v2`; allowed: `dagward/v1`; did you mean `dagward/v1`?",
            "mode: found `enforced`; allowed: `observe`, `shadow`, `enforce`; did you mean `enforce`?",
            "policies[0].action: found `allow`; allowed: `ALLOW`, `DENY`; did you mean `ALLOW`?",
            "policies[1].name: `a` is the name of policies[0] already; allowed: a name that no other policy has",
            "policies[1].rules: an empty list, which matches nothing; allowed: at least one element",
            "policies[2].name: found the number `3`; allowed: 1 to 63 letters, digits, `-`, `_` or `.`",
            "policies[2].rules: found an object; allowed: a list",
            "policies[2]: `action` is missing; allowed: `ALLOW` or `DENY`",
            "policies[3]: found the number `7`; allowed: a policy, which is an object",
        ]
    );
}

#[test]
fn names_the_field_and_the_nearest_spelling() {
    for (rule, complaint) in [
        (
            r#"{"form":[]}"#,
            "policies[0].rules[0].form: unknown field `form`; allowed: `description`, `from`, `to`; did you mean `from`?",
        ),
        (
            r#"{"from":[]}"#,
            "policies[0].rules[0].from: an empty list, which matches nothing; allowed: at least one element",
        ),
        (
            r#"{"from":[{}]}"#,
            "policies[0].rules[0].from[0]: an entry without conditions; allowed: at least one condition; a rule without `from` holds for any",
        ),
        (
            r#"{"to":[{"dags":"a"}]}"#,
            "policies[0].rules[0].to[0].dags: found the text `a`; allowed: a list",
        ),
        (
            r#"{"to":[{"dags":[1]}]}"#,
            "policies[0].rules[0].to[0].dags[0]: found the number `1`; allowed: a text",
        ),
        (
            r#"{"to":[{"dags":["a"],"dags":["b"]}]}"#,
            "policies[0].rules[0].to[0].dags: `dags` is given twice; allowed: once",
        ),
        (
            r#"{"to":[{"dags":["a*b"]}]}"#,
            "policies[0].rules[0].to[0].dags[0]: `a*b` has a `*` that is neither its first nor its last character; allowed: `text`, `prefix*`, `*suffix` or `*`, variables as `{name}`",
        ),
        (
            r#"{"from":[{"proof":["pods"]}]}"#,
            "policies[0].rules[0].from[0].proof[0]: `pods` matches nothing that exists; allowed: `claimed`, `pod`, `airflow`; did you mean `pod`?",
        ),
        (
            r#"{"from":[{"principals":["cluster.local/ns/a/sa/b"]}]}"#,
            "policies[0].rules[0].from[0].principals[0]: `cluster.local/ns/a/sa/b` does not begin with `spiffe://`; allowed: a whole SPIFFE ID, such as `spiffe://cluster.local/ns/airflow/sa/airflow-worker`; did you mean `spiffe://cluster.local/ns/a/sa/b`?",
        ),
        (
            r#"{"from":[{"serviceAccounts":["worker"]}]}"#,
            "policies[0].rules[0].from[0].serviceAccounts[0]: `worker` is not of the form `namespace/service-account`; allowed: `namespace/service-account`, such as `airflow/airflow-worker`",
        ),
        (
            r#"{"to":[{"methods":["get"]}]}"#,
            "policies[0].rules[0].to[0].methods[0]: `get` is not upper case, as methods are; allowed: `CONNECT`, `DELETE`, `GET`, `HEAD`, `OPTIONS`, `PATCH`, `POST`, `PUT`, `TRACE`; did you mean `GET`?",
        ),
        (
            r#"{"to":[{"hosts":["api:8080"]}]}"#,
            "policies[0].rules[0].to[0].hosts[0]: `api:8080` names a port; hosts are compared without theirs; allowed: a host name, such as `api.airflow.svc.cluster.local`; did you mean `api`?",
        ),
        (
            r#"{"to":[{"paths":["x"]}]}"#,
            "policies[0].rules[0].to[0].paths[0]: `x` does not begin with `/`; allowed: a path that begins with `/`, without its query; did you mean `/x`?",
        ),
        (
            r#"{"to":[{"triggers":["airflow.providers.*"]}]}"#,
            "policies[0].rules[0].to[0].triggers[0]: `airflow.providers.*` also matches all that Airflow's modules import, such as `airflow.providers.standard.hooks.subprocess.Popen`; allowed: the whole path of a class, such as `airflow.providers.standard.triggers.temporal.DateTimeTrigger`, a package of your own, such as `sales.triggers.*`, or `*`",
        ),
        (
            r#"{"to":[{"dags":["sales_a"],"notDags":["sales_*"]}]}"#,
            "policies[0].rules[0].to[0].notDags: `notDags` excludes all that `dags` admits, so the entry matches nothing; allowed: patterns that leave something of `dags`",
        ),
    ] {
        assert_eq!(rule_errors(rule), [complaint], "{rule}");
    }
}

#[test]
fn a_trigger_is_named_whole_or_by_a_package_of_one_s_own() {
    for (pattern, fine) in [
        (
            "airflow.providers.standard.triggers.temporal.DateTimeTrigger",
            true,
        ),
        ("sales.triggers.*", true),
        ("*", true),
        ("airflow.*", false),
        ("airflow.triggers.callback.*", false),
        ("air*", false),
        ("*Trigger", false),
        ("a.b:C", false),
        ("a/b", false),
    ] {
        for word in ["triggers", "notTriggers"] {
            let errors = rule_errors(&format!(r#"{{"to":[{{"{word}":["{pattern}"]}}]}}"#));
            assert_eq!(errors.is_empty(), fine, "{word} {pattern}: {errors:?}");
        }
    }
}

#[test]
fn variables_are_bound_once_and_used() {
    const BOUND: &str = r#""principals":["spiffe://td/ns/a/sa/w-{team}"]"#;
    let fine = format!(r#"{{"from":[{{{BOUND}}}],"to":[{{"dags":["{{team}}_*"]}}]}}"#);
    assert_eq!(rule_errors(&fine), Vec::<String>::new());
    for (rule, path, part) in [
        (
            format!(r#"{{"from":[{{{BOUND}}}]}}"#),
            "from[0].principals[0]",
            "nothing uses",
        ),
        (
            r#"{"to":[{"dags":["{team}_*"]}]}"#.to_owned(),
            "to[0].dags[0]",
            "nothing binds",
        ),
        (
            format!(r#"{{"from":[{{{BOUND}}},{{"namespaces":["x"]}}],"to":[{{"dags":["{{team}}"]}}]}}"#),
            "to[0].dags[0]",
            "is not always bound",
        ),
        (
            r#"{"from":[{"principals":["spiffe://td/ns/a/sa/w-{team}","spiffe://td/x"],"dags":["{team}"]}]}"#
                .to_owned(),
            "from[0].dags[0]",
            "can claim that",
        ),
        (
            r#"{"from":[{"principals":["spiffe://td/ns/a/sa/{x}{y}"],"dags":["{x}_{y}"]}]}"#.to_owned(),
            "from[0].principals[0]",
            "two variables",
        ),
        (
            r#"{"from":[{"principals":["spiffe://td/ns/a/sa/{x}*"],"dags":["{x}"]}]}"#.to_owned(),
            "from[0].principals[0]",
            "next to a `*`",
        ),
    ] {
        let errors = rule_errors(&rule);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(
            errors[0].starts_with(&format!("policies[0].rules[0].{path}: ")),
            "{errors:?}"
        );
        assert!(errors[0].contains(part), "{errors:?}");
    }
}

#[test]
fn a_description_is_a_bounded_text() {
    let with = |description: &str| {
        format!(
            r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","description":{description},"action":"ALLOW","rules":[{{"description":{description}}}]}}]}}"#
        )
    };
    assert_eq!(
        load(with(&format!("\"{}\"", "ü".repeat(1_000))).as_bytes())
            .unwrap()
            .rules(),
        1
    );
    let long = errors(&with(&format!("\"{}\"", "a".repeat(1_001))));
    let allowed = "allowed: a text of at most 1000 characters";
    assert_eq!(
        long,
        [
            format!("policies[0].description: a text of 1001 characters; {allowed}"),
            format!("policies[0].rules[0].description: a text of 1001 characters; {allowed}"),
        ]
    );
    assert!(errors(&with("7"))[0].contains("found the number `7`"));
}

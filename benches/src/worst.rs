//! The most expensive request of each kind that a caller can send, from its headers to the decision
//! and the reasons for the log.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use dagward::authorize::{self, Incoming, Token};
use dagward::caller::{Credential, Principal, TaskInstanceId};
use dagward::learn::{Learned, Owner, Run};
use dagward::operation::{Body, Request};
use dagward::policy::Ruleset;
use dagward::token::Tokens;
use dagward::verdict::Direction;
use dagward::wire::Header;

use crate::{measured, request, ruleset, shown};

/// The number of rules in the policy.
const RULES: usize = 10_000;

/// Envoy's limit for all headers in bytes, less the size of the other headers.
const LONG: usize = 58_000;

/// The filter's limit for a body, in bytes.
const LONG_BODY: usize = 64 * 1024;

const STATE: &str = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/state";

/// One request under one policy.
struct Worst {
    policy: String,
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Default for Worst {
    fn default() -> Self {
        Self {
            policy: policy(&[]),
            method: "GET",
            target: request::XCOM.to_owned(),
            headers: Vec::new(),
            body: Some(String::new()),
        }
    }
}

/// The names of all kinds.
pub(crate) const CASES: [&str; 16] = [
    "many outlets",
    "a body of numbers",
    "a body of objects",
    "many assets under many DENY rules by DAG",
    "many assets under many DENY rules by DAG and action",
    "many assets under many DENY rules that name nothing",
    "a pending DAG under many ALLOW rules by DAG",
    "many DAGs that no rule allows",
    "long ids in a body",
    "a long path",
    "a long path that is ambiguous",
    "many query parameters",
    "many escaped query parameters",
    "many ids in the query",
    "many cookies",
    "many parameters where tokens may be",
];

/// Measures one of [`CASES`].
pub(crate) fn measure(case: &str) -> Result<()> {
    let worst = worst(case).with_context(|| format!("unknown case `{case}`"))?;
    let ruleset = ruleset(worst.policy.as_bytes())?;
    let principal = Principal::parse(request::PEER)?;
    let headers: Vec<Header<'_>> = worst
        .headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let tokens = Tokens::new([7; 16]);
    let learned = Learned {
        run: Some(Run {
            dag_id: "sales_daily".to_owned(),
            run_id: "r".to_owned(),
        }),
        owner: Some(Owner {
            principal: request::PEER.to_owned(),
            enforced: true,
        }),
        ..Learned::default()
    };
    let asked = Request {
        method: worst.method,
        target: &worst.target,
        body: worst
            .body
            .as_ref()
            .map_or(Body::Pending, |body| Body::Whole(body.as_bytes())),
        ..request::line("GET", "/")
    };
    let incoming = Incoming {
        peer: Ok(Some(&principal)),
        port: "8080",
        token: Token {
            credential: TaskInstanceId::parse(request::TASK).map_or(Credential::Absent, Credential::Task),
            learned: Some(&learned),
            ..Token::default()
        },
        verifiers: Some(shown::verifiers(&tokens)),
        ..Incoming::new(Direction::Inbound, asked, &headers)
    };
    // The first request builds the tree of routes.
    authorize::authorize(
        Some(&ruleset),
        request::proxy(&principal),
        &request::incoming(&principal),
    );
    let reasons = measured(|| all_rooms(&ruleset, &principal, &incoming));
    ensure!(!reasons.is_empty(), "there is no reason");
    Ok(())
}

fn all_rooms(ruleset: &Ruleset, principal: &Principal, incoming: &Incoming<'_>) -> Vec<String> {
    let outcome = authorize::authorize(Some(ruleset), request::proxy(principal), incoming);
    authorize::reasons(Some(ruleset), &outcome, incoming, false)
}

fn worst(case: &str) -> Option<Worst> {
    let worst = Worst::default();
    let by_dag = |action: &str, more: &str| {
        rules(
            |number| format!(r#"{{"to":[{{"dags":["d{number}"]{more}}}]}}"#),
            action,
        )
    };
    Some(match case {
        "many outlets" => Worst {
            method: "PATCH",
            target: STATE.to_owned(),
            body: Some(outlets(usize::MAX)),
            ..worst
        },
        "a body of numbers" => Worst {
            method: "PATCH",
            target: STATE.to_owned(),
            body: Some(format!("{{\"x\":[{}1.5]}}", "1,".repeat(LONG_BODY / 2 - 10))),
            ..worst
        },
        "a body of objects" => Worst {
            method: "PATCH",
            target: STATE.to_owned(),
            body: Some(format!(
                "{{\"x\":[{}1]}}",
                r#"{"\u0061":1},"#.repeat(LONG_BODY / 13 - 10)
            )),
            ..worst
        },
        "many assets under many DENY rules by DAG" => Worst {
            policy: policy(&[
                rules(
                    |number| {
                        format!(
                            r#"{{"from":[{{"namespaces":["n{number}"]}}],"to":[{{"dags":["d{number}"]}}]}}"#
                        )
                    },
                    "DENY",
                ),
                everything(),
            ]),
            method: "PATCH",
            target: STATE.to_owned(),
            body: Some(outlets(127)),
            ..worst
        },
        "many assets under many DENY rules by DAG and action" => Worst {
            policy: policy(&[
                rules(
                    |number| {
                        format!(
                            r#"{{"from":[{{"namespaces":["airflow"]}}],"to":[{{"dags":["d{number}"],"actions":["dag:delete"]}}]}}"#
                        )
                    },
                    "DENY",
                ),
                everything(),
            ]),
            method: "PATCH",
            target: STATE.to_owned(),
            body: Some(outlets(127)),
            ..worst
        },
        "many assets under many DENY rules that name nothing" => Worst {
            policy: policy(&[
                rules(
                    |number| format!(r#"{{"to":[{{"notPaths":["/x{number}","/execution/*"]}}]}}"#),
                    "DENY",
                ),
                everything(),
            ]),
            method: "PATCH",
            target: STATE.to_owned(),
            body: Some(outlets(127)),
            ..worst
        },
        "a pending DAG under many ALLOW rules by DAG" => Worst {
            policy: policy(&[by_dag("ALLOW", r#","actions":["dag:read"]"#)]),
            method: "PATCH",
            target: "/api/v2/dags/mine/dagRuns/r/taskInstances".to_owned(),
            body: None,
            ..worst
        },
        "many DAGs that no rule allows" => Worst {
            policy: policy(&[rules(
                |number| {
                    format!(r#"{{"from":[{{"namespaces":["airflow"]}}],"to":[{{"dags":["d{number}_*"]}}]}}"#)
                },
                "ALLOW",
            )]),
            method: "POST",
            target: "/api/v2/dags/~/dagRuns/list".to_owned(),
            body: Some(list("dag_ids", 127, |number| format!("d{number}"))),
            ..worst
        },
        "long ids in a body" => Worst {
            policy: policy(&[by_dag("ALLOW", "")]),
            method: "PATCH",
            target: format!("/api/v2/dags/%41{}/dagRuns/r/taskInstances", "a".repeat(30_000)),
            body: Some(format!(
                r#"{{"actions":[{{"entities":[{}]}}]}}"#,
                (0..120)
                    .map(|number| format!(r#"{{"task_id":"\u0061{}{number:03}"}}"#, "a".repeat(500)))
                    .collect::<Vec<_>>()
                    .join(",")
            )),
            ..worst
        },
        "a long path" => Worst {
            policy: policy(&[by_dag("ALLOW", "")]),
            target: format!("/execution/variables/%61{}", "b/".repeat(LONG / 2)),
            ..worst
        },
        "a long path that is ambiguous" => Worst {
            target: format!("/{}", "a/../%2e;#".repeat(LONG / 10)),
            ..worst
        },
        "many query parameters" => Worst {
            target: format!("/api/v2/eventLogs?{}", "a&".repeat(LONG / 2)),
            ..worst
        },
        "many escaped query parameters" => Worst {
            target: format!("/api/v2/eventLogs?{}", "%64ag_i&".repeat(LONG / 8)),
            ..worst
        },
        "many ids in the query" => Worst {
            target: format!("/api/v2/dagStats?dag_ids=%61{}", ",b".repeat(LONG / 2)),
            ..worst
        },
        "many cookies" => Worst {
            policy: with_tokens("cookie"),
            target: "/api/v2/dags".to_owned(),
            headers: vec![("cookie".to_owned(), "a=;".repeat(LONG / 3))],
            ..worst
        },
        "many parameters where tokens may be" => Worst {
            policy: with_tokens("query"),
            target: format!("/api/v2/dags?{}", "%63&".repeat(LONG / 4)),
            ..worst
        },
        _ => return None,
    })
}

/// A body of `state` that names `most` assets, or as many as fit.
fn outlets(most: usize) -> String {
    let mut body = String::from(r#"{"state":"success","task_outlets":["#);
    for number in 0..most {
        if body.len() + 40 > LONG_BODY {
            break;
        }
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(body, r#"{comma}{{"name":"{number}"}}"#);
    }
    body + "]}"
}

fn list(name: &str, count: usize, id: impl Fn(usize) -> String) -> String {
    let ids: Vec<String> = (0..count).map(|number| format!(r#""{}""#, id(number))).collect();
    format!(r#"{{"{name}":[{}]}}"#, ids.join(","))
}

fn rules(rule: impl Fn(usize) -> String, action: &str) -> String {
    let rules: Vec<String> = (0..RULES).map(rule).collect();
    format!(
        r#"{{"name":"{}","action":"{action}","rules":[{}]}}"#,
        action.to_lowercase(),
        rules.join(",")
    )
}

fn everything() -> String {
    r#"{"name":"everything","action":"ALLOW","rules":[{}]}"#.to_owned()
}

fn policy(policies: &[String]) -> String {
    format!(
        r#"{{"apiVersion":"dagward/v1","mode":"enforce","policies":[{}]}}"#,
        policies.join(",")
    )
}

/// A policy that looks for tokens in four locations of this kind.
fn with_tokens(place: &str) -> String {
    let issuers: Vec<String> = (0..4)
        .map(|number| {
            format!(
                r#"{{"name":"i{number}","kind":"oidc","issuer":"https://i{number}","audiences":["a"],"locations":[{{"{place}":"c{number}"}}],"surfaces":["rest"],"jwksUri":"https://i/","cluster":"c"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"apiVersion":"dagward/v1","mode":"enforce","policies":[],"tokens":[{}]}}"#,
        issuers.join(",")
    )
}

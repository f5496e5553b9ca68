//! A pod for each task, as KubernetesExecutor has it: what a thief in a pod of team ml tries with tokens of team sales, on
//! one Airflow, first without the filter and then with it and the shipped policy. Meanwhile sales' tasks run on.
//!
//! With Celery the same is in `tests/attacks`.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use dagward_lab::airflow::{Airflow, Mesh, Pod, Rest, task_tokens};
use dagward_lab::client::{Client, Request, Response};
use dagward_lab::sidecar::Plugin;
use dagward_lab::{paths, wait};
use serde_json::{Value, json};

use crate::policies;

const SERVER: &str = "airflow-api-server:8080";

/// How long a task may take to start on a busy machine.
const STARTED: Duration = Duration::from_secs(240);

static STORY: LazyLock<[Phase; 2]> = LazyLock::new(|| {
    let airflow = Airflow::start().unwrap();
    let rest = airflow.rest().unwrap();
    let variable = json!({"key": "sales_key", "value": "goldfish"});
    assert_eq!(rest.post("/api/v2/variables", &variable).unwrap().status, 201);
    [("open", None), ("guarded", Some(policies::two_teams()))]
        .map(|(run, plugin)| Phase::tell(&airflow, &rest, run, plugin.as_ref()))
});

/// What happened in one phase.
struct Phase {
    outcomes: Vec<(Attempt, Response)>,
    /// How sales' runs ended.
    runs: [String; 2],
    /// What the api-server's sidecar has logged of sales' pods.
    requests: Vec<Value>,
}

/// What a thief sends, and what comes of it.
struct Attempt {
    name: &'static str,
    request: Request,
    /// Airflow's status.
    alone: u16,
    /// What is in Airflow's answer if the attempt succeeds.
    loot: Loot,
    /// dagward's code; none where the token proves nothing and the request is allowed without.
    code: Option<&'static str>,
}

/// What a thief gains.
#[derive(Clone, Copy)]
enum Loot {
    /// A text in the body.
    Told(&'static str),
    /// A fresh token.
    Renewed,
    /// That a proxy might take the sender for the token's owner.
    Owner,
}

/// The tokens of one phase.
struct Tokens {
    stolen: String,
    aged: String,
    forged: [String; 2],
}

impl Phase {
    fn tell(airflow: &Airflow, rest: &Rest, run: &str, plugin: Option<&Plugin>) -> Self {
        let thief = Pod::new("ml", "ml_train", run, "features");
        let victims = [
            Pod::new("sales", "sales_leaky", run, "leak"),
            Pod::new("sales", "sales_daily", run, "extract"),
            Pod::new("sales", "sales_daily", run, "load"),
        ];
        let pods = [&victims[..], std::slice::from_ref(&thief)].concat();
        let mesh = Mesh::start(airflow, &pods, plugin).unwrap();
        let files = paths::scratch("stolen").unwrap();
        let (leak, until) = (files.path().join("token"), files.path().join("until"));
        rest.trigger("sales_leaky", run, &json!({"leak_to": leak, "until": until}))
            .unwrap();
        wait::until("a task's token", STARTED, || Ok(leak.exists().then_some(()))).unwrap();
        // A task that has not begun, so that a forged token would be the first that a proxy sees.
        pause(rest, true);
        rest.trigger("sales_daily", run, &json!({})).unwrap();

        let running = task_instance(rest, "sales_leaky", run, "leak");
        let queued = task_instance(rest, "sales_daily", run, "extract");
        let secret = airflow.jwt_secret();
        let tokens = Tokens {
            stolen: fs::read_to_string(&leak).unwrap(),
            aged: task_tokens::sign(secret, &running, &task_tokens::aged().unwrap()).unwrap(),
            forged: [&running, &queued].map(|task| task_tokens::forged(task).unwrap()),
        };
        let client = Client::plain(mesh.sidecar(&thief).unwrap().outbound().unwrap());
        let outcomes = attempts(&tokens, &running)
            .into_iter()
            .map(|attempt| {
                let answer = client.send(&attempt.request).unwrap();
                (attempt, answer)
            })
            .collect();
        fs::write(until, "").unwrap();
        pause(rest, false);
        let runs = ["sales_leaky", "sales_daily"].map(|dag| rest.finished(dag, run).unwrap());
        let mut requests = mesh.server().access_log().unwrap();
        requests
            .retain(|request| request["peer"] == "spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales");
        Self {
            outcomes,
            runs,
            requests,
        }
    }
}

/// All that the thief tries, in this order: first what could make it the tokens' owner.
fn attempts(tokens: &Tokens, running: &str) -> Vec<Attempt> {
    let mut attempts = unverified(tokens);
    attempts.extend(unreadable(tokens, running));
    attempts.extend(renewal(tokens));
    attempts
}

fn get(path: &str, authorization: impl AsRef<[u8]>) -> Request {
    Request::get(SERVER, path).header("authorization", authorization)
}

/// Forged tokens where Airflow verifies none.
fn unverified(tokens: &Tokens) -> Vec<Attempt> {
    let [running, queued] = &tokens.forged;
    [
        (
            "a forged token of a running task at Airflow's health",
            running,
            "/api/v2/monitor/health",
            None,
        ),
        (
            "a forged token of a queued task at Airflow's health",
            queued,
            "/api/v2/monitor/health",
            None,
        ),
        (
            "a forged token of a running task at the tasks' health",
            running,
            "/execution/health",
            Some("token_of_another"),
        ),
        (
            "a forged token of a queued task at the tasks' health",
            queued,
            "/execution/health",
            Some("token_owner_unknown"),
        ),
    ]
    .map(|(name, token, path, code)| Attempt {
        name,
        request: get(path, format!("Bearer {token}")),
        alone: 200,
        loot: Loot::Owner,
        code,
    })
    .into()
}

/// The stolen token in forms that Airflow reads.
fn unreadable(tokens: &Tokens, running: &str) -> Vec<Attempt> {
    let forms = [
        (
            "after a no-break space",
            [&b"Bearer \xa0"[..], tokens.stolen.as_bytes()].concat(),
        ),
        (
            "before a next line",
            [b"Bearer ", tokens.stolen.as_bytes(), b"\x85"].concat(),
        ),
    ];
    let fields = format!("/execution/task-instances/{running}/rtif");
    let attempts = forms.into_iter().flat_map(|(form, credential)| {
        let writes = Request::new("PUT", SERVER, &fields)
            .header("authorization", &credential)
            .header("content-type", "application/json")
            .body(json!({"planted": form}).to_string());
        [
            (
                "a variable",
                get("/execution/variables/sales_key", &credential),
                200,
                "goldfish",
            ),
            ("another's rendered fields", writes, 201, "success"),
        ]
        .map(|(what, request, alone, text)| Attempt {
            name: String::leak(format!("{what} by a token {form}")),
            request,
            alone,
            loot: Loot::Told(text),
            code: Some("malformed_token"),
        })
    });
    attempts.collect()
}

/// The stolen token in the last fifth of its life.
fn renewal(tokens: &Tokens) -> Vec<Attempt> {
    [
        ("a fresh token at the tasks' health", "/execution/health", 200),
        ("a fresh token at the documentation", "/execution/docs", 200),
        (
            "a fresh token at a path without a route",
            "/execution/nothing",
            404,
        ),
        (
            "a fresh token with a variable",
            "/execution/variables/sales_key",
            200,
        ),
    ]
    .map(|(name, path, alone)| Attempt {
        name,
        request: get(path, format!("Bearer {}", tokens.aged)),
        alone,
        loot: Loot::Renewed,
        code: Some("token_of_another"),
    })
    .into()
}

fn pause(rest: &Rest, paused: bool) {
    let request = Request::new("PATCH", SERVER, "/api/v2/dags/sales_daily")
        .header("content-type", "application/json")
        .body(json!({"is_paused": paused}).to_string());
    assert_eq!(rest.send(request).unwrap().status, 200);
}

/// The id of a task of a run, which is the subject of its tokens.
fn task_instance(rest: &Rest, dag: &str, run: &str, task: &str) -> String {
    let path = format!("/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}");
    let answer = rest.get(&path).unwrap().json().unwrap();
    answer["id"].as_str().unwrap().to_owned()
}

#[test]
fn airflow_alone_gives_the_thief_all_of_it() {
    let [open, _] = &*STORY;
    for (attempt, answer) in &open.outcomes {
        assert_eq!(
            answer.status,
            attempt.alone,
            "{}: {}",
            attempt.name,
            answer.text()
        );
        match attempt.loot {
            Loot::Told(text) => assert!(
                answer.text().contains(text),
                "{}: {}",
                attempt.name,
                answer.text()
            ),
            Loot::Renewed => assert!(answer.header("refreshed-api-token").is_some(), "{}", attempt.name),
            Loot::Owner => (),
        }
    }
}

#[test]
fn with_the_filter_the_thief_gets_none_of_it() {
    let [_, guarded] = &*STORY;
    for (attempt, answer) in &guarded.outcomes {
        assert_eq!(answer.header("refreshed-api-token"), None, "{}", attempt.name);
        match attempt.code {
            None => assert_eq!(
                answer.status,
                attempt.alone,
                "{}: {}",
                attempt.name,
                answer.text()
            ),
            Some(code) => {
                assert_eq!(answer.status, 403, "{}: {}", attempt.name, answer.text());
                let text = answer.text();
                assert!(text.contains(&format!("({code})")), "{}: {text}", attempt.name);
            }
        }
    }
}

#[test]
fn the_tasks_that_it_steals_from_notice_nothing() {
    for phase in &*STORY {
        assert_eq!(phase.runs, ["success", "success"]);
    }
    let [_, guarded] = &*STORY;
    assert!(guarded.requests.len() > 8, "{:#?}", guarded.requests);
    for request in &guarded.requests {
        assert_eq!(request["dagward_decision"], "allowed", "{request}");
    }
}

//! Two api-servers on one database, each behind a sidecar of its own, under the policy for teams. An attacker steals a
//! running task's token and uses it at the api-server that has not seen the task. Then requests alternate between both,
//! without an effect on honest tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use dagward_releases::Release;
use dagward_testbed::airflow::{Component, Deployment, Executor, Rest, Setup, task_tokens};
use dagward_testbed::client::{Client, Request, Response};
use dagward_workbench::{paths, wait};
use serde_json::{Value, json};

use crate::policies;

const SERVER: &str = "airflow-api-server:8080";
const REPLICA: &str = "airflow-api-server-replica:8080";

const HEALTH: &str = "/api/v2/monitor/health";

/// The time within which a task must start on a busy machine.
const STARTED: Duration = Duration::from_secs(240);

static REPLICAS: LazyLock<Replicas> = LazyLock::new(Replicas::run);

/// The results of the demo.
struct Replicas {
    open: Theft,
    guarded: Theft,
    /// The states in which honest runs ended while requests alternated, by DAG.
    runs: BTreeMap<&'static str, String>,
    /// The workers' requests at each api-server meanwhile.
    requests: [Vec<Value>; 2],
}

/// The results for a stolen token.
struct Theft {
    /// The answers by name: the caller, the request and the api-server.
    answers: BTreeMap<&'static str, Response>,
    /// The state in which the run of the robbed task ended.
    victim: String,
}

impl Replicas {
    fn run() -> Self {
        let mut deployment = Deployment::start(Setup {
            replicated: true,
            ..Setup::new(Release::V3_3, Executor::Celery, None)
        })
        .unwrap();
        let rest = deployment.direct().unwrap();
        let variable = json!({"key": "sales_key", "value": "goldfish"});
        assert_eq!(rest.post("/api/v2/variables", &variable).unwrap().status, 201);
        let open = Theft::commit(&deployment, &rest, "open");
        deployment.exchange(Some(&policies::two_teams())).unwrap();
        let guarded = Theft::commit(&deployment, &rest, "guarded");

        deployment.balance().unwrap();
        let dags = ["sales_daily", "ml_train"];
        for dag in dags {
            rest.trigger(dag, "balanced", &json!({})).unwrap();
        }
        let runs = dags.map(|dag| (dag, rest.finished(dag, "balanced").unwrap()));
        let requests = [Component::ApiServer, Component::Replica].map(|component| {
            let mut requests = deployment.requests(component).unwrap();
            requests.retain(|request| path(request).starts_with("/execution/"));
            requests
        });
        Self {
            open,
            guarded,
            runs: runs.into(),
            requests,
        }
    }
}

impl Theft {
    /// Runs a task of sales that leaves its token where others find it. Its worker calls only the first api-server.
    fn commit(deployment: &Deployment, rest: &Rest, run: &str) -> Self {
        let files = paths::scratch("stolen").unwrap();
        let (leak, until) = (files.path().join("token"), files.path().join("until"));
        rest.trigger("sales_leaky", run, &json!({"leak_to": leak, "until": until}))
            .unwrap();
        wait::until("a task's token", STARTED, || Ok(leak.exists().then_some(()))).unwrap();
        let token = format!("Bearer {}", fs::read_to_string(&leak).unwrap());
        let task = deployment
            .query(&format!("SELECT id FROM task_instance WHERE run_id = '{run}'"))
            .unwrap();

        let with = |host: &str, request: Request| {
            let request = Request {
                host: host.to_owned(),
                ..request
            };
            request.header("authorization", token.clone())
        };
        let read = |host| with(host, Request::get(host, "/execution/variables/sales_key"));
        let patch = |route: &str, body: Value| {
            let path = format!("/execution/task-instances/{task}/{route}");
            let request = Request::new("PATCH", REPLICA, &path).header("content-type", "application/json");
            with(REPLICA, request.body(body.to_string()))
        };
        let start = patch(
            "run",
            json!({
                "state": "running", "hostname": "h", "unixname": "u", "pid": 1, "start_date": "2026-11-24T00:00:00Z",
            }),
        );
        let end = patch(
            "state",
            json!({"state": "failed", "end_date": "2026-11-24T00:00:00Z"}),
        );
        let vouched = |request: Request| {
            request
                .header("x-airflow-dag-id", "sales_leaky")
                .header("x-airflow-ti-id", task.clone())
                .header("x-airflow-proof", "airflow")
        };

        let thief = deployment.client_in(Component::Worker("ml")).unwrap();
        let owner = deployment.client_in(Component::Worker("sales")).unwrap();
        let agent = deployment
            .authority()
            .service_account("ai-agents", "assistant")
            .unwrap();
        let agent = deployment.client_as(&agent, Component::Replica).unwrap();
        let open = |host, path| with(host, Request::get(host, path));
        let unsigned = format!("Bearer {}", task_tokens::forged(&task).unwrap());
        let forged = |host: &str, path| Request::get(host, path).header("authorization", unsigned.clone());
        let asked: [(&'static str, &Client, Request); 14] = [
            // Airflow gives this answer to every caller, with any token.
            (
                "the thief forges a token",
                &thief,
                forged(REPLICA, "/execution/health"),
            ),
            ("a stranger forges a token", &agent, forged(REPLICA, HEALTH)),
            ("the thief asks for health", &thief, open(REPLICA, HEALTH)),
            (
                "the thief asks for the tasks' health",
                &thief,
                open(REPLICA, "/execution/health"),
            ),
            (
                "the thief asks for the tasks' health where the task was seen",
                &thief,
                open(SERVER, "/execution/health"),
            ),
            ("the thief reads", &thief, read(REPLICA)),
            ("the thief reads where the task was seen", &thief, read(SERVER)),
            ("the thief forges headers", &thief, vouched(read(REPLICA))),
            ("a stranger forges headers", &agent, vouched(read(REPLICA))),
            ("the thief starts the task again", &thief, start),
            ("the thief reads once more", &thief, read(REPLICA)),
            ("the owner reads", &owner, read(REPLICA)),
            ("the thief reads after the owner", &thief, read(REPLICA)),
            ("the thief ends the task", &thief, end),
        ];
        let answers = asked
            .into_iter()
            .map(|(name, client, request)| (name, client.send(&request).unwrap()))
            .collect();
        fs::write(until, "").unwrap();
        Self {
            answers,
            victim: rest.finished("sales_leaky", run).unwrap(),
        }
    }

    fn assert(&self, name: &str, status: u16, text: &str) {
        let answer = &self.answers[name];
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(answer.text().contains(text), "{name}: {}", answer.text());
    }
}

fn path(request: &Value) -> &str {
    request["path"].as_str().unwrap_or_default()
}

#[test]
fn without_the_filter_the_stolen_token_is_good_at_both() {
    let open = &REPLICAS.open;
    for name in open.answers.keys().filter(|name| name.contains("reads")) {
        open.assert(name, 200, "goldfish");
    }
    for name in ["the thief forges headers", "a stranger forges headers"] {
        open.assert(name, 200, "goldfish");
    }
    for name in [
        "the thief asks for health",
        "the thief asks for the tasks' health",
    ] {
        open.assert(name, 200, "healthy");
    }
    open.assert("the thief ends the task", 204, "");
    assert_eq!(open.victim, "failed");
}

#[test]
fn with_it_the_stolen_token_is_good_at_neither() {
    let guarded = &REPLICAS.guarded;
    for name in [
        "the thief forges a token",
        "the thief asks for the tasks' health",
        "the thief reads",
        "the thief forges headers",
        "a stranger forges headers",
        "the thief reads once more",
        "the thief reads after the owner",
        "the thief ends the task",
    ] {
        guarded.assert(name, 403, "(token_owner_unknown)");
    }
    for name in ["a stranger forges a token", "the thief asks for health"] {
        guarded.assert(name, 200, "healthy");
    }
    for name in [
        "the thief asks for the tasks' health where the task was seen",
        "the thief reads where the task was seen",
    ] {
        guarded.assert(name, 403, "(token_owned_by_another)");
    }
    // Airflow itself does not start a task that already runs.
    guarded.assert("the thief starts the task again", 409, "invalid_state");
}

#[test]
fn its_owner_uses_it_at_both() {
    REPLICAS.guarded.assert("the owner reads", 200, "goldfish");
    assert_eq!(REPLICAS.guarded.victim, "success");
}

#[test]
fn tasks_whose_api_servers_take_turns_notice_nothing() {
    assert_eq!(REPLICAS.runs.len(), 2);
    for (dag, state) in &REPLICAS.runs {
        assert_eq!(state, "success", "{dag}");
    }
    for requests in &REPLICAS.requests {
        assert!(requests.len() > 3, "{requests:#?}");
        for request in requests {
            assert_eq!(request["dagward_decision"], "allowed", "{request}");
            assert!(request["response_code"].as_u64().unwrap() < 300, "{request}");
        }
    }
    // Tasks use both api-servers.
    let [first, replica] = [0, 1].map(|number| tasks(&REPLICAS.requests[number]));
    assert_eq!(first.union(&replica).count(), 4);
    assert!(first.intersection(&replica).count() > 0, "{first:?} {replica:?}");
}

/// The ids of the task instances in the requests.
fn tasks(requests: &[Value]) -> BTreeSet<&str> {
    let paths = requests.iter().map(path);
    let ids = paths.filter_map(|path| path.strip_prefix("/execution/task-instances/")?.split('/').next());
    ids.collect()
}

//! A token that a thief steals from another team's task and uses at an api-server that has not seen the task yet.
//!
//! The workers are as Celery has them: their pods' annotations name no task. There are two api-servers. The sidecar of
//! each has not learned the other's facts.

use std::time::Duration;

use dagward_testbed::client::{Client, Request};
use dagward_testbed::sidecar::{Node, Sidecar, Update};
use dagward_testbed::upstream::{Answer, Received, Upstream};
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, Worker, ask, assert_unharmed};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{
    self, TASK, airflow, assert_refused_in_answer, code, run, teams, token, with_token, xcom,
};

on_every_setup!(
    a_stolen_token_is_refused_wherever_it_is_used,
    a_thief_s_headers_do_not_vouch,
    to_say_run_once_more_gains_nothing,
    tokens_that_airflow_does_not_look_at_make_no_owner_at_either,
);

/// The other api-server.
const REPLICA: &str = "replica";

const SOON: Duration = Duration::from_secs(60);

const UNKNOWN: &str = "token_owner_unknown";

/// Two api-servers, and the workers of two teams.
struct Scene {
    first: Server,
    replica: Server,
    victim: Worker,
    thief: Worker,
}

/// As [`teams`]. In addition a task may report on itself where its DAG is not known, as in the shipped policies.
fn without_api_servers() -> Value {
    let mut policy = teams();
    let reports = json!({"name": "reports", "action": "ALLOW", "rules": [{
        "to": [{"actions": ["task_instance:heartbeat", "task_instance:state"]}],
    }]});
    policy["policies"].as_array_mut().unwrap().push(reports);
    policy
}

fn with_api_servers() -> Value {
    let mut policy = without_api_servers();
    policy["apiServers"] = json!(["spiffe://cluster.local/ns/airflow/sa/airflow-api-server"]);
    policy
}

impl Scene {
    fn new(setup: Setup, policy: &Value) -> Self {
        Self::before(setup, policy, airflow)
    }

    /// With this app behind the api-server that does not see the task start.
    fn before(
        setup: Setup,
        policy: &Value,
        replica: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let first = Server::before(Upstream::with(airflow).unwrap(), setup, &policy.to_string());
        // The same service account.
        let replica = first.beside(API_SERVER, Upstream::with(replica).unwrap(), &policy.to_string());
        let worker = |account: &str| {
            let node = Node::new(account, "airflow", account);
            first.worker_toward(vec![replica.destination(REPLICA)], node, policy)
        };
        Self {
            victim: worker("airflow-worker-sales"),
            thief: worker("airflow-worker-finance"),
            first,
            replica,
        }
    }

    fn sidecars(&mut self) -> [&mut Sidecar; 4] {
        [
            &mut self.first.sidecar,
            &mut self.replica.sidecar,
            &mut self.victim.sidecar,
            &mut self.thief.sidecar,
        ]
    }

    /// Applies another policy to all sidecars, and waits until the api-servers' sidecars use it.
    fn update(&mut self, policy: &Value) {
        let mut policy = policy.clone();
        let marker =
            json!({"name": "marker", "action": "ALLOW", "rules": [{"to": [{"paths": ["/marker"]}]}]});
        policy["policies"].as_array_mut().unwrap().push(marker);
        for sidecar in self.sidecars() {
            assert_eq!(sidecar.update(&policy.to_string()).unwrap(), Update::Taken);
        }
        for host in [API_SERVER, REPLICA] {
            for worker in [&self.victim, &self.thief] {
                wait::until("the update", SOON, || {
                    let answer = ask(&worker.app(), &Request::get(host, "/marker"));
                    Ok((answer.status == 200).then_some(()))
                })
                .unwrap();
            }
        }
    }

    fn assert_unharmed(mut self) {
        for sidecar in self.sidecars() {
            assert_unharmed(sidecar);
        }
    }
}

/// The code for a request to the api-server `host`.
fn at(host: &str, client: &Client, request: Request) -> String {
    code(&ask(
        client,
        &Request {
            host: host.to_owned(),
            ..request
        },
    ))
}

/// The report of a task's end. It names no DAG.
fn state() -> Request {
    let path = format!("/execution/task-instances/{TASK}/state");
    with_token("PATCH", &path, TASK).body(r#"{"state": "failed", "end_date": "2026-11-24T00:00:00Z"}"#)
}

/// A thief's requests: read the victim's data, and end the victim's task.
fn thefts() -> [Request; 2] {
    [xcom("sales_daily", TASK), state()]
}

/// The request, with the headers by which a sidecar vouches for a token.
fn forged(request: Request) -> Request {
    request
        .header("x-airflow-dag-id", "sales_daily")
        .header("x-airflow-run-id", "manual__1")
        .header("x-airflow-ti-id", TASK)
        .header("x-airflow-proof", "airflow")
}

fn a_stolen_token_is_refused_wherever_it_is_used(setup: Setup) {
    let scene = Scene::new(setup, &with_api_servers());
    let (victim, thief) = (scene.victim.app(), scene.thief.app());
    // A token from the broker, before its task has begun: it is only good for `run`.
    for host in [API_SERVER, REPLICA] {
        assert_eq!(at(host, &thief, state()), UNKNOWN, "{host}");
    }
    assert_eq!(at(API_SERVER, &victim, run(TASK)), "allowed");

    for theft in thefts() {
        assert_eq!(at(API_SERVER, &thief, theft.clone()), "token_owned_by_another");
        assert_eq!(at(REPLICA, &thief, theft), UNKNOWN);
    }
    assert_eq!(scene.replica.app.counts().started, 0);

    // Its own task continues there, because its sidecar vouches for the token.
    for request in [xcom("sales_daily", TASK), state()] {
        assert_eq!(at(REPLICA, &victim, request), "allowed");
    }
    for theft in thefts() {
        assert_eq!(at(REPLICA, &thief, theft), UNKNOWN);
    }
    // Without its sidecar's word nothing shows the owner of the token.
    let bare = scene.replica.peer("airflow", "airflow-worker-sales");
    assert_eq!(at(REPLICA, &bare, state()), UNKNOWN);
    assert_eq!(scene.replica.app.counts().started, 2);
    scene.assert_unharmed();
}

fn a_thief_s_headers_do_not_vouch(setup: Setup) {
    let scene = Scene::new(setup, &with_api_servers());
    let thief = scene.thief.app();
    assert_eq!(at(API_SERVER, &scene.victim.app(), run(TASK)), "allowed");
    // A stamper's sidecar removes the app's own headers.
    for theft in thefts() {
        assert_eq!(at(REPLICA, &thief, forged(theft)), UNKNOWN);
    }
    // The headers of callers that are not stampers do not count: another namespace, and no certificate at all.
    let elsewhere = scene.replica.peer("ml", "airflow-worker-finance");
    let anonymous = scene.replica.plaintext();
    for theft in thefts() {
        assert_eq!(at(REPLICA, &elsewhere, forged(theft.clone())), UNKNOWN);
        assert_eq!(at(REPLICA, &anonymous, forged(theft)), UNKNOWN);
    }
    assert_eq!(scene.replica.app.counts().started, 0);

    // The filter trusts a stamper's account without dagward, unless the policy lists stampers.
    let bare = scene.replica.peer("airflow", "airflow-worker-finance");
    assert_eq!(at(REPLICA, &bare, forged(state())), "allowed");
    scene.assert_unharmed();
    let mut policy = with_api_servers();
    policy["stampers"] = json!(["spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales"]);
    let scene = Scene::new(setup, &policy);
    let bare = scene.replica.peer("airflow", "airflow-worker-finance");
    assert_eq!(at(REPLICA, &bare, forged(state())), UNKNOWN);
    scene.assert_unharmed();
}

/// Airflow refuses `run` for a running task, except to a caller that knows the task's process.
fn to_say_run_once_more_gains_nothing(setup: Setup) {
    let running = |request: &Received| match request.header("x-pid") {
        None if request.path.ends_with("/run") => {
            Answer::json(409, &json!({"detail": {"reason": "invalid_state"}}))
        }
        _ => airflow(request),
    };
    let scene = Scene::before(setup, &with_api_servers(), running);
    let (victim, thief) = (scene.victim.app(), scene.thief.app());
    assert_eq!(at(API_SERVER, &victim, run(TASK)), "allowed");
    let again = |request: Request| Request {
        host: REPLICA.to_owned(),
        ..request
    };

    assert_eq!(ask(&thief, &again(run(TASK))).status, 409);
    for theft in thefts() {
        assert_eq!(at(REPLICA, &thief, forged(theft)), UNKNOWN);
    }
    let answer = ask(&thief, &again(run(TASK).header("x-pid", "1")));
    assert_refused_in_answer(&answer, "no_rule_allows");
    for theft in thefts() {
        assert_eq!(at(REPLICA, &thief, forged(theft)), "token_owned_by_another");
    }
    // The owner loses nothing by it.
    for request in [xcom("sales_daily", TASK), state()] {
        assert_eq!(at(REPLICA, &victim, request), "allowed");
    }
    scene.assert_unharmed();
}

/// Before the task starts and after, with its token and with one without a valid signature.
fn tokens_that_airflow_does_not_look_at_make_no_owner_at_either(setup: Setup) {
    let mut policy = with_api_servers();
    let open =
        json!({"name": "open", "action": "ALLOW", "rules": [{"to": [{"surfaces": ["health", "rest"]}]}]});
    policy["policies"].as_array_mut().unwrap().push(open);
    let scene = Scene::new(setup, &policy);
    let (victim, thief) = (scene.victim.app(), scene.thief.app());
    let show = |word: &str| {
        for host in [API_SERVER, REPLICA] {
            for credential in [token(TASK), tasks::forged(TASK)] {
                for path in ["/execution/health", "/api/v2/monitor/health", "/api/v2/version"] {
                    let request = Request::get(host, path).header("authorization", credential.clone());
                    let expected = match path.starts_with("/execution") {
                        true if host == API_SERVER => word,
                        true => UNKNOWN,
                        false => "allowed",
                    };
                    assert_eq!(at(host, &thief, request), expected, "{host} {path}");
                }
            }
        }
    };
    show(UNKNOWN);
    assert_eq!(at(API_SERVER, &victim, run(TASK)), "allowed");
    show("token_owned_by_another");
    for theft in thefts() {
        assert_eq!(at(REPLICA, &thief, theft.clone()), UNKNOWN);
        assert_eq!(at(REPLICA, &victim, theft), "allowed");
    }
    scene.assert_unharmed();
}

#[test]
fn where_no_api_servers_are_named_the_theft_succeeds_and_the_owner_works_on() {
    let scene = Scene::new(Setup::DEFAULT, &without_api_servers());
    let (victim, thief) = (scene.victim.app(), scene.thief.app());
    assert_eq!(at(API_SERVER, &victim, run(TASK)), "allowed");
    assert_eq!(at(API_SERVER, &thief, state()), "token_owned_by_another");
    for client in [&thief, &victim] {
        assert_eq!(at(REPLICA, client, state()), "allowed");
    }
    scene.assert_unharmed();
}

#[test]
fn what_passes_in_shadow_mode_makes_no_thief_the_owner() {
    let mut shadow = with_api_servers();
    shadow["mode"] = json!("shadow");
    let mut scene = Scene::new(Setup::DEFAULT, &shadow);
    let (victim, thief) = (scene.victim.app(), scene.thief.app());
    assert_eq!(at(API_SERVER, &victim, run(TASK)), "allowed");
    assert_eq!(at(REPLICA, &thief, state()), "allowed");
    let count = || {
        let admin = scene.replica.sidecar.admin();
        admin.metric("dagward_shadow_denied_total", &[("reason", UNKNOWN)])
    };
    wait::until("the count", SOON, || Ok((count()? == 1.0).then_some(()))).unwrap();

    scene.update(&with_api_servers());
    assert_eq!(at(REPLICA, &thief, state()), UNKNOWN);
    assert_eq!(at(REPLICA, &victim, state()), "allowed");
    scene.assert_unharmed();
}

/// A worker's sidecar cannot vouch for facts that it has not learned.
#[test]
fn a_task_that_runs_while_api_servers_are_first_named_is_known_where_it_was_seen() {
    let mut scene = Scene::new(Setup::DEFAULT, &without_api_servers());
    let victim = scene.victim.app();
    assert_eq!(at(API_SERVER, &victim, run(TASK)), "allowed");
    scene.update(&with_api_servers());
    assert_eq!(at(API_SERVER, &victim, state()), "allowed");
    assert_eq!(at(REPLICA, &victim, state()), UNKNOWN);
    // This is the task's next try, or its return from deferral, once its sidecar uses the update, too.
    wait::until("the worker's update", SOON, || {
        assert_eq!(at(API_SERVER, &victim, run(TASK)), "allowed");
        Ok((at(REPLICA, &victim, state()) == "allowed").then_some(()))
    })
    .unwrap();
    scene.assert_unharmed();
}

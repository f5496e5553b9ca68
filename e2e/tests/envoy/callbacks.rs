//! A deadline callback: at every api-server its token is bound to the principal that started it.

use dagward_testbed::client::Request;
use dagward_testbed::sidecar::Node;
use dagward_testbed::upstream::{Answer, Received, Upstream};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{code, teams, with_token};

on_every_setup!(a_callback_s_token_is_good_for_the_principal_that_started_it);

/// The other api-server.
const REPLICA: &str = "replica";

const CALLBACK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809119";

/// Airflow's answers: 204 without a body when a callback starts.
fn airflow(request: &Received) -> Answer {
    let answer = Answer::json(200, &json!({}));
    match request.path.ends_with("/run") {
        true => Answer {
            status: 204,
            headers: Vec::new(),
            body: Vec::new(),
            ..answer
        },
        false => answer,
    }
}

fn policy() -> Value {
    let mut policy = teams();
    policy["apiServers"] = json!(["spiffe://cluster.local/ns/airflow/sa/airflow-api-server"]);
    policy["policies"].as_array_mut().unwrap().push(json!({
        "name": "callbacks", "action": "ALLOW", "rules": [{
            "from": [{"serviceAccounts": ["airflow/airflow-callbacks", "airflow/airflow-worker-finance"]}],
            "to": [{"surfaces": ["execution"], "actions": ["callback:run", "variable:read"]}],
        }],
    }));
    policy
}

fn start() -> Request {
    with_token("PATCH", &format!("/execution/callbacks/{CALLBACK}/run"), CALLBACK)
}

fn variable(host: &str) -> Request {
    Request {
        host: host.to_owned(),
        ..with_token("GET", "/execution/variables/callbacks_a%2Fb", CALLBACK)
    }
}

fn a_callback_s_token_is_good_for_the_principal_that_started_it(setup: Setup) {
    let policy = policy();
    let first = Server::before(Upstream::with(airflow).unwrap(), setup, &policy.to_string());
    let replica = first.beside(API_SERVER, Upstream::with(airflow).unwrap(), &policy.to_string());
    let worker = |account: &str| {
        let node = Node::new(account, "airflow", account);
        first.worker_toward(vec![replica.destination(REPLICA)], node, &policy)
    };
    let (owner, thief) = (worker("airflow-callbacks"), worker("airflow-worker-finance"));
    let (owner, thief) = (owner.app(), thief.app());
    // A team's worker that no rule allows to start callbacks. Before the callback starts, the filter refuses its token
    // everywhere else.
    let sales = first.peer("airflow", "airflow-worker-sales");
    assert_eq!(code(&ask(&sales, &start())), "no_rule_allows");
    assert_eq!(code(&ask(&thief, &variable(API_SERVER))), "token_owner_unknown");
    let answer = ask(&owner, &start());
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    for (client, host, expected) in [
        (&owner, API_SERVER, "allowed"),
        (&owner, REPLICA, "allowed"),
        (&thief, API_SERVER, "token_owned_by_another"),
        (&thief, REPLICA, "token_owner_unknown"),
    ] {
        assert_eq!(code(&ask(client, &variable(host))), expected, "{host}");
        // The app's own headers do not vouch for anything.
        let forged = variable(host)
            .header("x-airflow-callback-id", CALLBACK)
            .header("x-airflow-proof", "airflow");
        assert_eq!(code(&ask(client, &forged)), expected, "{host}");
    }
    first.assert_unharmed();
    replica.assert_unharmed();
}

//! The ready policies for the first day, for components, for one account and for a business service, one after the other around one
//! Airflow.

use std::time::Duration;

use dagward_testbed::airflow::{Airflow, Mesh, Pod, Rest};
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::sidecar::Sidecar;
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::business::{self, Business};
use crate::policies;

const AIRFLOW: &str = "airflow-api-server:8080";

const PAYMENTS: &str = "payments.billing:8080";

/// Envoy writes its logs in the background.
const LOGGED: Duration = Duration::from_secs(60);

#[test]
fn ready_policies_hold_on_one_airflow() {
    let airflow = Airflow::start().unwrap();
    let people = airflow.rest().unwrap();
    the_first_day_refuses_nothing_and_counts_everything(&airflow, &people);
    each_component_may_do_its_own(&airflow, &people);
    each_dag_keeps_to_itself(&airflow, &people);
    each_task_writes_its_own(&airflow, &people);
    one_task_alone_may_book(&airflow, &people);
}

fn the_first_day_refuses_nothing_and_counts_everything(airflow: &Airflow, people: &Rest) {
    let (run, forged) = ("first-day", "first-day-forged");
    let plugin = policies::first_day();
    let rogue = Pod::new("ml", "ml_rogue", run, "steal");
    let pods = [
        Pod::new("sales", "sales_daily", run, "extract"),
        Pod::new("sales", "sales_daily", run, "load"),
        rogue.clone(),
    ];
    let payments = Business::reserve();
    let mesh = Mesh::start_among(airflow, &pods, Some(&plugin), &[payments.destination()]).unwrap();
    let _payments = payments.start(mesh.authority(), &plugin);

    succeeds(people, "sales_daily", run, &json!({}));
    let conf = json!({"victim_run": run, "forged_run": forged});
    succeeds(people, "ml_rogue", run, &conf);
    let outcomes = people.result("ml_rogue", run, "steal").unwrap();
    assert_eq!(outcomes["read"], "got [19, 23]", "{outcomes}");
    let trigger = outcomes["trigger"].as_str().unwrap();
    assert!(trigger.starts_with("got ok=True"), "{outcomes}");
    assert!(people.run_state("sales_daily", forged).unwrap().is_some());

    for request in requests(mesh.server()) {
        assert_eq!(request["dagward_decision"], "observed", "{request}");
        assert_eq!(request["response_code_details"], "via_upstream", "{request}");
    }
    let caller = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-ml";
    for action in ["task_instance:run", "xcom:read", "dag_run:trigger"] {
        let task = [("caller", caller), ("dag_id", "ml_rogue"), ("task_id", "steal")];
        let labels = [&task[..], &[("action", action), ("code_class", "2xx")]].concat();
        assert!(count(mesh.server(), &labels) > 0, "{labels:?}");
    }
    let look = Request::get(PAYMENTS, "/v1/payments/7");
    let echo = in_pod(&mesh, &rogue).send(&look).unwrap().json().unwrap();
    assert_eq!(stamp(&echo, "dag-id"), Some("ml_rogue"), "{echo}");
    assert_eq!(stamp(&echo, "task-id"), Some("steal"), "{echo}");
}

fn each_component_may_do_its_own(airflow: &Airflow, people: &Rest) {
    let run = "components";
    let pods = ["extract", "load"].map(|task| Pod {
        service_account: "airflow-worker".to_owned(),
        ..Pod::new("sales", "sales_daily", run, task)
    });
    let mesh = Mesh::start(airflow, &pods, Some(&policies::components())).unwrap();
    let server = mesh.server();

    succeeds(people, "sales_daily", run, &json!({}));
    let of_tasks = requests(server);
    assert!(of_tasks.len() > 8, "{of_tasks:?}");
    for request in of_tasks {
        assert_eq!(request["dagward_decision"], "allowed", "{request}");
        assert!(request["response_code"].as_u64().unwrap() < 300, "{request}");
    }

    let client = |namespace, account| {
        let identity = mesh.authority().service_account(namespace, account).unwrap();
        Client::mtls(server.inbound().unwrap(), &identity).unwrap()
    };
    let rest = "/api/v2/dags";
    let gateway = Rest::connect(client("istio-ingress", "gateway")).unwrap();
    assert_eq!(gateway.get(rest).unwrap().status, 200);
    let token = format!("Bearer {}", people.token().unwrap());
    let execution = &format!("/execution/xcoms/sales_daily/{run}/extract/return_value");
    for (account, path, decided) in [
        ("airflow-worker", rest, "no_rule_allows"),
        // Then Airflow itself refuses: a user's token is not a task's token.
        ("airflow-worker", execution, "allowed"),
        ("airflow-triggerer", execution, "denied_by_rule"),
        ("airflow-dag-processor", execution, "denied_by_rule"),
    ] {
        let request = Request::get(AIRFLOW, path).header("authorization", &token);
        let answer = client("airflow", account).send(&request).unwrap();
        assert_eq!(answer.status, 403, "{account} {path}: {}", answer.text());
        assert_eq!(decision(server, &answer), decided, "{account} {path}");
    }
}

/// All DAGs run on one worker with one account, so only Airflow's answers tell them apart.
fn each_dag_keeps_to_itself(airflow: &Airflow, people: &Rest) {
    let run = "alone";
    let worker = Pod::worker("airflow-worker");
    let mesh = Mesh::start(airflow, &[worker], Some(&policies::one_account())).unwrap();

    for dag in ["affairs", "ml_train"] {
        people.trigger(dag, run, &json!({})).unwrap();
    }
    for (dag, run) in [("ml_train", run), ("affairs", run), ("affairs", "again-alone")] {
        assert_eq!(people.finished(dag, run).unwrap(), "success", "{dag} {run}");
    }
    let outcomes = meddle(people, run);
    for (attempt, passes) in [
        ("read", false),
        ("write", false),
        ("delete", false),
        ("state", false),
        ("count", false),
        ("tasks", false),
        ("clear", false),
        ("trigger", false),
        ("write in another run", false),
        ("write for another task", true),
        ("read of another task", true),
        ("write its own", true),
    ] {
        let outcome = outcomes[attempt].as_str().unwrap();
        assert_eq!(outcome.starts_with("got "), passes, "{attempt}: {outcomes}");
    }
    assert_eq!(people.run_state("affairs", "forged").unwrap(), None);
    assert_eq!(people.result("affairs", run, "extract").unwrap(), json!([19, 23]));
    let refused: Vec<_> = requests(mesh.server())
        .into_iter()
        .filter(|request| request["dagward_decision"] != "allowed")
        .collect();
    assert_eq!(refused.len(), 9, "{refused:#?}");
    for request in refused {
        assert_eq!(request["dagward_decision"], "no_rule_allows", "{request}");
        assert_eq!(request["dagward_dag_id"], "meddler", "{request}");
    }
}

/// Where the pod names the task, a task writes no XCom of another.
fn each_task_writes_its_own(airflow: &Airflow, people: &Rest) {
    let run = "by-task";
    let pods = ["note", "meddle"].map(|task| Pod {
        service_account: "airflow-worker".to_owned(),
        ..Pod::new("", "meddler", run, task)
    });
    let _mesh = Mesh::start(airflow, &pods, Some(&policies::one_account_by_task())).unwrap();
    let outcomes = meddle(people, run);
    for (attempt, passes) in [
        ("write", false),
        ("write in another run", false),
        ("write for another task", false),
        ("read of another task", true),
        ("write its own", true),
    ] {
        let outcome = outcomes[attempt].as_str().unwrap();
        assert_eq!(outcome.starts_with("got "), passes, "{attempt}: {outcomes}");
    }
    assert_eq!(people.result("meddler", run, "note").unwrap(), "noted");
}

/// The outcomes of what a task of `meddler` tries on objects of others.
fn meddle(people: &Rest, run: &str) -> Value {
    succeeds(
        people,
        "meddler",
        run,
        &json!({"victim_run": "alone", "forged_run": "forged"}),
    );
    people.result("meddler", run, "meddle").unwrap()
}

fn one_task_alone_may_book(airflow: &Airflow, people: &Rest) {
    let run = "books";
    // A worker of another team, in a pod whose author gave it finance's annotations.
    let thief = Pod::new("sales", "finance_daily", "thief", "book_payments");
    let pods = [
        Pod::new("finance", "finance_daily", run, "book_payments"),
        Pod::new("finance", "finance_daily", run, "report"),
        thief.clone(),
    ];
    let payments = Business::reserve();
    let teams = policies::two_teams();
    let mesh = Mesh::start_among(airflow, &pods, Some(&teams), &[payments.destination()]).unwrap();
    let payments = payments.start(mesh.authority(), &policies::business_service());
    let service = payments.sidecar();

    succeeds(people, "finance_daily", run, &json!({"service": business::URL}));
    let booked = people.result("finance_daily", run, "book_payments").unwrap();
    assert_eq!(booked["status"], 200, "{booked}");
    assert_eq!(
        stamp(&booked["body"], "task-id"),
        Some("book_payments"),
        "{booked}"
    );
    let report = people.result("finance_daily", run, "report").unwrap();
    for (attempt, status) in [("look", 200), ("book", 403), ("book_as_other", 403)] {
        assert_eq!(report[attempt]["status"], status, "{attempt}: {report}");
    }
    for request in requests(service) {
        let may = request["dagward_task_id"] == "book_payments" || request["method"] == "GET";
        let decided = if may { "allowed" } else { "no_rule_allows" };
        assert_eq!(request["dagward_decision"], decided, "{request}");
    }

    let identity = mesh
        .authority()
        .service_account("airflow", &thief.service_account);
    let past_its_sidecar = Client::mtls(service.inbound().unwrap(), &identity.unwrap()).unwrap();
    let claim = Request::new("POST", PAYMENTS, "/v1/payments")
        .header("x-airflow-dag-id", "finance_daily")
        .header("x-airflow-task-id", "book_payments")
        .header("x-airflow-proof", "pod");
    for client in [in_pod(&mesh, &thief), past_its_sidecar] {
        let answer = client.send(&claim).unwrap();
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert_eq!(decision(service, &answer), "no_rule_allows");
    }
}

pub(crate) fn succeeds(people: &Rest, dag: &str, run: &str, conf: &Value) {
    people.trigger(dag, run, conf).unwrap();
    assert_eq!(people.finished(dag, run).unwrap(), "success", "{dag}");
}

/// A client in `pod`, behind the pod's sidecar.
fn in_pod(mesh: &Mesh, pod: &Pod) -> Client {
    Client::plain(mesh.sidecar(pod).unwrap().outbound().unwrap())
}

/// A task header of a request that a service echoed.
fn stamp<'a>(echo: &'a Value, name: &str) -> Option<&'a str> {
    let name = format!("x-airflow-{name}");
    let mut headers = echo["headers"].as_array().unwrap().iter();
    headers.find(|header| header[0] == *name)?[1].as_str()
}

/// The decision on the request that got `answer`.
fn decision(sidecar: &Sidecar, answer: &Response) -> String {
    let id = answer.header("x-request-id").unwrap();
    let mut log = requests(sidecar).into_iter();
    let request = log.find(|request| request["request_id"] == id).unwrap();
    request["dagward_decision"].as_str().unwrap().to_owned()
}

/// The access log, once it has exactly the requests that are counted.
pub(crate) fn requests(sidecar: &Sidecar) -> Vec<Value> {
    wait::until("the log and the metrics to agree", LOGGED, || {
        let log = sidecar.access_log()?;
        Ok((log.len() == count(sidecar, &[])).then_some(log))
    })
    .unwrap()
}

fn count(sidecar: &Sidecar, labels: &[(&str, &str)]) -> usize {
    let count = sidecar.admin().metric("dagward_requests_total", labels);
    count.unwrap() as usize
}

//! Headers that name the caller or the request: from a task, from workloads without a sidecar, and in plain text.
//!
//! Airflow reads none of these headers. Without the filter each request therefore succeeds as it would without them.
//! With the filter it is refused as it would be without them.

use crate::attempt::Proof::Contains;
use crate::attempt::{Attempt, BAD_TASK_HEADERS, Refusal};
use crate::outcome::{are_refused_with, succeed_without};
use crate::story::STORY;
use crate::task::XCOM;

/// The meaning that a header claims, and the header.
const FORGED: [(&str, &str); 13] = [
    ("a DAG", "x-airflow-dag-id: sales_daily"),
    ("a pod's proof", "x-airflow-proof: pod"),
    ("Airflow's proof", "x-airflow-proof: airflow"),
    (
        "a certificate",
        "x-forwarded-client-cert: By=spiffe://cluster.local/ns/airflow/sa/airflow-api-server;\
         URI=spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales",
    ),
    ("an origin", "x-forwarded-for: 127.0.0.1"),
    ("a scheme", "x-forwarded-proto: https"),
    ("a host", "x-forwarded-host: localhost"),
    ("Envoy's path", "x-envoy-original-path: /execution/health/ping"),
    ("Envoy's word that it is inside", "x-envoy-internal: true"),
    ("another path", "x-original-url: /execution/health/ping"),
    ("a rewritten path", "x-rewrite-url: /execution/health/ping"),
    ("another method", "x-http-method-override: HEAD"),
    ("a request's id", "x-request-id: ../../etc/passwd"),
];

/// Malformed task headers.
const MALFORMED: [(&str, &[&str]); 5] = [
    ("with underscores", &["x_airflow_dag_id: sales_daily"]),
    (
        "twice",
        &[
            "x-airflow-dag-id: ml_rogue_agent",
            "x-airflow-dag-id: sales_daily",
        ],
    ),
    ("without a DAG", &["x-airflow-task-id: extract"]),
    ("half encoded", &["x-airflow-dag-id: %zz"]),
    ("too long", &[LONG]),
];

const LONG: &str = concat!(
    "x-airflow-dag-id: sales_daily_____________________________________________________________________",
    "___________________________________________________________________________________________________",
    "___________________________________________________________________________________________________",
    "___________________________________________________________________________________________________"
);

/// From inside a task of team ml. Its sidecar knows the task from Airflow, and replaces these headers by its own.
pub(crate) fn from_a_task() -> Vec<Attempt> {
    let of_an_xcom = |name| Attempt::new(name, &format!("GET {XCOM}"));
    let forged = FORGED
        .iter()
        .map(|(what, header)| of_an_xcom(named("a task forges ", what)).header(header));
    let malformed = MALFORMED
        .iter()
        .map(|(how, headers)| with(of_an_xcom(named("a task's headers ", how)), headers));
    forged
        .chain(malformed)
        .map(|attempt| attempt.gives(200, Contains("return_value")))
        .collect()
}

/// Callers with a certificate and no sidecar, so that no proxy removes a header on the way: a workload of another
/// namespace, and one of Airflow's own, whose task headers the filter trusts.
pub(crate) const PEERS: [&str; 2] = ["an agent", "a worker"];

/// From a peer, with a user's token.
pub(crate) fn from_a_peer(who: &str) -> Vec<Attempt> {
    let of_a_connection = |how: &str| Attempt::new(named(who, how), "GET /api/v2/connections/sales_db");
    let forged = FORGED
        .iter()
        .map(|(what, header)| of_a_connection(&format!(" forges {what}")).header(header));
    let all = of_a_connection(" forges all of a task")
        .header("x-airflow-dag-id: sales_daily")
        .header("x-airflow-task-id: extract")
        .header("x-airflow-proof: airflow");
    let malformed = MALFORMED.iter().map(|(how, headers)| {
        with(of_a_connection(&format!("'s headers {how}")), headers).refused(BAD_TASK_HEADERS)
    });
    forged
        .chain([all])
        .chain(malformed)
        .map(|attempt| attempt.gives(200, Contains("orders.sales")))
        .collect()
}

fn with(attempt: Attempt, headers: &[&str]) -> Attempt {
    headers
        .iter()
        .fold(attempt, |attempt, header| attempt.header(header))
}

/// In plain text, as from a pod outside the mesh. `STRICT` of Istio alone refuses it.
pub(crate) fn in_plain_text() -> Vec<Attempt> {
    vec![
        Attempt::new("asks in plain text", "GET /api/v2/connections/sales_db")
            .header("x-airflow-dag-id: sales_daily")
            .header("x-airflow-proof: pod")
            .refused(Refusal::Envoy(None)),
    ]
}

/// Leaks the name, because attempts have static names.
fn named(who: &str, what: &str) -> &'static str {
    String::leak(format!("{who}{what}"))
}

#[test]
fn airflow_alone_cares_for_none_of_them() {
    succeed_without(&from_a_task());
    for who in PEERS {
        succeed_without(&from_a_peer(who));
    }
}

#[test]
fn no_header_makes_a_task_another() {
    are_refused_with(&from_a_task());
}

#[test]
fn no_header_makes_a_peer_another() {
    for who in PEERS {
        are_refused_with(&from_a_peer(who));
    }
}

#[test]
fn plain_text_gets_no_answer_from_istio_alone() {
    succeed_without(&in_plain_text());
    are_refused_with(&in_plain_text());
}

#[test]
fn a_request_is_counted_for_the_peer_of_the_certificate() {
    // A refusal by Envoy itself has no message of dagward.
    let mut requests = STORY.guarded.requests.iter();
    let decided = requests
        .by_ref()
        .filter(|request| request["dagward_caller"].is_string());
    let mut counted = 0;
    for request in decided {
        assert_eq!(request["dagward_caller"], request["peer"], "{request}");
        counted += 1;
    }
    assert!(counted > 100, "{counted}");
}

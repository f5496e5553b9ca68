//! The request of the cases: a task reads an XCom of its own DAG.

use dagward::authorize::{Incoming, Proxy};
use dagward::caller::Principal;
use dagward::metrics::Traffic;
use dagward::operation::{Body, Request};
use dagward::verdict::{Decision, Direction};
use dagward::wire::Header;

/// The peer's identity.
pub(crate) const PEER: &str = "spiffe://cluster.local/ns/airflow/sa/worker-sales";

/// The request's target.
pub(crate) const XCOM: &str =
    "/execution/xcoms/sales_daily/scheduled__2026-11-23T00:00:00+00:00/extract/return_value";

/// A route that concerns the task itself.
pub(crate) const HEARTBEAT: &str = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/heartbeat";

/// The request's headers.
pub(crate) const HEADERS: [Header<'static>; 17] = [
    (
        b":authority",
        b"airflow-api-server.airflow.svc.cluster.local:8080",
    ),
    (b":path", XCOM.as_bytes()),
    (b":method", b"GET"),
    (b":scheme", b"https"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"user-agent", b"apache-airflow-task-sdk/1.3.2 (Python/3.12.11)"),
    (b"airflow-api-version", b"2026-06-30"),
    (b"correlation-id", b"019ab1c2-8f4e-7c3a-9d5e-0123456789ab"),
    (b"x-request-id", b"7c8e3f5a-1b2c-4d3e-8f9a-0b1c2d3e4f5a"),
    (b"x-airflow-dag-id", b"sales_daily"),
    (b"x-airflow-run-id", b"scheduled__2026-11-23T00:00:00+00:00"),
    (b"x-airflow-task-id", b"load"),
    (b"x-airflow-map-index", b"-1"),
    (b"x-airflow-try-number", b"1"),
    (b"x-airflow-ti-id", b"019ab1c2-7d11-7b3f-a3c4-5d6e7f809112"),
    (b"x-airflow-proof", b"pod"),
];

/// The task instance that the token belongs to.
pub(crate) const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

/// A token with the claims of a token from Airflow 3.3.
pub(crate) const TOKEN: &str = concat!(
    "Bearer eyJhbGciOiJIUzUxMiJ9.",
    "eyJzdWIiOiAiMDE5YWIxYzItN2QxMS03YjNmLWEzYzQtNWQ2ZTdmODA5MTEyIiwgInNjb3BlIjogImV4ZWN1dGlvbi",
    "IsICJqdGkiOiAiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAiLCAiYXVkIjogInVybjphaXJmbG93LmFw",
    "YWNoZS5vcmc6dGFzayIsICJuYmYiOiAxNzk1MDAwMDAwLCAiZXhwIjogMTc5NTAwMDYwMCwgImlhdCI6IDE3OTUwMDAwMDB9",
    ".c2lnbmF0dXJl",
);

/// A request line.
pub(crate) fn line(method: &'static str, target: &'static str) -> Request<'static> {
    Request {
        method,
        target,
        host: "airflow-api-server.airflow.svc.cluster.local",
        body: Body::Whole(&[]),
    }
}

/// The whole request, from `peer`.
pub(crate) fn incoming(peer: &Principal) -> Incoming<'_> {
    Incoming {
        peer: Ok(Some(peer)),
        port: "8080",
        ..Incoming::new(Direction::Inbound, line("GET", XCOM), &HEADERS)
    }
}

/// A proxy in the same namespace, which therefore believes the peer's task headers.
pub(crate) fn proxy(identity: &Principal) -> Proxy<'_> {
    Proxy {
        identity: Some(identity),
        pod: None,
    }
}

/// The request after its answer.
pub(crate) fn traffic() -> Traffic<'static> {
    Traffic {
        direction: Direction::Inbound,
        caller: PEER,
        dag_id: "sales_daily",
        task_id: "load",
        proven: true,
        action: "xcom:read",
        decision: Decision::Allow,
        status: 200,
        request_bytes: 900,
        response_bytes: 400,
        duration_ms: 3,
        denied: None,
        shadow_denied: None,
    }
}

//! The answer to a request that is refused.

use serde::Serialize;

use super::decided::Decided;
use super::effect::{Effect, Reply};
use super::host::Host;
use crate::authorize::{Code, Status};
use crate::stamp::request_id::REQUEST_ID;
use crate::verdict::Decision;

/// The status of a missing object, after which a task continues.
const NOT_FOUND: Status = Status { http: 404, grpc: 5 };

/// The body in the form of Airflow's own errors. Airflow's SDK prints it and does not retry.
#[derive(Serialize)]
struct Body<'a> {
    detail: Detail<'a>,
}

#[derive(Serialize)]
struct Detail<'a> {
    reason: &'a str,
    message: String,
    request_id: &'a str,
}

/// Refuses the current request with 401 or 403, or with 404 if a task can continue after that. Other statuses
/// have side effects: a heartbeat's 404, 409 or 410 kills the task, the caller retries after 5xx, and Envoy
/// closes the connection after 400, so that the caller's next request costs another handshake.
pub(super) fn refuse(decided: &Decided, host: &mut impl Host) {
    let challenge = decided.code.challenge();
    let status = match decided.decision {
        Decision::Deny if is_missed(decided) => Some(NOT_FOUND),
        Decision::Allow | Decision::Deny | Decision::Malformed => decided.code.status(),
    };
    // A code that lets a request pass never gets here.
    let status = status.unwrap_or(Status::FORBIDDEN);
    let headers = [
        Some(("content-type", "application/json")),
        Some((REQUEST_ID, decided.request_id.as_str())),
        challenge.map(|challenge| ("www-authenticate", challenge)),
    ];
    // On a gRPC request the proxy makes trailers from the status and the body. On other requests it ignores
    // the gRPC status.
    host.carry_out(Effect::Reply(&Reply {
        status: status.http,
        grpc_status: status.grpc,
        details: reason(decided),
        headers: &headers.into_iter().flatten().collect::<Vec<_>>(),
        body: &body(decided),
    }));
}

/// Whether an honest task is better off if it takes the refusal for "not found". A hook that finds no
/// connection of its default name continues with the credentials of its pod. After 403 it fails.
fn is_missed(decided: &Decided) -> bool {
    decided.reads_default && matches!(decided.code, Code::NoRuleAllows | Code::DeniedByRule)
}

/// The body of a refusal.
pub(super) fn body(decided: &Decided) -> Vec<u8> {
    let detail = Detail {
        reason: reason(decided),
        message: message(decided.code, decided.problem.as_deref()),
        request_id: &decided.request_id,
    };
    serde_json::to_vec(&Body { detail }).unwrap_or_default()
}

fn reason(decided: &Decided) -> &'static str {
    match decided.decision {
        Decision::Malformed => "dagward_malformed",
        Decision::Allow | Decision::Deny => "dagward_denied",
    }
}

fn message(code: Code, problem: Option<&str>) -> String {
    match problem {
        Some(problem) => format!("{}: {problem} ({code})", code.message()),
        None => format!("{} ({code})", code.message()),
    }
}

//! The answer to a request that is refused.

use serde::Serialize;

use crate::measure::Decision;
use crate::walk::Code;

use super::decided::Decided;
use super::{abi, pairs};

/// gRPC's status for what a policy refuses.
const PERMISSION_DENIED: i32 = 7;
/// gRPC's status for what cannot be understood.
const INVALID_ARGUMENT: i32 = 3;
/// gRPC's status for a caller who must show another token.
const UNAUTHENTICATED: i32 = 16;

/// The body in the form of Airflow's own errors, whose SDK prints it and does not try again.
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

/// Refuses the request of the current stream. 400, 401 and 403 only: a heartbeat's 404, 409 or 410
/// kills the task, and 5xx is tried again.
pub(super) fn refuse(decided: &Decided) {
    let challenge = decided.code.challenge();
    let (status, grpc_status) = match decided.decision {
        Decision::Malformed => (400, INVALID_ARGUMENT),
        _ if challenge.is_some() => (401, UNAUTHENTICATED),
        Decision::Allow | Decision::Deny => (403, PERMISSION_DENIED),
    };
    let headers = [
        Some(("content-type", "application/json")),
        Some(("x-request-id", decided.request_id.as_str())),
        challenge.map(|challenge| ("www-authenticate", challenge)),
    ];
    let headers = pairs::write(&headers.into_iter().flatten().collect::<Vec<_>>());
    // On a gRPC request the proxy makes trailers of the status and the body; elsewhere it has no
    // use for the status.
    abi::respond(status, reason(decided), &body(decided), &headers, grpc_status);
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

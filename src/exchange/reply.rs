//! The answer to a request that is refused.

use serde::Serialize;

use super::decided::Decided;
use super::effect::{Effect, Reply};
use super::host::Host;
use crate::authorize::{Code, Status};
use crate::stamp::request_id::REQUEST_ID;
use crate::verdict::Decision;

/// Where a task goes on if there is none.
const NOT_FOUND: Status = Status { http: 404, grpc: 5 };

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

/// Refuses the current request with 401 or 403, or with 404 where a task goes on after that. A heartbeat's 404, 409 or 410 kills the task, 5xx is
/// tried again, and after 400 Envoy closes the connection, so that the caller's next request costs
/// another handshake.
pub(super) fn refuse(decided: &Decided, host: &mut impl Host) {
    let challenge = decided.code.challenge();
    let status = match decided.decision {
        Decision::Deny if is_missed(decided) => Some(NOT_FOUND),
        Decision::Allow | Decision::Deny | Decision::Malformed => decided.code.status(),
    };
    // A code that lets a request pass never comes here.
    let status = status.unwrap_or(Status::FORBIDDEN);
    let headers = [
        Some(("content-type", "application/json")),
        Some((REQUEST_ID, decided.request_id.as_str())),
        challenge.map(|challenge| ("www-authenticate", challenge)),
    ];
    // On a gRPC request the proxy makes trailers of the status and the body; elsewhere it has no
    // use for the gRPC status.
    host.carry_out(Effect::Reply(&Reply {
        status: status.http,
        grpc_status: status.grpc,
        details: reason(decided),
        headers: &headers.into_iter().flatten().collect::<Vec<_>>(),
        body: &body(decided),
    }));
}

/// Whether an honest task is better off if the policy's refusal is taken for "there is none". A hook that finds no
/// connection of its default name goes on with the credentials of its pod; after 403 it fails.
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

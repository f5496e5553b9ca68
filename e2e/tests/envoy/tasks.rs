//! Tasks: their tokens, their requests to Airflow, and Airflow's answers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dagward_testbed::client::{Request, Response};
use dagward_testbed::upstream::{Answer, Received};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, enforce, refusal};

pub(crate) const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";
pub(crate) const OTHER_TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809113";

/// Each team's worker may send the requests of its tasks, if Airflow says that the task belongs to the team.
pub(crate) fn teams() -> Value {
    enforce(&json!([{"name": "teams", "action": "ALLOW", "rules": [{
        "from": [{
            "principals": ["spiffe://cluster.local/ns/airflow/sa/airflow-worker-{team}"],
            "dags": ["{team}_*"],
            "proof": ["airflow", "pod"],
        }],
        "to": [{"dags": ["{team}_*"]}, {"connections": ["{team}_*"]}],
    }]}]))
}

pub(crate) fn token(task: &str) -> String {
    signed(&json!({"sub": task, "scope": "execution"}), SIGNATURE)
}

/// A token for a task instance that Airflow has not signed.
pub(crate) fn forged(task: &str) -> String {
    signed(&json!({"sub": task, "scope": "execution"}), "Zm9yZ2Vk")
}

/// A token for a task instance of this DAG, as [`verifying`] names it.
pub(crate) fn token_of(dag: &str, task: &str) -> String {
    signed(&json!({"sub": task, "scope": "execution", "dag": dag}), SIGNATURE)
}

/// The signature of Airflow's tokens.
const SIGNATURE: &str = "c2ln";

fn signed(payload: &Value, signature: &str) -> String {
    format!("Bearer e30.{}.{signature}", claims(payload))
}

/// The middle part of a token.
pub(crate) fn claims(claims: &Value) -> String {
    URL_SAFE_NO_PAD.encode(claims.to_string())
}

pub(crate) fn with_token(method: &str, path: &str, task: &str) -> Request {
    Request::new(method, API_SERVER, path).header("authorization", token(task))
}

fn run_path(task: &str) -> String {
    format!("/execution/task-instances/{task}/run")
}

pub(crate) fn run(task: &str) -> Request {
    with_token("PATCH", &run_path(task), task)
        .header("accept-encoding", "gzip")
        .body(r#"{"state": "running", "pid": 1}"#)
}

pub(crate) fn xcom(dag: &str, task: &str) -> Request {
    with_token("GET", &format!("/execution/xcoms/{dag}/r/t/k"), task)
}

/// Airflow's answers, as a real one gives them: the answer to `run` names the DAG, with any token. The answer to any
/// other request lists the request's headers.
pub(crate) fn airflow(request: &Received) -> Answer {
    let answer = match request.path.split('/').nth(4) {
        Some("run") => {
            json!({"dag_run": {"dag_id": "sales_daily", "run_id": "manual__1", "conf": {}}, "max_tries": 0})
        }
        _ => request_echo(request),
    };
    Answer::json(200, &answer)
}

/// An answer to `run` in Airflow's order, with this number of bytes behind the names.
pub(crate) fn names_then_conf(bytes: usize) -> Answer {
    let conf = "y".repeat(bytes);
    raw(format!(
        r#"{{"dag_run": {{"dag_id": "sales_daily", "run_id": "r", "conf": "{conf}"}}}}"#
    ))
}

/// An answer to `run` with this number of bytes before the names.
pub(crate) fn conf_then_names(bytes: usize) -> Answer {
    let conf = "y".repeat(bytes);
    raw(format!(
        r#"{{"dag_run": {{"conf": "{conf}", "dag_id": "sales_daily", "run_id": "r"}}}}"#
    ))
}

fn raw(body: String) -> Answer {
    Answer {
        body: body.into_bytes(),
        ..Answer::json(200, &json!({}))
    }
}

/// Airflow's answers with its verification of tokens: it verifies them only on the routes of tasks. Every answer under
/// `/execution` to a token that Airflow signed has a fresh token, with any status.
pub(crate) fn verifying(request: &Received) -> Answer {
    if !request.path.starts_with("/execution/") {
        return airflow(request);
    }
    let payload = request.header("authorization").and_then(payload);
    let segments: Vec<&str> = request.path.split('/').skip(2).collect();
    let mut answer = match (segments.as_slice(), &payload) {
        (["health" | "docs" | "openapi.json", ..], _) => airflow(request),
        (["nothing", ..], _) => Answer::json(404, &json!({"detail": "Not Found"})),
        (_, None) => Answer::json(403, &json!({"detail": "Invalid auth token"})),
        (["dag-runs", "count"], Some(_)) => Answer::json(422, &json!({"detail": "dag_id is missing"})),
        (["task-instances", _, "run"], Some(payload)) => {
            let dag = payload["dag"].as_str().unwrap_or("sales_daily");
            Answer::json(200, &json!({"dag_run": {"dag_id": dag, "run_id": "manual__1"}}))
        }
        (_, Some(_)) => airflow(request),
    };
    if payload.is_some() {
        answer
            .headers
            .push(("refreshed-api-token".to_owned(), "fresh".to_owned()));
    }
    answer
}

/// The claims of a token that Airflow has signed.
fn payload(authorization: &str) -> Option<Value> {
    let token = authorization.strip_prefix("Bearer e30.")?;
    let claims = token.strip_suffix(SIGNATURE)?.strip_suffix('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn request_echo(request: &Received) -> Value {
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| json!([name, String::from_utf8_lossy(value)]))
        .collect();
    json!({"headers": headers})
}

/// The code for a request.
pub(crate) fn code(response: &Response) -> String {
    match response.status {
        200 => "allowed".to_owned(),
        _ => refusal(response).1,
    }
}

/// Asserts that a refusal with this code replaces the body of Airflow's answer.
pub(crate) fn assert_refused_in_answer(answer: &Response, code: &str) {
    let body = answer.json().unwrap();
    let message = body["detail"]["message"].as_str().unwrap();
    assert!(message.contains(code), "{body}");
}

//! Tasks: their tokens, what they ask of Airflow, and what Airflow answers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dagward_lab::client::{Request, Response};
use dagward_lab::upstream::{Answer, Received};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, enforce, refusal};

pub(crate) const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";
pub(crate) const OTHER_TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809113";

/// Each team's worker may do what its tasks need, where Airflow says that the task is the team's.
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
    let claims = claims(&json!({"sub": task, "scope": "execution"}));
    format!("Bearer e30.{claims}.c2ln")
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

/// Airflow's answers, as a real one gives them: `run` names the DAG, whatever the token. To all else
/// it says what headers came.
pub(crate) fn airflow(request: &Received) -> Answer {
    let answer = match request.path.split('/').nth(4) {
        Some("run") => {
            json!({"dag_run": {"dag_id": "sales_daily", "run_id": "manual__1", "conf": {}}, "max_tries": 0})
        }
        _ => request_echo(request),
    };
    Answer::json(200, &answer)
}

/// An answer to `run` in Airflow's order, with so many bytes behind the names.
pub(crate) fn names_then_conf(bytes: usize) -> Answer {
    let conf = "y".repeat(bytes);
    raw(format!(
        r#"{{"dag_run": {{"dag_id": "sales_daily", "run_id": "r", "conf": "{conf}"}}}}"#
    ))
}

/// An answer to `run` with so many bytes before the names.
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

fn request_echo(request: &Received) -> Value {
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| json!([name, String::from_utf8_lossy(value)]))
        .collect();
    json!({"headers": headers})
}

/// The word for what became of a request.
pub(crate) fn code(response: &Response) -> String {
    match response.status {
        200 => "allowed".to_owned(),
        _ => refusal(response).1,
    }
}

/// Asserts that a refusal with this code stands in place of the body of Airflow's answer.
pub(crate) fn assert_refused_in_answer(answer: &Response, code: &str) {
    let body = answer.json().unwrap();
    let message = body["detail"]["message"].as_str().unwrap();
    assert!(message.contains(code), "{body}");
}

//! A run of the filter's own code on the request.

use std::rc::Rc;
use std::time::Duration;

use dagward::caller::{Principal, TaskInstanceId, credential};
use dagward::exchange::{Exchange, Flow, Setting};
use dagward::learn::{AnswerReader, Answerer, Key, Owner, Reading, Tasks};
use dagward::store::Shared;
use dagward::verdict::Direction;
use dagward::wire::pairs;

use super::decision::At;
use super::host::{Host, Scene};

/// The parts of the exchange beside the request's headers.
pub(super) struct Parts {
    pub(super) body: Option<Vec<u8>>,
    /// The body of Airflow's answer to `run`.
    pub(super) answer: Option<Vec<u8>>,
    /// Whether the request is that `run`. If not, Airflow has answered the `run` before.
    pub(super) is_run: bool,
    /// Whether Airflow has let the caller start a deadline's callback with the request's token.
    pub(super) callback: bool,
}

/// Runs the filter on the request.
pub(super) fn play<'s>(scene: Scene<'s>, parts: Parts) -> Result<Host<'s>, String> {
    // The requests before this one do not count.
    let mut host = Host::new(Scene { cover: None, ..scene });
    let question = scene.question;
    let setting = Setting {
        ruleset: Some(scene.ruleset),
        pod: question.pod.as_ref(),
        label: question.proxy.as_str(),
        key: Key::of_proxy(&mut host, [0; 16]),
        verifiers: Some(scene.verification.verifiers()),
        random: || [0; 16],
    };
    let headers = question.headers();
    if parts.callback {
        let_start(&scene, &setting, &headers, &mut host)?;
    }
    if let (Some(answer), false) = (&parts.answer, parts.is_run) {
        start(&scene, &setting, answer, &mut host)?;
    }
    host.scene = scene;
    let mut exchange = Exchange::default();
    let connection = Rc::clone(&question.connection);
    let flow = exchange.request_headers(&setting, connection, headers, parts.body.is_none(), &mut host);
    if flow == Flow::Hold {
        return Ok(host);
    }
    if let Some(body) = parts.body {
        let size = body.len();
        (host.at, host.body) = (At::Body, body);
        if exchange.request_body(&setting, size, true, &mut host) == Flow::Hold {
            return Ok(host);
        }
    }
    if let Some(answer) = parts.answer.filter(|_| parts.is_run) {
        answered(&mut exchange, &setting, answer, &mut host);
    }
    Ok(host)
}

/// Plays Airflow's answer to `run`.
fn answered(exchange: &mut Exchange, setting: &Setting<'_>, answer: Vec<u8>, host: &mut Host<'_>) {
    let size = answer.len();
    host.at = At::Answer;
    host.answer = Some((200, answer.clone()));
    host.body = answer;
    exchange.answer_headers(setting, &[(b":status", b"200")], false, host);
    exchange.answer_body(setting, size, true, host);
}

/// Plays the `run` of the request's task, which Airflow has answered before. If the filter refuses it there, the token is
/// not valid afterwards.
fn start(scene: &Scene<'_>, setting: &Setting<'_>, answer: &[u8], host: &mut Host<'_>) -> Result<(), String> {
    if !matches!(AnswerReader::default().read(answer, true), Reading::Run(..)) {
        return Err(
            "error: `--answer`: the answer names no DAG run (`dag_run.dag_id` and `dag_run.run_id`)"
                .to_owned(),
        );
    }
    let task = task_of(&scene.question.headers())?;
    let path = format!("/execution/task-instances/{}/run", task.as_deref().text());
    let headers = scene.question.headers_of("PATCH", &path);
    let connection = Rc::clone(&scene.question.connection);
    let mut exchange = Exchange::default();
    if exchange.request_headers(setting, connection, headers, true, host) == Flow::GoOn {
        answered(&mut exchange, setting, answer.to_vec(), host);
    }
    host.next_request();
    Ok(())
}

/// Records that Airflow has let the caller start the callback of the request's token.
fn let_start(
    scene: &Scene<'_>,
    setting: &Setting<'_>,
    headers: &[u8],
    store: &mut impl Shared,
) -> Result<(), String> {
    let connection = &scene.question.connection;
    let answerer = Answerer {
        direction: connection.listener,
        port: match connection.listener {
            Direction::Inbound => &connection.port,
            Direction::Outbound => "",
        },
    };
    let peer = scene.question.principal().map_or("", Principal::as_str);
    let task = task_of(headers)?;
    Tasks::new(store, setting.key, Duration::ZERO).change(answerer, task.as_deref(), peer, |learned| {
        learned.callback = true;
        if !peer.is_empty() {
            learned.belongs_to(&Owner {
                principal: peer.to_owned(),
                enforced: true,
            });
        }
    });
    Ok(())
}

/// The task instance, or the callback, whose token a request with these headers carries.
fn task_of(headers: &[u8]) -> Result<TaskInstanceId<String>, String> {
    let task = credential(&pairs::read(headers)).task();
    task.ok_or_else(|| "error: Airflow has answered nothing to a request without a task's token".to_owned())
}

//! A run of the filter's own code on the request.

use std::rc::Rc;
use std::time::Duration;

use dagward::caller::{Principal, credential};
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
    let mut host = Host::new(scene);
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
        learn(&scene, &setting, &headers, &mut host, None)?;
    }
    if let (Some(answer), false) = (&parts.answer, parts.is_run) {
        learn(&scene, &setting, &headers, &mut host, Some(answer))?;
    }
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
        let size = answer.len();
        host.at = At::Answer;
        host.answer = Some((200, answer.clone()));
        host.body = answer;
        exchange.answer_headers(&setting, &[(b":status", b"200")], false, &mut host);
        exchange.answer_body(&setting, size, true, &mut host);
    }
    Ok(host)
}

/// Teaches the filter with Airflow's earlier `answer` to the `run` of the request's task. The answer to a callback's
/// `run` has no body.
fn learn(
    scene: &Scene<'_>,
    setting: &Setting<'_>,
    headers: &[u8],
    store: &mut impl Shared,
    answer: Option<&[u8]>,
) -> Result<(), String> {
    let (run, team) = match answer.map(|answer| AnswerReader::default().read(answer, true)) {
        Some(Reading::Run(run, team)) => (Some(run), team),
        Some(Reading::NeedMore | Reading::NotNamed) => {
            return Err(
                "error: `--answer`: the answer names no DAG run (`dag_run.dag_id` and `dag_run.run_id`)"
                    .to_owned(),
            );
        }
        None => (None, None),
    };
    let connection = &scene.question.connection;
    let answerer = Answerer {
        direction: connection.listener,
        port: match connection.listener {
            Direction::Inbound => &connection.port,
            Direction::Outbound => "",
        },
    };
    let peer = scene.question.principal().map_or("", Principal::as_str);
    let Some(task) = credential(&pairs::read(headers)).task() else {
        return Err(
            "error: `--answer`: the request has no task's token that Airflow could have answered".to_owned(),
        );
    };
    Tasks::new(store, setting.key, Duration::ZERO).change(answerer, task.as_deref(), peer, |learned| {
        learned.callback = run.is_none();
        learned.run = run.clone();
        learned.team = team.clone().unwrap_or_default();
        if !peer.is_empty() {
            learned.belongs_to(&Owner {
                principal: peer.to_owned(),
                enforced: true,
            });
        }
    });
    Ok(())
}

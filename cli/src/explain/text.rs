//! The answer as people read it.

use std::borrow::Cow;

use dagward::authorize::Outcome;
use dagward::operation::Operation;
use dagward::verdict::Direction;

use super::answer::{Answer, CallerPart};
use super::asked;
use super::question::Question;
use super::tokens;

/// The decision, the facts it was made on, and the reasons.
pub(super) fn render(question: &Question, outcome: &Outcome<'_>, answer: &Answer) -> String {
    let mut lines = vec![
        format!(
            "{}  {} (mode {})",
            answer.decision.to_uppercase(),
            answer.code,
            answer.mode
        ),
        String::new(),
        format!("  caller      {}", caller(question)),
        format!("  acting for  {}", acting(&answer.caller)),
    ];
    lines.extend(tokens::lines(&answer.tokens).map(|line| format!("  token       {line}")));
    lines.extend([
        format!(
            "  request     {} {} on {}",
            question.method, question.shown_path, question.host
        ),
        format!("  surface     {}", surface(outcome)),
    ]);
    lines.extend(
        asks(outcome)
            .into_iter()
            .map(|ask| format!("  asks for    {ask}")),
    );
    lines.extend(parameters(outcome));
    lines.extend([String::new(), "why".to_owned()]);
    lines.extend(answer.reasons.iter().map(|reason| format!("  - {reason}")));
    lines.join("\n") + "\n"
}

fn caller(question: &Question) -> Cow<'_, str> {
    match (&question.peer, question.listener) {
        (Ok(Some(principal)), _) => principal.as_str().into(),
        (Ok(None), Direction::Inbound) => "anonymous".into(),
        (Ok(None), Direction::Outbound) => "the proxy's own pod".into(),
        (Err(_), _) => "malformed".into(),
    }
}

fn acting(caller: &CallerPart) -> String {
    let callback = caller.actor.is_some();
    let Some(acting) = &caller.acting else {
        return match callback {
            true => "a callback, of a dag that is not known".to_owned(),
            false => "not known".to_owned(),
        };
    };
    let what = if callback { "a callback of " } else { "" };
    let run = acting
        .run_id
        .as_ref()
        .map(|run| format!(", run `{run}`"))
        .unwrap_or_default();
    let task = acting
        .task_id
        .as_ref()
        .map(|task| format!(", task `{task}`"))
        .unwrap_or_default();
    let team = caller
        .team
        .as_ref()
        .map(|team| format!(", team `{team}`"))
        .unwrap_or_default();
    format!(
        "{what}dag `{}`{run}{task}{team} (proof {})",
        acting.dag_id, acting.proof
    )
}

fn surface(outcome: &Outcome<'_>) -> String {
    match &outcome.operation {
        None => "not known: the path cannot be read".to_owned(),
        Some(operation) => match operation.template {
            Some(template) => format!("{}, route {template}", operation.surface.as_str()),
            None if operation.is_unclassified() => {
                format!("{}, on no route that is known", operation.surface.as_str())
            }
            None => operation.surface.as_str().to_owned(),
        },
    }
}

/// What its path names beside that.
fn parameters(outcome: &Outcome<'_>) -> Option<String> {
    let parameters = outcome.operation.as_ref()?.other_parameters();
    let named: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name} `{value}`"))
        .collect();
    (!named.is_empty()).then(|| format!("  with        {}", named.join(", ")))
}

/// What it asks for; nothing where its path says all.
fn asks(outcome: &Outcome<'_>) -> Vec<String> {
    let is_airflow = |operation: &&Operation<'_>| operation.template.is_some() || operation.is_unclassified();
    let Some(operation) = outcome.operation.as_ref().filter(is_airflow) else {
        return Vec::new();
    };
    let any_dag = if operation.any_dag { ", any dag" } else { "" };
    operation
        .accesses
        .iter()
        .map(|ask| format!("{}{any_dag}", asked(ask)))
        .collect()
}

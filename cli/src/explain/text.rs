//! The explanation as text for people.

use std::borrow::Cow;

use dagward::authorize::Outcome;
use dagward::operation::Operation;
use dagward::verdict::Direction;

use super::asked;
use super::decision::{At, CallerPart, Decision};
use super::explanation::{AnswerPart, Explanation};
use super::question::Question;
use super::teams::TeamPart;
use super::tokens;

/// The decisions, each with its facts and reasons, and then the proxy's answer, log and record.
pub(super) fn render(question: &Question, explanation: &Explanation) -> String {
    let several = !explanation.earlier.is_empty();
    let mut lines = Vec::new();
    for decision in explanation.earlier.iter().chain([&explanation.decision]) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(decided(question, decision, several));
    }
    let body = |AnswerPart { status, body }: &AnswerPart| format!("{status} {body}");
    let record = explanation.record.iter();
    let record = record.map(|(name, value)| format!("{name}={value}"));
    lines.extend(section("answer", explanation.answer.iter().map(body)));
    lines.extend(section("log", explanation.log.iter().cloned()));
    lines.extend(section("record", record));
    lines.join("\n") + "\n"
}

fn section(name: &str, lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut section: Vec<_> = lines.map(|line| format!("  {line}")).collect();
    if !section.is_empty() {
        section.splice(0..0, [String::new(), name.to_owned()]);
    }
    section
}

fn decided(question: &Question, decision: &Decision, several: bool) -> Vec<String> {
    let at = match decision.at {
        _ if !several => "",
        At::Headers => ", at the request's headers",
        At::Body => ", with the request's body",
        At::Answer => ", after Airflow's answer",
    };
    let word = decision.decision.as_str().to_uppercase();
    let mut lines = vec![
        format!("{word}  {} (mode {}){at}", decision.code, decision.mode),
        String::new(),
        format!("  caller      {}", caller(question)),
        format!("  acting for  {}", acting(&decision.caller)),
    ];
    let team = decision.caller.listed_team.iter();
    lines.extend(team.map(|team| format!("  team        {}", team.words)));
    lines.extend(tokens::lines(&decision.tokens).map(|line| format!("  token       {line}")));
    lines.push(format!(
        "  request     {} {} on {}",
        question.method, question.shown_path, question.host
    ));
    lines.extend(decision.asked.iter().cloned());
    lines.extend([String::new(), "why".to_owned()]);
    lines.extend(decision.reasons.iter().map(|reason| format!("  - {reason}")));
    lines
}

/// The accesses that the request asks for.
pub(super) fn asked_for(outcome: &Outcome<'_>, teams: &[TeamPart]) -> Vec<String> {
    let mut lines = vec![format!("  surface     {}", surface(outcome))];
    lines.extend(
        asks(outcome, teams)
            .into_iter()
            .map(|ask| format!("  asks for    {ask}")),
    );
    lines.extend(parameters(outcome));
    lines
}

fn caller(question: &Question) -> Cow<'_, str> {
    match (&question.connection.peer, question.listener()) {
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
            true => "a callback of an unknown dag".to_owned(),
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
    let team = acting
        .team
        .as_ref()
        .map(|team| format!(", {team}"))
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
                format!("{}, on an unknown route", operation.surface.as_str())
            }
            None => operation.surface.as_str().to_owned(),
        },
    }
}

/// The other parameters that its path names.
fn parameters(outcome: &Outcome<'_>) -> Option<String> {
    let parameters = outcome.operation.as_ref()?.other_parameters();
    let named: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name} `{value}`"))
        .collect();
    (!named.is_empty()).then(|| format!("  with        {}", named.join(", ")))
}

/// The accesses in words; empty if the path says it all.
fn asks(outcome: &Outcome<'_>, teams: &[TeamPart]) -> Vec<String> {
    let is_airflow = |operation: &&Operation<'_>| operation.template.is_some() || operation.is_unclassified();
    let Some(operation) = outcome.operation.as_ref().filter(is_airflow) else {
        return Vec::new();
    };
    let any_dag = if operation.any_dag { ", any dag" } else { "" };
    let accesses = operation.accesses.iter().enumerate();
    accesses
        .map(|(number, ask)| {
            let team = teams.get(number).map(|team| format!(", team {}", team.words));
            format!("{}{any_dag}{}", asked(ask), team.unwrap_or_default())
        })
        .collect()
}

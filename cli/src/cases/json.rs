//! The results as JSON. Its fields are an interface.

use serde_json::{Value, json};

use super::Results;
use super::coverage::Report;
use super::trial::Outcome;
use crate::source::position::Lines;

/// One object: the numbers of trials, the trials, and the coverage.
pub(super) fn render(results: &[Results<'_>], coverage: &Report<'_>) -> String {
    let outcomes = || results.iter().flat_map(|results| &results.outcomes);
    let passed = outcomes().filter(|outcome| outcome.passes()).count();
    let trials: Vec<Value> = results
        .iter()
        .flat_map(|Results { source, outcomes }| {
            let lines = Lines::new(&source.text);
            outcomes.iter().map(move |outcome| {
                let line = lines.position(outcome.trial.case.span.start).line;
                trial(outcome, &source.name, line)
            })
        })
        .collect();
    let output = json!({
        "passed": passed,
        "failed": outcomes().count() - passed,
        "trials": trials,
        "coverage": coverage.json(),
    });
    // Strings and numbers always have a JSON form.
    serde_json::to_string_pretty(&output).unwrap_or_default()
}

fn trial(outcome: &Outcome<'_>, file: &str, line: usize) -> Value {
    let case = outcome.trial.case;
    let found = outcome.decision.as_ref().ok();
    json!({
        "file": file,
        "line": line,
        "case": case.name,
        "because": case.because,
        "caller": outcome.trial.caller.label,
        "request": outcome.trial.request.label(),
        "expected": case.expected.word(),
        "passed": outcome.passes(),
        "differences": outcome.differences,
        "decision": found.map(|found| if found.allow { "allow" } else { "deny" }),
        "code": found.map(|found| found.code.as_str()),
        "policy": found.and_then(|found| found.policy.as_deref()),
        "rule": found.and_then(|found| found.rule),
        "reasons": found.map(|found| &found.reasons),
        "explain": outcome.command,
    })
}

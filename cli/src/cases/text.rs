//! The results as text for people.

use super::Results;
use super::coverage::Report;
use super::trial::Outcome;
use crate::source::position::Lines;

/// The failures, the coverage, and one line for each file.
pub(super) fn render(results: &[Results<'_>], coverage: Option<&Report<'_>>) -> String {
    let mut output = String::new();
    let mut summary = String::new();
    for Results { source, outcomes } in results {
        let lines = Lines::new(&source.text);
        for outcome in outcomes.iter().filter(|outcome| !outcome.passes()) {
            let line = lines.position(outcome.trial.case.span.start).line;
            output += &failure(outcome, &source.name, line);
        }
        let failed = outcomes.iter().filter(|outcome| !outcome.passes()).count();
        let mut cases: Vec<&str> = outcomes
            .iter()
            .map(|outcome| outcome.trial.case.name.as_str())
            .collect();
        cases.dedup();
        let result = match failed {
            0 => "ok".to_owned(),
            failed => format!("{failed} failed"),
        };
        summary += &format!(
            "{}: {result}: {}, {}\n",
            source.name,
            count(cases.len(), "case"),
            count(outcomes.len(), "request"),
        );
    }
    output += &coverage.map(Report::text).unwrap_or_default();
    output + &summary
}

fn failure(outcome: &Outcome<'_>, file: &str, line: usize) -> String {
    let Outcome {
        trial,
        decision,
        differences,
        command,
    } = outcome;
    let mut text = format!("FAIL  {}\n", trial.case.name);
    let mut line_of = |name: &str, value: &str| text += &format!("  {name:<9} {value}\n");
    line_of("at", &format!("{file}:{line}"));
    line_of("caller", &trial.caller.label);
    line_of("request", &trial.request.label());
    for difference in differences {
        line_of("result", difference);
    }
    for (number, reason) in decision.iter().flat_map(|found| &found.reasons).enumerate() {
        line_of(if number == 0 { "why" } else { "" }, &format!("- {reason}"));
    }
    if let Some(because) = &trial.case.because {
        line_of("because", because.trim());
    }
    line_of("explain", command);
    text + "\n"
}

/// A number of things.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

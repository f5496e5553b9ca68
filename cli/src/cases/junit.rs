//! The results as JUnit's XML, which build servers show.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Results;
use super::trial::Outcome;

/// A suite for each file, with a test case for each request.
///
/// # Errors
/// The text has no XML form.
pub(super) fn render(results: &[Results<'_>]) -> Result<String, String> {
    let mut report = Report::new("dagward test");
    for Results { source, outcomes } in results {
        let mut suite = TestSuite::new(source.name.as_str());
        suite.add_test_cases(outcomes.iter().map(test_case));
        report.add_test_suite(suite);
    }
    report
        .to_string()
        .map_err(|error| format!("error: cannot write JUnit's XML: {error}"))
}

fn test_case(outcome: &Outcome<'_>) -> TestCase {
    let status = match outcome.differences.first() {
        None => TestCaseStatus::success(),
        Some(difference) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let reasons = outcome.decision.iter().flat_map(|found| found.reasons.clone());
            let lines: Vec<String> = reasons.chain([outcome.command.clone()]).collect();
            status.set_message(difference.as_str());
            status.set_description(lines.join("\n"));
            status
        }
    };
    let mut case = TestCase::new(outcome.trial.label(), status);
    case.set_classname(outcome.trial.case.name.as_str());
    case
}

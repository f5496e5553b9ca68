//! Airflow's answer to a task's `run` (`TIRunContext` of the Execution API).

use serde::Deserialize;

use super::Run;
use crate::caller::id;

/// The longest answer that is read, in bytes. It holds the run's `conf`, which has no limit.
pub const MAX_ANSWER_BYTES: usize = 512 * 1024;

#[derive(Deserialize)]
struct Answer {
    dag_run: Run,
}

/// The run that the answer names; `None` where it names none, as where it is compressed or cut.
pub fn read_run(body: &[u8]) -> Option<Run> {
    let Answer { dag_run } = serde_json::from_slice(body).ok()?;
    (id::is_id(&dag_run.dag_id) && id::is_run_id(&dag_run.run_id)).then_some(dag_run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_read_and_the_rest_left() {
        let body = br#"{"dag_run": {"dag_id": "sales_daily", "run_id": "manual__1", "conf": {"dag_id": "x"}},
            "max_tries": 0, "variables": [], "connections": []}"#;
        let run = read_run(body).unwrap();
        assert_eq!(
            (run.dag_id.as_str(), run.run_id.as_str()),
            ("sales_daily", "manual__1")
        );
    }

    #[test]
    fn what_names_no_run_teaches_nothing() {
        for body in [
            "",
            "null",
            "{}",
            r#"{"dag_run": {"dag_id": "a"}}"#,
            r#"{"dag_run": {"dag_id": "", "run_id": "r"}}"#,
            r#"{"dag_run": {"dag_id": "a/b", "run_id": "r"}}"#,
            r#"{"dag_run": {"dag_id": "a", "dag_id": "b", "run_id": "r"}}"#,
            r#"{"dag_run": {"dag_id": "a", "run_id": "r"}"#,
            "\u{1f}\u{8b}",
        ] {
            assert_eq!(read_run(body.as_bytes()), None, "{body}");
        }
    }
}

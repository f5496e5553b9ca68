//! The report for a newcomer: each caller and request, the decision with its reason, and the
//! metrics.

use std::fmt;

use serde_json::Value;

use super::{Attack, Demo};
use dagward_workbench::table::Table;

/// The common prefix of all principals in the demo.
const ACCOUNTS: &str = "spiffe://cluster.local/ns/airflow/sa/";

/// Enough digits of a request id to find it in a log.
const ID_DIGITS: usize = 8;

const UUID_LENGTH: usize = 36;

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "The requests of Airflow's tasks to its api-server, from the log of the api-server's sidecar"
        )?;
        writeln!(
            f,
            "(callers without their prefix {ACCOUNTS}):\n\n{}",
            self.requests()
        )?;
        writeln!(f, "The end states of the runs:\n")?;
        for ((dag, run), state) in &self.guarded.runs {
            writeln!(f, "  {dag}, run `{run}`: {state}")?;
        }
        write_attack(f, "with dagward", &self.guarded.attack)?;
        write_attack(f, "without dagward", &self.unguarded)?;
        writeln!(
            f,
            "\nThe metrics of the api-server's sidecar:\n\n{}",
            self.counts()
        )?;
        write!(f, "{}", self.denials())
    }
}

impl Demo {
    fn requests(&self) -> Table {
        let mut table = Table::ruled(["who", "acting for", "asked", "answer", "why", "request id"]);
        for request in &self.guarded.requests {
            let field = |name: &str| text(request, name);
            let task = format!("{}.{}", field("dagward_dag_id"), field("dagward_task_id"));
            let id = field("request_id");
            table.row([
                account(field("dagward_caller")),
                format!("{task} in `{}`", field("dagward_run_id")),
                format!("{} {}", field("method"), shortened(field("path"))),
                request.get("response_code").unwrap_or(&Value::Null).to_string(),
                why(field("dagward_decision"), field("dagward_policy")),
                id.chars().take(ID_DIGITS).collect(),
            ]);
        }
        table
    }

    fn counts(&self) -> Table {
        let headings = [
            "caller",
            "dag_id",
            "task_id",
            "action",
            "decision",
            "code_class",
            "requests",
        ];
        let mut table = Table::plain(headings);
        let metrics = self.guarded.metrics.iter();
        for sample in metrics.filter(|sample| sample.name == "dagward_requests_total") {
            let label = |name: &str| sample.label(name).to_owned();
            table.row([
                account(sample.label("caller")),
                label("dag_id"),
                label("task_id"),
                label("action"),
                label("decision"),
                label("code_class"),
                sample.value.to_string(),
            ]);
        }
        table
    }

    fn denials(&self) -> Table {
        let mut table = Table::plain(["policy", "reason", "denied"]);
        let metrics = self.guarded.metrics.iter();
        for sample in metrics.filter(|sample| sample.name == "dagward_denied_total") {
            let policy = Some(sample.label("policy")).filter(|policy| !policy.is_empty());
            table.row([
                policy.unwrap_or("(none allowed it)").to_owned(),
                sample.label("reason").to_owned(),
                sample.value.to_string(),
            ]);
        }
        table
    }
}

fn write_attack(f: &mut fmt::Formatter<'_>, title: &str, attack: &Attack) -> fmt::Result {
    writeln!(f, "\nThe results of the task ml_rogue.steal, {title}:\n")?;
    writeln!(f, "  an XCom of sales_daily: {}", text(&attack.outcomes, "read"))?;
    writeln!(f, "  a run of sales_daily: {}", text(&attack.outcomes, "trigger"))
}

fn text<'v>(object: &'v Value, field: &str) -> &'v str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn account(principal: &str) -> String {
    principal.strip_prefix(ACCOUNTS).unwrap_or(principal).to_owned()
}

fn why(decision: &str, policy: &str) -> String {
    match policy {
        "" => decision.to_owned(),
        policy => format!("{decision} by {policy}"),
    }
}

/// The path with shortened task instance ids, which readers do not need in full.
fn shortened(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let is_uuid =
            segment.len() == UUID_LENGTH && segment.bytes().filter(|&byte| byte == b'-').count() == 4;
        if is_uuid { "…" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_instance_ids_are_cut_short() {
        let path = "/execution/task-instances/01a20a0c-6b11-7c8b-8390-ce2fdec0bd5f/run";
        assert_eq!(shortened(path), "/execution/task-instances/…/run");
        assert_eq!(
            shortened("/execution/xcoms/a/b/c/d?x=1"),
            "/execution/xcoms/a/b/c/d?x=1"
        );
    }
}

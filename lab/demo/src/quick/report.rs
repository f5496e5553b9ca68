//! The report for a newcomer: each caller and request, the decision with its reason, and the
//! metrics.

use std::fmt;

use super::{Demo, POLICY, Played, counts};
use dagward_workbench::table::Table;

/// The number of characters in a request id.
const UUID: u16 = 36;

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Four Envoy sidecars with dagward, mutual TLS, policy {POLICY}.\n"
        )?;
        writeln!(f, "{}", self.requests())?;
        writeln!(
            f,
            "The first line of `asked` comes from the demo, and `answer` is the status that the caller got; the"
        )?;
        writeln!(
            f,
            "sidecar of the called service logged the rest. A caller without dagward only claims its task.\n"
        )?;
        let (sent, reached) = (self.played.len(), self.reached);
        writeln!(
            f,
            "{sent} requests were sent, {reached} reached the services behind the sidecars."
        )?;
        for played in self.played.iter().filter(|played| !played.holds()) {
            let (scene, code) = (&played.scene, &played.testimony.code);
            let (status, answer, expected) = (played.status, scene.answer, scene.code);
            writeln!(
                f,
                "UNEXPECTED: `{}` got {status} ({code}) instead of {answer} ({expected})",
                scene.title
            )?;
            writeln!(f, "  log: {}", played.testimony.log.display())?;
        }
        writeln!(
            f,
            "\nThe metrics of the four sidecars, added up (`/stats/prometheus`):"
        )?;
        for (name, table) in counts::tables(&self.metrics) {
            write!(f, "\n{name}\n{table}")?;
        }
        Ok(())
    }
}

impl Demo {
    fn requests(&self) -> Table {
        let mut table =
            Table::ruled(["who\nacting for", "asked", "answer", "why\nrequest id"]).at_least(3, UUID);
        for played in &self.played {
            table.row(played.cells());
        }
        table
    }
}

impl Played {
    fn cells(&self) -> [String; 4] {
        let seen = &self.testimony;
        let who = match seen.caller.as_str() {
            "" => "unknown caller".to_owned(),
            caller => counts::account(caller),
        };
        let acting = match seen.acting.as_str() {
            "" => "unknown task",
            acting => acting,
        };
        [
            format!("{who}\n{acting}"),
            format!("{}\n{}", self.scene.title, seen.asked),
            self.status.to_string(),
            format!("{}\n{}", seen.why, seen.request_id),
        ]
    }
}

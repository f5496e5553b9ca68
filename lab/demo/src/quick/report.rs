//! The report for a newcomer: each caller and request, the decision with its reason, and the
//! metrics.

use std::fmt;

use super::{Demo, POLICY, Told, counts};
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
            "The first line of `asked` is the story's, the answer is what the caller got, and all else is"
        )?;
        writeln!(
            f,
            "what the sidecar of the asked service logged. A caller without dagward only claims its task.\n"
        )?;
        let (sent, reached) = (self.told.len(), self.reached);
        writeln!(
            f,
            "{sent} requests were sent, {reached} reached the services behind the sidecars."
        )?;
        for told in self.told.iter().filter(|told| !told.holds()) {
            let (scene, code) = (&told.scene, &told.testimony.code);
            let (status, answer, expected) = (told.status, scene.answer, scene.code);
            writeln!(
                f,
                "UNEXPECTED: `{}` got {status} ({code}) instead of {answer} ({expected})",
                scene.title
            )?;
            writeln!(f, "  log: {}", told.testimony.log.display())?;
        }
        writeln!(
            f,
            "\nWhat the four sidecars counted, added up (`/stats/prometheus`):"
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
        for told in &self.told {
            table.row(told.cells());
        }
        table
    }
}

impl Told {
    fn cells(&self) -> [String; 4] {
        let seen = &self.testimony;
        let who = match seen.caller.as_str() {
            "" => "nobody known".to_owned(),
            caller => counts::account(caller),
        };
        let acting = match seen.acting.as_str() {
            "" => "no task known",
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

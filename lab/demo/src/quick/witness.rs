//! A sidecar's records of a request: its access log, and the filter's own line about a refusal.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use dagward_testbed::sidecar::Sidecar;
use dagward_workbench::wait;

/// The time for a log line to appear, as Envoy writes its logs in the background.
const WRITTEN: Duration = Duration::from_secs(300);

/// The records of one request.
#[derive(Debug)]
pub(super) struct Testimony {
    pub(super) caller: String,
    /// The DAG and the task that the caller acted for, with a dot between.
    pub(super) acting: String,
    pub(super) asked: String,
    pub(super) code: String,
    pub(super) why: String,
    pub(super) request_id: String,
    /// The log of the sidecar's process.
    pub(super) log: PathBuf,
}

/// Waits for the records of the request `id` in `sidecar`'s logs and reads them.
pub(super) fn testimony(sidecar: &Sidecar, id: &str) -> Result<Testimony> {
    let entry = wait::until(&format!("request {id} in the access log"), WRITTEN, || {
        let entries = sidecar.access_log()?;
        Ok(entries
            .into_iter()
            .find(|entry| field(entry, "request_id") == id && field(entry, "listener") == "inbound"))
    })
    .map_err(|error| sidecar.process().failure(&error.to_string()))?;
    let code = field(&entry, "dagward_decision");
    let acting = [field(&entry, "dagward_dag_id"), field(&entry, "dagward_task_id")];
    Ok(Testimony {
        caller: field(&entry, "dagward_caller").to_owned(),
        acting: acting.join(".").trim_matches('.').to_owned(),
        asked: format!("{} {}", field(&entry, "method"), field(&entry, "path")),
        why: match code {
            "allowed" => format!("allowed by `{}`", field(&entry, "dagward_policy")),
            _ => reasons(sidecar, id)?,
        },
        code: code.to_owned(),
        request_id: id.to_owned(),
        log: sidecar.process().log().to_owned(),
    })
}

/// The reasons in the filter's own line about the request.
fn reasons(sidecar: &Sidecar, id: &str) -> Result<String> {
    let named = format!(" request_id={id} ");
    let line = wait::until(&format!("request {id} in the log"), WRITTEN, || {
        let output = sidecar.process().output()?;
        let mut lines = output.lines().filter(|line| line.contains(&named));
        Ok(lines.find(|line| line.contains(" why_1=")).map(str::to_owned))
    })
    .map_err(|error| sidecar.process().failure(&error.to_string()))?;
    let word = if line.contains(" event=would_refuse ") {
        "would refuse: "
    } else {
        ""
    };
    // Each value is a JSON string; the values of the caller come before it.
    let reasons: Vec<String> = (1..)
        .map_while(|number| {
            let (_, value) = line.rsplit_once(&format!(" why_{number}="))?;
            serde_json::Deserializer::from_str(value)
                .into_iter::<String>()
                .next()?
                .ok()
        })
        .collect();
    Ok(format!("{word}{}", reasons.join("\n")))
}

fn field<'v>(entry: &'v Value, name: &str) -> &'v str {
    let name = entry.get(name).and_then(Value::as_str);
    name.filter(|value| *value != "-").unwrap_or_default()
}

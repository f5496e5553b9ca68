//! The objects that kubectl of Kubernetes 1.35 reads from some files. `kubectl.jsonl` keeps them, so that the
//! comparison also runs without Go. `BLESS=1 cargo test -p dagward-cli needs_go` writes the answers again.

use std::path::Path;
use std::{env, fs};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::node::Kind;
use super::{Source, yaml};
use crate::report::Severity;

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Its text.
    pub(super) file: String,
    /// The objects that kubectl reads; `None` if it refuses the file.
    pub(super) kubectl: Option<Vec<Value>>,
    /// Whether dagward refuses a file that kubectl accepts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) refused: bool,
}

/// All rows.
pub(super) fn rows() -> Vec<Row> {
    let lines = include_str!("kubectl.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Asserts that the table has these rows, or writes them.
pub(super) fn assert_written(rows: &[Row]) {
    let lines = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n");
    let text: String = lines.collect();
    if env::var_os("BLESS").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source/kubectl.jsonl");
        fs::write(file, &text).unwrap();
        return;
    }
    assert_eq!(text, include_str!("kubectl.jsonl"));
}

/// The objects that dagward reads from a file, or its first error.
pub(super) fn dagward_reads(file: &str) -> Result<Vec<Value>, String> {
    let source = Source::new(String::new(), file.as_bytes().to_vec()).map_err(|error| error.to_string())?;
    let documents = yaml::read(&source.text);
    let problems = documents.read.iter().flat_map(|document| &document.problems);
    let mut errors = problems
        .chain(&documents.broken)
        .filter(|problem| problem.severity() == Severity::Error);
    let roots = documents.read.iter().map(|document| &document.root.kind);
    let is_text = |kind: &Kind| matches!(kind, Kind::Scalar(value) if !value.is_null());
    match errors.next() {
        Some(problem) => Err(problem.message.clone()),
        None if roots.into_iter().any(is_text) => Err("not an object".to_owned()),
        None => Ok(documents
            .read
            .iter()
            .map(|document| document.root.to_json())
            .collect()),
    }
}

/// Whether dagward has read the same as kubectl. kubectl passes over documents that are null.
pub(super) fn is_same(dagward: &[Value], kubectl: &[Value]) -> bool {
    let objects: Vec<&Value> = dagward.iter().filter(|object| !object.is_null()).collect();
    objects.len() == kubectl.len()
        && objects
            .into_iter()
            .zip(kubectl)
            .all(|(own, other)| is_equal(own, other))
}

/// Compares numbers by value: `pluginConfig` has only 64-bit floats, and serde_json does not read the last digits of an
/// answer exactly.
fn is_equal(own: &Value, other: &Value) -> bool {
    match (own, other) {
        (Value::Number(own), Value::Number(other)) => {
            let [own, other] = [own, other].map(|number| number.as_f64().unwrap());
            (own - other).abs() <= own.abs() * 1e-15
        }
        (Value::Array(own), Value::Array(other)) => {
            own.len() == other.len() && own.iter().zip(other).all(|(own, other)| is_equal(own, other))
        }
        (Value::Object(own), Value::Object(other)) => {
            own.len() == other.len()
                && own
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| is_equal(value, other)))
        }
        _ => own == other,
    }
}

#[test]
fn files_are_read_as_kubectl_reads_them() {
    for row in rows() {
        match (dagward_reads(&row.file), &row.kubectl) {
            (Ok(read), Some(objects)) => assert!(is_same(&read, objects), "{row:?}: {read:?}"),
            (Ok(read), None) => panic!("kubectl refuses {:?}: {read:?}", row.file),
            (Err(message), Some(_)) => assert!(row.refused, "{row:?}: {message}"),
            (Err(_), None) => {}
        }
    }
}

//! `dagward validate` on real files. The output for each file in `validate/` is in a file beside it. `BLESS=1` writes
//! the outputs again: read them before you commit them.

#![expect(clippy::unwrap_used, reason = "a failed test is what a panic means here")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Run, dagward, tests};
use serde_json::Value;

#[test]
fn good_files_are_good() {
    check_all("good", 0);
}

#[test]
fn bad_files_are_explained() {
    check_all("bad", 1);
}

fn check_all(folder: &str, status: i32) {
    let files = files(folder);
    assert!(!files.is_empty());
    for file in files {
        let file = format!("{folder}/{}", name(&file));
        dagward("validate", &["validate", &file], "").assert(status, &format!("validate/{file}.txt"));
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(tests().join("validate").join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension() != Some(OsStr::new("txt")))
        .collect()
}

fn name(file: &Path) -> &str {
    file.file_name().and_then(OsStr::to_str).unwrap()
}

#[test]
fn editors_get_places() {
    let run = dagward(
        "validate",
        &[
            "validate",
            "--format",
            "json",
            "good/policy.yaml",
            "bad/several.json",
        ],
        "",
    );
    assert_eq!(run.status, 1);
    let findings: Value = serde_json::from_str(&run.stdout).unwrap();
    let duplicate = serde_json::json!({
        "file": "bad/several.json", "line": 4, "column": 2, "endLine": 4, "endColumn": 8,
        "path": "mode", "message": "duplicate field `mode`, first on line 3",
        "allowed": null, "suggestion": null, "severity": "error",
    });
    assert_eq!(findings[0], duplicate);
    let unknown = &findings[2];
    assert_eq!(
        (&unknown["line"], &unknown["column"]),
        (&Value::from(6), &Value::from(36))
    );
    assert_eq!(unknown["suggestion"], "rules");
}

#[test]
fn no_findings_are_an_empty_array() {
    let run = dagward("validate", &["validate", "--format=json", "good/policy.json"], "");
    assert_eq!(
        run,
        Run {
            status: 0,
            stdout: "[]\n".to_owned(),
            stderr: String::new()
        }
    );
}

#[test]
fn standard_input_is_read() {
    let run = dagward(
        "validate",
        &["validate", "-"],
        "\u{feff}apiVersion: dagward/v1\npolicies: []\n",
    );
    assert_eq!(run.stdout, "<stdin>: ok: 0 policies, 0 rules, mode enforce\n");
    assert_eq!(run.status, 0);
    let run = dagward("validate", &["validate", "-"], "policies: 3");
    assert!(run.stdout.contains(",-[<stdin>:1:11]"), "{}", run.stdout);
    assert_eq!(run.status, 1);
}

#[test]
fn one_bad_file_is_enough() {
    let run = dagward(
        "validate",
        &["validate", "bad/no-object.yaml", "good/policy.yaml"],
        "",
    );
    assert!(
        run.stdout
            .ends_with("good/policy.yaml: ok: 2 policies, 2 rules, mode enforce\n")
    );
    assert_eq!(run.status, 1);
}

#[test]
fn plugins_of_all_files_are_compared() {
    let files = ["good/rendered.yaml", "good/two-plugins.yaml"];
    let run = dagward("validate", &["validate", files[0], files[1]], "");
    let rival = "WasmPlugin airflow/dagward in `good/rendered.yaml` works on the same pods";
    assert!(run.stdout.contains(rival), "{}", run.stdout);
    assert_eq!(run.status, 0);
}

#[test]
fn a_file_that_cannot_be_read_is_misuse() {
    let run = dagward(
        "validate",
        &["validate", "no-such-file.yaml", "good/policy.yaml"],
        "",
    );
    assert!(
        run.stderr.starts_with("error: cannot read `no-such-file.yaml`: "),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout.contains("good/policy.yaml: ok"),
        "the others are checked all the same"
    );
    assert_eq!(run.status, 2);
}

#[test]
fn wrong_usage_is_misuse() {
    for arguments in [
        &["validate"][..],
        &["validate", "--format", "xml", "-"],
        &["valdate"],
        &[],
    ] {
        assert_eq!(dagward("validate", arguments, "").status, 2, "{arguments:?}");
    }
}

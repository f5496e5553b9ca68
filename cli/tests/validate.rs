//! `dagward validate` on real files. The output for each file in `validate/` is in a file beside it. `BLESS=1` writes
//! the outputs again: read them before you commit them.

#![expect(clippy::unwrap_used, reason = "a failed test is what a panic means here")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Run, dagward, tests};
use serde_json::Value;
use tempfile::TempDir;

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
        "allowed": null, "suggestion": null, "severity": "error", "code": "DE002", "name": "yaml",
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
    let run = dagward("validate", &["validate", "--format=json", "good/silent.yaml"], "");
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
        "\u{feff}apiVersion: dagward/v1\nmode: observe\npolicies: []\n",
    );
    assert_eq!(run.stdout, "<stdin>: ok: 0 policies, 0 rules, mode observe\n");
    assert_eq!(run.status, 0);
    let run = dagward("validate", &["validate", "-"], "policies: 3");
    assert!(run.stdout.contains(",-[<stdin>:1:11]"), "{}", run.stdout);
    assert_eq!(run.status, 1);
}

#[test]
fn one_bad_file_is_enough() {
    let run = dagward(
        "validate",
        &["validate", "bad/several.yaml", "good/policy.yaml"],
        "",
    );
    assert!(
        run.stdout
            .contains("good/policy.yaml: ok: 2 policies, 2 rules, mode enforce\n")
    );
    assert_eq!(run.status, 1);
}

#[test]
fn plugins_of_all_files_are_compared() {
    let files = ["good/rendered.yaml", "good/two-plugins.yaml"];
    let run = dagward("validate", &["validate", files[0], files[1]], "");
    let rival = "WasmPlugin airflow/dagward in `good/rendered.yaml` is the same object";
    assert!(run.stdout.contains(rival), "{}", run.stdout);
    assert_eq!(run.status, 0);
}

#[test]
fn a_file_that_is_named_twice_is_checked_once() {
    let once = dagward("validate", &["validate", "good/two-plugins.yaml"], "");
    let again = [
        "validate",
        "good/two-plugins.yaml",
        "./good/two-plugins.yaml",
        "good/two-plugins.yaml",
    ];
    assert_eq!(dagward("validate", &again, ""), once);
}

/// A reader such as `head` closes the pipe when it has seen enough.
#[test]
fn a_closed_pipe_is_no_error() {
    for format in ["text", "json", "sarif", "github"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dagward"))
            .args(["validate", "--format", format, "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        // The command prints once it has read all of its input.
        let policy = "apiVersion: dagward/v1\npolicies: []\n";
        child.stdin.take().unwrap().write_all(policy.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{format}");
    }
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

/// A folder with a policy that has a warning, a file of another tool that is not YAML, and a resource of its own.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir_all(folder.path().join("team/.hidden")).unwrap();
    write(
        "team/policy.yml",
        "apiVersion: dagward/v1\nmode: enforce\npolicies: []\n",
    );
    write(
        "team/chart.yaml",
        "{{- if .Values.sidecars }}\nkind: ConfigMap\n{{- end }}\n",
    );
    write(
        "values.yaml",
        "executor: CeleryExecutor\nworkers: {replicas: 2}\n",
    );
    write("package.json", "{\"name\": \"x\", \"version\": \"1\"}");
    write("team/.hidden/broken.yaml", "policies: [");
    write("notes.txt", "policies: [");
    folder
}

fn validate(folder: &TempDir, arguments: &[&str]) -> Run {
    let paths: Vec<String> = arguments
        .iter()
        .map(|argument| argument.replace("FOLDER", folder.path().to_str().unwrap()))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    dagward("validate", &[&["validate"], &paths[..]].concat(), "")
}

#[test]
fn folders_and_globs_are_searched() {
    let folder = folder();
    for arguments in [
        &["FOLDER"][..],
        &["FOLDER/**/*.{yml,yaml}"],
        &["FOLDER/team", "FOLDER/values.yaml"],
    ] {
        let run = validate(&folder, arguments);
        assert_eq!(
            (run.status, run.stderr.as_str()),
            (0, ""),
            "{arguments:?}: {}",
            run.stdout
        );
        assert!(
            run.stdout.contains("team/policy.yml: ok: 0 policies"),
            "{}",
            run.stdout
        );
        assert!(
            run.stdout.contains("team/chart.yaml: note: no dagward policy"),
            "{}",
            run.stdout
        );
        assert!(
            run.stdout
                .contains("values of a Helm chart: render the chart first"),
            "{}",
            run.stdout
        );
        assert!(
            !run.stdout.contains("broken") && !run.stdout.contains("notes"),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn a_policy_must_be_somewhere() {
    let folder = folder();
    for arguments in [
        &["FOLDER/values.yaml"][..],
        &["FOLDER/team/chart.yaml"],
        &["FOLDER/values.yaml", "FOLDER/package.json"],
    ] {
        let run = validate(&folder, arguments);
        assert_eq!(run.status, 1, "{arguments:?}: {}{}", run.stdout, run.stderr);
    }
    for arguments in [&["FOLDER/*.yml"][..], &["FOLDER/team/.hidden/none"]] {
        assert_eq!(validate(&folder, arguments).status, 2, "{arguments:?}");
    }
}

#[test]
fn warnings_are_denied_and_accepted() {
    let folder = folder();
    let policy = "FOLDER/team/policy.yml";
    for (arguments, status) in [
        (&[policy][..], 0),
        (&[policy, "--deny-warnings"], 1),
        (&[policy, "--deny-warnings", "--allow", "DW025"], 0),
        (&[policy, "--deny-warnings", "--allow", "no-policies"], 0),
        (&[policy, "--deny-warnings", "--allow", "DW001,DW025"], 0),
        (&[policy, "--deny-warnings", "--allow", "DW001"], 1),
        (&[policy, "--allow", "DE001"], 2),
        (&[policy, "--allow", "DW999"], 2),
    ] {
        let run = validate(&folder, arguments);
        assert_eq!(run.status, status, "{arguments:?}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn code_scanning_gets_sarif() {
    let schema = fs::read_to_string(tests().join("validate/sarif-2.1.0.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for files in [
        &["good/silent.yaml"][..],
        &["bad/several.yaml", "good/carried.yaml"],
        &["bad/tab.yaml"],
    ] {
        let run = dagward(
            "validate",
            &[&["validate", "--format", "sarif"], files].concat(),
            "",
        );
        let log: Value = serde_json::from_str(&run.stdout).unwrap();
        let errors: Vec<_> = schema.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.is_empty(), files == ["good/silent.yaml"]);
        for result in results {
            let number = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(
                result["ruleId"],
                log["runs"][0]["tool"]["driver"]["rules"][number]["id"]
            );
        }
    }
}

#[test]
fn workflows_get_commands() {
    let run = dagward(
        "validate",
        &[
            "validate",
            "--format",
            "github",
            "bad/several.json",
            "good/policy.json",
        ],
        "",
    );
    assert_eq!(run.status, 1);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let duplicate = "::error file=bad/several.json,line=4,col=2,endLine=4,endColumn=8,title=DE002 yaml::\
                     mode: duplicate field `mode`, first on line 3";
    assert_eq!(lines[0], duplicate);
    let last = lines.last().unwrap();
    assert!(
        last.starts_with("::warning file=good/policy.json,line=4,"),
        "{last}"
    );
    assert!(lines.iter().all(|line| line.starts_with("::")), "{}", run.stdout);
}

/// The files that users copy give no warning. They hold the placeholder of the module's address, as their comments say,
/// and the same plugin in several forms.
#[test]
fn shipped_files_give_no_warning() {
    let arguments = [
        "validate",
        "--deny-warnings",
        "--allow",
        "placeholder-url,two-plugins",
        "../wasm-plugin.yaml",
        "../examples",
    ];
    let run = dagward("..", &arguments, "");
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.matches(": ok: ").count() > 8, "{}", run.stdout);
}

#[test]
fn other_formats_of_dagward_are_not_policies() {
    let folder = folder();
    let cases = "apiVersion: dagward/cases/v1\ncases: []\n";
    fs::write(folder.path().join("team/cases.yaml"), cases).unwrap();
    let run = validate(&folder, &["FOLDER/team"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(
        run.stdout.contains("cases.yaml: note: no dagward policy"),
        "{}",
        run.stdout
    );
}

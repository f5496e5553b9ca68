//! A comparison with kubectl's reader, which `lab/go/kubectl` builds. dagward either reads a file as kubectl does, or
//! refuses it with a message. These tests need Go.

mod generated;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dagward_workbench::go::Program;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde::Deserialize;
use serde_json::Value;

use super::table::{self, dagward_reads, is_same};

const READER: Program = Program {
    module: "kubectl",
    package: "./read-manifests",
    linked: "",
};

/// The documents that kubectl reads from a file.
#[derive(Debug, Deserialize)]
struct Answer {
    objects: Vec<Value>,
    error: Option<String>,
}

/// Asks kubectl's reader about many files.
fn kubectl_reads(files: &[String]) -> Vec<Answer> {
    let mut reader = Command::new(READER.ensure().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = reader.stdin.take().unwrap();
    let lines: String = files.iter().map(|file| STANDARD.encode(file) + "\n").collect();
    let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let stdout = BufReader::new(reader.stdout.take().unwrap());
    let answers: Vec<Answer> = stdout
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    writer.join().unwrap();
    assert!(reader.wait().unwrap().success());
    assert_eq!(answers.len(), files.len());
    answers
}

/// Compares the two readers. Returns the files that kubectl accepts and dagward refuses.
fn compare(files: Vec<String>) -> Vec<(String, String)> {
    let answers = kubectl_reads(&files);
    let mut different = Vec::new();
    let mut refused = Vec::new();
    for (file, answer) in files.into_iter().zip(answers) {
        match dagward_reads(&file) {
            Ok(read) if answer.error.is_some() || !is_same(&read, &answer.objects) => {
                different.push(format!("{file:?}: kubectl {answer:?}, dagward {read:?}"));
            }
            Err(message) if answer.error.is_none() => refused.push((file, message)),
            _ => {}
        }
    }
    different.sort_by_key(|line| (line.len(), line.clone()));
    different.dedup();
    let shown = different.iter().take(40).map(String::as_str).collect::<Vec<_>>();
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        shown.join("\n")
    );
    refused
}

fn take<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, number: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let mut next = || strategy.new_tree(&mut runner).unwrap().current();
    (0..number).map(|_| next()).collect()
}

#[test]
fn scalars_mean_what_they_mean_to_kubectl() {
    let refused = compare(take(&generated::scalar_in_a_file(), 100_000));
    let reasons = [
        "kubectl reads",
        "the tag ",
        "the character ",
        "not an object",
        "kubectl takes a `?` in brackets",
        "a tag has no meaning",
        "while scanning a plain scalar, found unexpected ':'",
        "duplicate field",
        "kubectl does not know the escape",
        "did not find expected <document start>",
        "a number that JSON lacks",
        "while scanning a tag",
        // Half a surrogate pair in JSON.
        "found invalid Unicode character escape code",
    ];
    for (file, message) in refused {
        let is_known = reasons.iter().any(|reason| message.contains(reason));
        assert!(is_known, "{file:?}: {message}");
    }
}

#[test]
fn files_mean_what_they_mean_to_kubectl() {
    let number = 100_000;
    let refused = compare(take(&generated::file(), number));
    let objects = refused.iter().filter(|(_, message)| message != "not an object");
    assert!(
        objects.count() < number / 10,
        "dagward refuses much of what kubectl takes"
    );
}

#[test]
fn the_table_has_kubectl_s_answers() {
    let rows = table::rows();
    let files: Vec<String> = rows.iter().map(|row| row.file.clone()).collect();
    let rows: Vec<table::Row> = files
        .iter()
        .zip(kubectl_reads(&files))
        .map(|(file, answer)| table::Row {
            file: file.clone(),
            refused: answer.error.is_none() && dagward_reads(file).is_err(),
            kubectl: if answer.error.is_none() {
                Some(answer.objects)
            } else {
                None
            },
        })
        .collect();
    table::assert_written(&rows);
}

//! `dagward validate`: checks whether the filter would accept the policies in files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dagward::policy::Ruleset;

use crate::check::{self, Checked, Plugin, Policy};
use crate::report::{self, Finding, Look, Severity};
use crate::source::Source;
use crate::source::position::Lines;
use crate::{Format, exit};

/// Validate policy files
///
/// A file holds policy documents, or WasmPlugin or TrafficExtension resources that carry one in their pluginConfig. It
/// is YAML or JSON, with single resources or a List, and the command reads it as kubectl does. It passes over other
/// Kubernetes resources.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dagward validate policy.yaml
  dagward validate wasm-plugin.yaml examples/policies/*.yaml
  kubectl get wasmplugin -n airflow -o yaml | dagward validate -
  kubectl kustomize . | dagward validate -
  dagward validate --format json policy.yaml

Exit status: 0 all files are valid, 1 some file is not, 2 wrong usage or a file cannot be read.")]
pub(crate) struct Validate {
    /// The files to validate; `-` reads the standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The form of the output: `json` is an array of objects with file, line, column, endLine, endColumn, path,
    /// message, allowed, suggestion and severity
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Validate {
    /// Checks the files.
    pub(crate) fn run(&self) -> ExitCode {
        let mut outcome = Outcome::default();
        for file in &self.files {
            outcome.check(file, self.format);
        }
        if self.format == Format::Json {
            println!("{}", json(&outcome.findings));
        }
        match outcome {
            Outcome { unreadable: true, .. } => exit::misuse(),
            Outcome { invalid: true, .. } => exit::negative(),
            _ => ExitCode::SUCCESS,
        }
    }
}

#[derive(Debug, Default)]
struct Outcome {
    findings: Vec<Finding>,
    /// The resources with policies in all files so far. They may be applied together.
    plugins: Vec<Plugin>,
    invalid: bool,
    unreadable: bool,
}

impl Outcome {
    fn check(&mut self, file: &Path, format: Format) {
        let source = match Source::read(file) {
            Ok(source) => source,
            Err(error) => {
                eprintln!("error: cannot read `{}`: {error}", file.display());
                self.unreadable = true;
                return;
            }
        };
        let mut checked = check::check(&source);
        checked.beside(&mut self.plugins);
        self.invalid |= !checked.is_valid();
        match format {
            Format::Text => print!("{}", text(&source, &checked)),
            Format::Json => self.findings.extend(report::findings(&source, &checked.problems)),
        }
    }
}

fn json(findings: &[Finding]) -> String {
    // Strings and numbers always have a JSON form.
    serde_json::to_string_pretty(findings).unwrap_or_default()
}

fn text(source: &Source, checked: &Checked) -> String {
    let mut output = report::text(
        &source.without(&checked.secrets),
        &checked.problems,
        Look::for_stdout(),
    );
    let name = &source.name;
    let lines = Lines::new(&source.text);
    for (what, span) in &checked.passed_over {
        output += &format!(
            "{name}:{}: note: passed over {what}\n",
            lines.position(span.start).line
        );
    }
    if !checked.is_valid() {
        let errors = checked
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .count();
        return output + &format!("{name}: {}\n", count(errors, "error", "errors"));
    }
    for policy in &checked.policies {
        if let Some(ruleset) = &policy.ruleset {
            output += &format!("{name}: {}ok: {}\n", carrier(policy), summary(ruleset));
        }
    }
    output
}

fn carrier(policy: &Policy) -> String {
    policy
        .resource
        .as_ref()
        .map(|resource| format!("{resource}: "))
        .unwrap_or_default()
}

fn summary(ruleset: &Ruleset) -> String {
    format!(
        "{}, {}, mode {}",
        count(ruleset.policies(), "policy", "policies"),
        count(ruleset.rules(), "rule", "rules"),
        ruleset.mode(),
    )
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

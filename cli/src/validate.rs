//! `dagward validate`: checks whether the filter would accept the policies in files, and warns of policies that probably
//! do not do what their author wants.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use dagward::policy::Ruleset;

use crate::check::code::Code;
use crate::check::{self, Checked, Plugin, Policy};
use crate::report::{self, Finding, Look, Severity, github, sarif};
use crate::source::Source;
use crate::source::position::Lines;
use crate::{exit, files, output};

/// Validate policy files
///
/// A file holds policy documents, or WasmPlugin or TrafficExtension resources that carry one in their pluginConfig. It
/// is YAML or JSON, with single resources or a List, and the command reads it as kubectl does. It passes over other
/// Kubernetes resources, and among several files over those without a policy.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dagward validate policy.yaml
  dagward validate mesh/ wasm-plugin.yaml
  kubectl get wasmplugin -n airflow -o yaml | dagward validate -
  kubectl kustomize . | dagward validate - --deny-warnings
  dagward validate --allow DW039 --format sarif mesh/ > dagward.sarif

A comment in the file accepts a warning too: `# dagward: allow DW039`, on its line, above it, or at the top of the file.

Exit status: 0 all files are valid, 1 some file is not, or has a warning under --deny-warnings, 2 wrong usage or a file \
cannot be read.")]
pub(crate) struct Validate {
    /// The files to validate; `-` reads the standard input, a folder stands for all `*.yaml`, `*.yml` and `*.json` below
    /// it, and a quoted glob such as `'mesh/**/*.yaml'` for all that match
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Accept a warning, by its code or its name; can be given several times
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    allow: Vec<Code>,

    /// Exit with 1 if there is a warning
    #[arg(long)]
    deny_warnings: bool,
}

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// An array of objects with file, line, column, endLine, endColumn, path, message, allowed, suggestion, severity,
    /// code and name
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Commands of GitHub's workflows, which mark the lines
    Github,
}

impl Validate {
    /// Checks the files.
    pub(crate) fn run(&self) -> ExitCode {
        let mut outcome = Outcome::default();
        let mut named = Vec::new();
        for argument in &self.files {
            match files::named(argument) {
                Ok(files) => named.extend(files),
                Err(error) => outcome.cannot_read(&error),
            }
        }
        let named = files::each_once(named);
        let is_alone = named.len() == 1;
        for file in &named {
            self.check(file, is_alone, &mut outcome);
        }
        if !is_alone && !outcome.has_policy && !outcome.unreadable {
            eprintln!("error: no dagward policy in these files");
            outcome.refused = true;
        }
        let status = match outcome {
            Outcome { unreadable: true, .. } => exit::misuse(),
            Outcome { refused: true, .. } => exit::negative(),
            _ => ExitCode::SUCCESS,
        };
        let shown = match self.format {
            Format::Text => outcome.text,
            Format::Json => format!("{}\n", json(&outcome.findings)),
            Format::Sarif => format!("{:#}\n", sarif::log(&outcome.findings)),
            Format::Github => github::lines(&outcome.findings),
        };
        output::print(&shown, status)
    }

    fn check(&self, file: &Path, is_alone: bool, outcome: &mut Outcome) {
        let source = match Source::read(file) {
            Ok(source) => source,
            Err(error) => return outcome.cannot_read(&format!("cannot read `{}`: {error}", file.display())),
        };
        let mut checked = check::check(&source);
        if is_alone {
            checked.require_policy();
        }
        checked.beside(&mut outcome.plugins);
        checked.accept(&source, &self.allow);
        let count = Counts::of(&checked);
        outcome.has_policy |= count.errors > 0 || !checked.policies.is_empty();
        outcome.refused |= count.errors > 0 || self.deny_warnings && count.warnings > 0;
        match self.format {
            Format::Text => outcome.text += &self.text(&source, &checked, &count),
            Format::Json | Format::Sarif | Format::Github => {
                outcome
                    .findings
                    .extend(report::findings(&source, &checked.problems));
            }
        }
    }

    fn text(&self, source: &Source, checked: &Checked, count: &Counts) -> String {
        let mut output = report::text(
            &source.without(&checked.secrets),
            &checked.problems,
            Look::for_stdout(),
        );
        let name = &source.name;
        let lines = Lines::new(&source.text);
        if checked.policies.is_empty() && count.errors == 0 {
            let only = match checked.passed_over.as_slice() {
                [(only, _)] => format!(", only {only}"),
                _ => String::new(),
            };
            return output + &format!("{name}: note: no dagward policy{only}\n");
        }
        for (what, span) in &checked.passed_over {
            let line = lines.position(span.start).line;
            output += &format!("{name}:{line}: note: passed over {what}\n");
        }
        if count.errors > 0 || self.deny_warnings && count.warnings > 0 {
            return output + &format!("{name}: {}\n", count.shown());
        }
        for policy in &checked.policies {
            if let Some(ruleset) = &policy.ruleset {
                output += &format!("{name}: {}ok: {}\n", carrier(policy), summary(ruleset));
            }
        }
        if count.warnings > 0 {
            output += &format!("{name}: {}\n", count.shown());
        }
        output
    }
}

#[derive(Debug, Default)]
struct Outcome {
    /// The results of all files so far, for people.
    text: String,
    findings: Vec<Finding>,
    /// The resources with policies in all files so far. They may be applied together.
    plugins: Vec<Plugin>,
    /// Whether some file has a policy, or an error in the place of one.
    has_policy: bool,
    refused: bool,
    unreadable: bool,
}

impl Outcome {
    fn cannot_read(&mut self, error: &str) {
        eprintln!("error: {error}");
        self.unreadable = true;
    }
}

/// The numbers of problems in a file.
struct Counts {
    errors: usize,
    warnings: usize,
}

impl Counts {
    fn of(checked: &Checked) -> Self {
        let are = |severity| {
            let problems = checked.problems.iter();
            problems.filter(|problem| problem.severity() == severity).count()
        };
        Self {
            errors: are(Severity::Error),
            warnings: are(Severity::Warning),
        }
    }

    fn shown(&self) -> String {
        let errors = number(self.errors, "error", "errors");
        let warnings = number(self.warnings, "warning", "warnings");
        match (self.errors, self.warnings) {
            (0, _) => warnings,
            (_, 0) => errors,
            _ => format!("{errors}, {warnings}"),
        }
    }
}

fn json(findings: &[Finding]) -> String {
    // Strings and numbers always have a JSON form.
    serde_json::to_string_pretty(findings).unwrap_or_default()
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
        number(ruleset.policies(), "policy", "policies"),
        number(ruleset.rules(), "rule", "rules"),
        ruleset.mode(),
    )
}

fn number(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

//! `dagward test`: plays the cases of files against a policy, with the filter's own code.

mod caller;
mod case;
mod command;
mod coverage;
mod document;
mod expected;
mod json;
mod junit;
mod known;
mod reader;
mod request;
mod text;
mod trial;

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use dagward::policy::{Coverage, Mode};

use crate::explain::Subject;
use crate::report::{self, Look};
use crate::source::Source;
use crate::{exit, output};
use case::Case;
use coverage::{Floor, Report};
use trial::{Outcome, Trial};

/// Test a policy with cases from files
///
/// A case says who sends which requests, and whether the policy must allow or deny them. The command plays each request
/// with the filter's own code. POLICY holds the policy, or a WasmPlugin or TrafficExtension that carries it. In mode
/// `shadow`, a request counts as denied if the policy would refuse it.
#[derive(Debug, Args)]
#[command(after_help = "\
Example of a file of cases:
  apiVersion: dagward/cases/v1
  callers:
    sales: {as: airflow/airflow-worker-sales, acting: {dag: sales_daily, task: load, proof: pod}}
    ml:    {as: airflow/airflow-worker-ml, acting: {dag: ml_train, task: fit, proof: pod}}
  cases:
  - name: a team reads its own connections
    as: sales
    request: GET /execution/connections/sales_db
    expect: allow
  - name: a team reads no other team's connections
    as: [ml, anonymous, monitoring/prometheus]
    request: [GET /execution/connections/sales_db, GET /execution/connections/sales_mail]
    expect: deny
    why: no_rule_allows

Examples:
  dagward test policy.yaml cases.yaml
  dagward test policy.yaml cases/*.yaml --coverage --min-coverage 100
  dagward test policy.yaml cases.yaml --format junit > report.xml

Exit status: 0 all is as expected, 1 some decision is not or the coverage is too low, 2 wrong usage
or an invalid file.")]
pub(crate) struct Test {
    /// The policy file
    #[arg(value_name = "POLICY")]
    policy: PathBuf,

    /// The files of cases; `-` reads the standard input
    #[arg(value_name = "CASES", required = true)]
    cases: Vec<PathBuf>,

    /// Show which rules decide no case, and which conditions and patterns no case tries
    #[arg(long)]
    coverage: bool,

    /// Fail if fewer of the policy's rules, in percent, decide a case; `conditions=PERCENT` and `patterns=PERCENT` count
    /// these; can be given several times
    #[arg(long, value_name = "PERCENT")]
    min_coverage: Vec<Floor>,

    /// The form of the output: `json` is one object with passed, failed, trials and coverage; `junit` is JUnit's XML
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// For build servers
    Junit,
}

/// A file of cases.
struct File {
    source: Source,
    cases: Vec<Case>,
}

/// The results for a file.
struct Results<'f> {
    source: &'f Source,
    outcomes: Vec<Outcome<'f>>,
}

/// The results for all files.
struct Played {
    /// Whether every decision is as expected.
    passes: bool,
    shown: String,
    /// The lower limits of the coverage that the cases do not reach.
    missed: Vec<String>,
}

impl Played {
    fn print(&self) -> ExitCode {
        let status = match self.passes && self.missed.is_empty() {
            true => ExitCode::SUCCESS,
            false => exit::negative(),
        };
        let status = output::print(&self.shown, status);
        for message in &self.missed {
            eprintln!("error: {message}");
        }
        status
    }
}

impl Test {
    /// Plays the cases. Errors go to the standard error.
    pub(crate) fn run(&self) -> ExitCode {
        match self.play() {
            Ok(played) => played.print(),
            Err(message) => {
                eprintln!("{}", message.trim_end());
                exit::misuse()
            }
        }
    }

    /// Plays all requests.
    fn play(&self) -> Result<Played, String> {
        let subject = Subject::read(&self.policy)?;
        if subject.ruleset.mode() == Mode::Observe {
            let file = &subject.source.name;
            return Err(format!(
                "error: the mode of `{file}` is `observe`, in which dagward decides nothing: test the document with \
                 `mode: shadow` or `mode: enforce`"
            ));
        }
        let files = self.files(&subject)?;
        let coverage = RefCell::new(Coverage::new(&subject.ruleset));
        let results: Vec<Results<'_>> = files
            .iter()
            .map(|File { source, cases }| Results {
                source,
                outcomes: cases
                    .iter()
                    .flat_map(Trial::of)
                    .map(|trial| trial.play(&subject, &|facts| coverage.borrow_mut().add(facts)))
                    .collect(),
            })
            .collect();
        let coverage = coverage.into_inner();
        let report = Report::new(&subject.source, &coverage);
        let missed: Vec<String> = self
            .min_coverage
            .iter()
            .filter_map(|floor| report.misses(*floor))
            .collect();
        let shown = match self.format {
            Form::Text => text::render(&results, self.coverage.then_some(&report)),
            Form::Json => format!("{}\n", json::render(&results, &report)),
            Form::Junit => junit::render(&results)?,
        };
        let mut outcomes = results.iter().flat_map(|results| &results.outcomes);
        Ok(Played {
            passes: outcomes.all(Outcome::passes),
            shown,
            missed,
        })
    }

    /// The cases of all files.
    fn files(&self, subject: &Subject) -> Result<Vec<File>, String> {
        let stdin = Path::new("-");
        let from_stdin = self.cases.iter().chain([&self.policy]);
        if from_stdin.filter(|file| *file == stdin).count() > 1 {
            return Err("error: two files cannot both be the standard input".to_owned());
        }
        let mut files = Vec::new();
        let mut errors = String::new();
        for path in &self.cases {
            let source = Source::read(path)
                .map_err(|error| format!("error: cannot read `{}`: {error}", path.display()))?;
            match document::read(&source, &subject.ruleset) {
                Ok(cases) => files.push(File { source, cases }),
                Err(problems) => {
                    errors += &report::text(&source, &problems, Look::for_stream(&io::stderr()));
                }
            }
        }
        if errors.is_empty() { Ok(files) } else { Err(errors) }
    }
}

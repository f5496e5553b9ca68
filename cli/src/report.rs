//! Problems as people and editors read them.

mod excerpt;
pub(crate) mod github;
pub(crate) mod sarif;

use std::io::IsTerminal;
use std::{env, fmt, io};

use dagward::policy::FieldPath;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters};
use serde::Serialize;

use crate::check::code::Code;
use crate::source::Source;
use crate::source::node::Span;
use crate::source::position::{Lines, first_line};
use excerpt::Excerpts;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The document is refused.
    Error,
    /// The filter accepts the document, but it may not mean what its author meant.
    Warning,
}

/// A problem of a file, with its position.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    /// The kind of the problem.
    pub(crate) code: Code,
    /// The path of the field, from the root of the file's document; the root itself for a problem of the whole text.
    pub(crate) path: FieldPath,
    /// The text that the problem is about.
    pub(crate) span: Span,
    /// The problem in words.
    pub(crate) message: String,
    /// The allowed values.
    pub(crate) allowed: Option<String>,
    /// The nearest correct spelling.
    pub(crate) suggestion: Option<String>,
}

impl Problem {
    /// How bad it is.
    pub(crate) fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// A problem of the JSON output. Lines and columns count from 1. Columns count characters. The end is the first column
/// behind the text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    path: String,
    message: String,
    allowed: Option<String>,
    suggestion: Option<String>,
    severity: Severity,
    code: Code,
    name: &'static str,
}

impl Finding {
    /// The message with the field's path and the mend, for formats without fields for them.
    fn text(&self) -> String {
        let mut text = match self.path.is_empty() {
            true => self.message.clone(),
            false => format!("{}: {}", self.path, self.message),
        };
        if let Some(suggestion) = &self.suggestion {
            text.push_str(&format!("; did you mean `{suggestion}`?"));
        }
        if let Some(allowed) = &self.allowed {
            text.push_str(&format!("; {}: {allowed}", label(self.severity)));
        }
        text
    }
}

/// The word before the allowed values.
fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "allowed",
        Severity::Warning => "instead",
    }
}

/// The problems of a file as JSON.
pub(crate) fn findings(source: &Source, problems: &[Problem]) -> Vec<Finding> {
    let lines = Lines::new(&source.text);
    problems
        .iter()
        .map(|problem| finding(source, &lines, problem))
        .collect()
}

fn finding(source: &Source, lines: &Lines<'_>, problem: &Problem) -> Finding {
    let span = first_line(&source.text, &problem.span);
    let (start, end) = (lines.position(span.start), lines.position(span.end));
    Finding {
        file: source.name.clone(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        path: if problem.path.0.is_empty() {
            String::new()
        } else {
            problem.path.to_string()
        },
        message: problem.message.clone(),
        allowed: problem.allowed.clone(),
        suggestion: problem.suggestion.clone(),
        severity: problem.severity(),
        code: problem.code,
        name: problem.code.name(),
    }
}

/// The problems of a file as text, each with its line and a caret under it.
pub(crate) fn text(source: &Source, problems: &[Problem], look: Look) -> String {
    let excerpts = Excerpts::of(source);
    let mut output = String::new();
    for problem in problems {
        let span = first_line(&source.text, &problem.span);
        // Writing to a string does not fail.
        let _ = look.handler(problem.code).render_report(
            &mut output,
            &Shown {
                problem,
                span,
                excerpts: &excerpts,
            },
        );
        output.push('\n');
    }
    output
}

/// The look of the text output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// ASCII without colours, for files and pipes.
    Plain,
    /// Line drawings without colours, for a terminal whose user asked for none.
    Drawn,
    /// Line drawings in colours.
    Coloured,
}

impl Look {
    /// The look for the standard output or the standard error: colours on a terminal, unless `NO_COLOR` is set
    /// (<https://no-color.org>).
    pub(crate) fn for_stream(stream: &impl IsTerminal) -> Self {
        if !stream.is_terminal() {
            return Self::Plain;
        }
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if no_colour { Self::Drawn } else { Self::Coloured }
    }

    /// The look for the standard output.
    pub(crate) fn for_stdout() -> Self {
        Self::for_stream(&io::stdout())
    }

    fn handler(self, code: Code) -> GraphicalReportHandler {
        let mut theme = match self {
            Self::Plain => GraphicalTheme::none(),
            Self::Drawn => GraphicalTheme::unicode_nocolor(),
            Self::Coloured => GraphicalTheme::unicode(),
        };
        theme.characters = ThemeCharacters {
            error: format!("error[{code}]:"),
            warning: format!("warning[{code}]:"),
            underline: '^',
            ..theme.characters
        };
        GraphicalReportHandler::new_themed(theme)
            .with_wrap_lines(false)
            .with_context_lines(1)
    }
}

/// A problem with its rendering.
#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    span: Span,
    excerpts: &'a Excerpts<'a>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problem.path.0.is_empty() {
            return f.write_str(&self.problem.message);
        }
        write!(f, "{}: {}", self.problem.path, self.problem.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let label = label(self.problem.severity());
        let allowed = self
            .problem
            .allowed
            .as_ref()
            .map(|allowed| format!("{label}: {allowed}"));
        let nearest = self
            .problem
            .suggestion
            .as_ref()
            .map(|nearest| format!("did you mean `{nearest}`?"));
        let help = [nearest, allowed]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n");
        if help.is_empty() {
            None
        } else {
            Some(Box::new(help))
        }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.excerpts)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(
            None,
            self.span.clone(),
        ))))
    }
}

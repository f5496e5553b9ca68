//! Sources that another tool must render into manifests first.

use std::ffi::OsStr;
use std::path::Path;

use crate::report::Problem;
use crate::source::Source;

/// Adds the missing step to a problem, if the file has not been rendered.
pub(super) fn explain(source: &Source, problem: Problem) -> Problem {
    let before = source.text.get(..problem.span.start).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let rest = source.text.get(start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    // A problem of the YAML syntax can come from a template anywhere in the file.
    let is_broken = problem.path.0.is_empty();
    let has = |mark: &str| line.contains(mark) || is_broken && source.text.contains(mark);
    let extension = Path::new(&source.name).extension().and_then(OsStr::to_str);
    let mend = match extension {
        Some("jsonnet" | "libsonnet") => {
            "this is Jsonnet: evaluate it first, `jsonnet FILE | dagward validate -`"
        }
        _ if has("{{") && source.text.contains("}}") => {
            "this is a Helm template: render it first, `helm template … | dagward validate -`"
        }
        _ if has("${") => "`${` is a variable for `envsubst`: run `envsubst` first",
        _ => return problem,
    };
    Problem {
        message: format!("{}; {mend}", problem.message),
        ..problem
    }
}

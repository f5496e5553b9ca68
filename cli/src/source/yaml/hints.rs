//! Texts that need quotes in YAML. The parser reports them in its own words, far from their cause.

use super::super::node::Span;
use crate::report::Problem;

/// Adds the quotes to a problem at a text that needs them.
pub(super) fn explain(text: &str, problem: Problem) -> Problem {
    let Some(word) = word_at(text, &problem.span) else {
        return problem;
    };
    if let Some(missing) = problem.message.strip_prefix("there is no") {
        return Problem {
            message: format!("there is no{missing}: a text that begins with `*` needs quotes"),
            suggestion: Some(format!("\"{word}\"")),
            ..problem
        };
    }
    let why = if problem.message.starts_with("while scanning an alias") {
        "a text that begins with `*` needs quotes, because YAML takes it for an alias"
    } else if has_variable(word) {
        "a text with a variable in braces needs quotes, because YAML takes the braces for an object"
    } else if word.starts_with(['@', '`', '%']) && problem.message.contains("cannot start any token") {
        "a text that begins with this character needs quotes"
    } else {
        return of_line(problem);
    };
    Problem {
        message: why.to_owned(),
        suggestion: Some(format!("\"{word}\"")),
        ..problem
    }
}

/// The word around a position: the text between blanks, commas and brackets of lists.
fn word_at<'t>(text: &'t str, span: &Span) -> Option<&'t str> {
    let (before, behind) = text.split_at_checked(span.start)?;
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '"' | '\'');
    let start = before.rfind(is_end).map_or(0, |end| end + 1);
    let length = behind.find(is_end).unwrap_or(behind.len());
    let word = text.get(start..span.start + length)?.trim_end_matches(':');
    // The braces around a whole entry, `[{namespaces: [*]}]`.
    let open = word.matches('{').count();
    let word = word
        .strip_suffix('}')
        .filter(|_| word.matches('}').count() > open)
        .unwrap_or(word);
    (!word.is_empty()).then_some(word)
}

/// Whether a word has a name in braces, and no template of another tool.
fn has_variable(word: &str) -> bool {
    let Some((_, rest)) = word.split_once('{') else {
        return false;
    };
    let name = rest.split('}').next().unwrap_or_default();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
    is_name && rest.contains('}') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Explains a second `: ` on one line.
fn of_line(problem: Problem) -> Problem {
    if !problem.message.contains("mapping values are not allowed") {
        return problem;
    }
    Problem {
        message: format!(
            "{}: quote a text that has `: ` in it, and begin a field on a line of its own",
            problem.message
        ),
        ..problem
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;

    fn problem(line: &str) -> (String, Option<String>) {
        let text = format!("apiVersion: dagward/v1\npolicies:\n{line}\n");
        let documents = read(&text);
        let mut problems = documents.read.into_iter().flat_map(|document| document.problems);
        let problem = documents.broken.or_else(|| problems.next()).unwrap();
        (problem.message, problem.suggestion)
    }

    #[test]
    fn texts_that_need_quotes_are_shown_in_quotes() {
        for (line, suggestion) in [
            ("- from: [{principals: [*]}]", "\"*\""),
            ("- principals:\n  - *", "\"*\""),
            ("- principals:\n  - */sa/x", "\"*/sa/x\""),
            ("- dags: [a, *_daily]", "\"*_daily\""),
            ("- dags: *_daily", "\"*_daily\""),
            ("- dags: [{team}_*]", "\"{team}_*\""),
            ("- dags:\n  - {team}_*", "\"{team}_*\""),
            ("- dags: {team}_*", "\"{team}_*\""),
            ("- accounts: [worker-{team}]", "\"worker-{team}\""),
            ("- dags: [@x]", "\"@x\""),
        ] {
            let (message, found) = problem(line);
            assert_eq!(found.as_deref(), Some(suggestion), "{line}: {message}");
            assert!(message.contains("needs quotes"), "{line}: {message}");
        }
    }

    #[test]
    fn other_problems_stay() {
        for line in ["- dags: [a", "- {{ toYaml .Values }}", "- a: b: c"] {
            assert_eq!(problem(line).1, None, "{line}");
        }
    }
}

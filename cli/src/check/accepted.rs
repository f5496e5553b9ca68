//! Comments that accept a warning: `# dagward: allow DW039`, on the line of the warning, in the comment above it, or in
//! the comment at the top of the file for all of it.

use super::code::Code;
use crate::report::Problem;
use crate::source::position::Lines;

const MARK: &str = "dagward: allow ";

/// The accepted warnings of a file.
pub(super) struct Accepted<'t> {
    lines: Vec<&'t str>,
    positions: Lines<'t>,
    everywhere: Vec<Code>,
}

impl<'t> Accepted<'t> {
    /// Reads the comments of a file.
    pub(super) fn of(text: &'t str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let is_before_content = |line: &&&str| is_comment(line) || matches!(line.trim(), "" | "---");
        let top = lines.iter().take_while(is_before_content);
        Self {
            everywhere: top.flat_map(|line| codes(line)).collect(),
            positions: Lines::new(text),
            lines,
        }
    }

    /// Whether a comment accepts the problem.
    pub(super) fn has(&self, problem: &Problem) -> bool {
        if self.everywhere.contains(&problem.code) {
            return true;
        }
        let number = self.positions.position(problem.span.start).line;
        let (above, own) = match self.lines.split_at_checked(number - 1) {
            Some((above, [own, ..])) => (above, *own),
            _ => return false,
        };
        let comment = above.iter().rev().take_while(|line| is_comment(line));
        comment
            .chain([&own])
            .any(|line| codes(line).contains(&problem.code))
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// The codes behind the mark in a line's comment.
fn codes(line: &str) -> Vec<Code> {
    let Some((before, behind)) = line
        .split_once('#')
        .and_then(|(_, comment)| comment.split_once(MARK))
    else {
        return Vec::new();
    };
    if !before.trim().is_empty() {
        return Vec::new();
    }
    let words = behind.split([',', ' ']).filter(|word| !word.is_empty());
    words
        .map_while(|word| word.trim_end_matches(['.', ':']).parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_names_codes() {
        assert_eq!(
            codes("# dagward: allow DW001, DW008 until May"),
            [Code::AnyCaller, Code::AnyRequest]
        );
        assert_eq!(
            codes("  url: x # dagward: allow DW041: a test"),
            [Code::PlaceholderUrl]
        );
        assert_eq!(codes("# we use dagward: allow DW001"), []);
        assert_eq!(codes("dagward: allow DW001"), []);
        assert_eq!(codes("# dagward: allow DE002"), []);
    }
}

//! Commands in a page, with the output that the page shows.
//!
//! A block marked `console` contains commands after `$ `. Lines after a `\` continue a command, and
//! its output follows. `…` stands for any text, including several lines.

/// A command with its output.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The text after `$ `, with the lines that continue it.
    pub command: String,
    /// The lines below.
    pub output: String,
}

impl Step {
    /// Whether `printed` matches the shown output.
    pub fn shows(&self, printed: &str) -> bool {
        let parts: Vec<&str> = self.output.split('…').collect();
        let [first, middle @ .., last] = parts.as_slice() else {
            return printed == self.output;
        };
        let Some(mut rest) = printed.strip_prefix(first) else {
            return false;
        };
        for part in middle {
            let Some((_, after)) = rest.split_once(part) else {
                return false;
            };
            rest = after;
        }
        // A last line of `…` also matches no line at all.
        rest.ends_with(last) || (*last == "\n" && rest.is_empty())
    }
}

/// The steps of a block.
pub fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                output: String::new(),
            });
            continue;
        }
        let Some(step) = steps.last_mut() else {
            continue;
        };
        if step.command.ends_with('\\') {
            step.command.push('\n');
            step.command.push_str(line);
        } else {
            step.output.push_str(line);
            step.output.push('\n');
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_have_several_lines_and_output() {
        let block = "$ one \\\n    --more\nfirst\nsecond\n$ two\n";
        let step = |command: &str, output: &str| Step {
            command: command.to_owned(),
            output: output.to_owned(),
        };
        assert_eq!(
            steps(block),
            [step("one \\\n    --more", "first\nsecond\n"), step("two", "")]
        );
    }

    #[test]
    fn an_ellipsis_is_any_text() {
        let shown = |output: &str| Step {
            command: String::new(),
            output: output.to_owned(),
        };
        assert!(shown("a\n").shows("a\n"));
        assert!(!shown("a\n").shows("a\nb\n"));
        assert!(shown("id=… end\n…\n").shows("id=7 end\nmore\nlines\n"));
        assert!(shown("a\n…\n").shows("a\n"));
        assert!(!shown("id=… end\n").shows("id=7 ends\n"));
        assert!(!shown("a … b … a\n").shows("a b a\n"));
    }
}

//! The commands in a README, with what it shows that they print.

use regex::Regex;

/// A command with its output.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// What is typed behind `$ `, with the lines that continue it.
    pub(crate) command: String,
    /// The lines below.
    pub(crate) output: String,
}

impl Step {
    /// Whether `printed` is what is shown, in which `…` stands for any text.
    pub(crate) fn shows(&self, printed: &str) -> bool {
        let pattern = regex::escape(&self.output).replace('…', ".*");
        Regex::new(&format!("^{pattern}$")).unwrap().is_match(printed)
    }
}

/// The steps in all blocks that are marked as `console`.
pub(crate) fn steps(markdown: &str) -> Vec<Step> {
    let blocks = markdown.split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let mut steps: Vec<Step> = Vec::new();
    for line in lines {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                output: String::new(),
            });
            continue;
        }
        let step = steps.last_mut().unwrap();
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

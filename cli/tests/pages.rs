//! The commands of the pages, compared with the output that the pages show.
//!
//! The test reads every `console` block and passes over commands other than `dagward …`. `BLESS=1` writes the outputs
//! without a `…` again: read them before you commit them.

#![expect(clippy::unwrap_used, reason = "a failed test is what a panic means here")]

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use dagward_shipped::pages::console::{self, Step};
use dagward_shipped::pages::{self, Page};
use dagward_workbench::paths;
use serde_json::json;
use tempfile::TempDir;

/// A folder as a reader has it: a checkout, with the reader's own policy, cases, token and keys.
fn checkout() -> TempDir {
    let folder = TempDir::new().unwrap();
    for entry in ["wasm-plugin.yaml", "examples", "docs"] {
        symlink(paths::workspace().join(entry), folder.path().join(entry)).unwrap();
    }
    let block = |page: &str, part: &str| {
        let blocks = Page::read(page).unwrap().blocks().into_iter();
        let mut texts = blocks
            .filter(|block| block.info.starts_with("yaml"))
            .map(|block| block.text);
        texts.find(|text| text.contains(part)).unwrap()
    };
    let policy = block("docs/tokens.md", "kind: oidc");
    fs::write(folder.path().join("policy.yaml"), policy).unwrap();
    let cases = block("docs/guides/test.md", "dagward/cases/v1");
    fs::write(folder.path().join("cases.yaml"), cases).unwrap();
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let claims = json!({
        "iss": "https://login.example.com", "aud": "airflow", "sub": "jo",
        "iat": 1_700_000_000, "exp": 1_700_000_600,
    });
    let token = key.sign(&key.header(), &claims).unwrap();
    fs::write(folder.path().join("token.jwt"), token).unwrap();
    fs::write(folder.path().join("keys.json"), jwks(&[&key]).to_string()).unwrap();
    folder
}

/// The output of a command of a page, as a terminal shows it, without blanks at the ends of lines.
fn output(folder: &TempDir, step: &Step) -> String {
    let bin = env!("CARGO_BIN_EXE_dagward");
    let command = step.command.strip_prefix("dagward ").unwrap();
    let run = Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", &format!("'{bin}' {command} 2>&1")])
        .output()
        .unwrap();
    let printed = String::from_utf8(run.stdout).unwrap();
    printed
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[test]
fn commands_print_what_the_pages_show() {
    let folder = checkout();
    let mut ran = 0;
    let mut wrong = Vec::new();
    for page in pages::all().unwrap() {
        let mut text = page.text.clone();
        let blocks = page.blocks().into_iter().filter(|block| block.info == "console");
        for step in blocks.flat_map(|block| console::steps(&block.text)) {
            if !step.command.starts_with("dagward ") {
                continue;
            }
            ran += 1;
            let printed = output(&folder, &step);
            if step.shows(&printed) {
                continue;
            }
            if env::var_os("BLESS").is_some() && !step.output.contains('…') {
                text = blessed(&text, &step, &printed);
            } else {
                wrong.push(format!("{}: {}\nprinted:\n{printed}", page.path, step.command));
            }
        }
        if text != page.text {
            fs::write(paths::workspace().join(&page.path), text).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 10, "{ran}");
}

/// The page with this output behind the command, with the command's indentation.
fn blessed(page: &str, step: &Step, printed: &str) -> String {
    let first = format!("$ {}", step.command.lines().next().unwrap());
    let line = page.lines().find(|line| line.trim_start() == first).unwrap();
    let indent = " ".repeat(line.len() - line.trim_start().len());
    let indented = |text: &str| -> String {
        text.lines()
            .map(|line| match line {
                "" => "\n".to_owned(),
                line => format!("{indent}{line}\n"),
            })
            .collect()
    };
    let command = indented(&format!("$ {}", step.command));
    let from = format!("{command}{}", indented(&step.output));
    assert!(page.contains(&from), "{from}");
    page.replacen(&from, &format!("{command}{}", indented(printed)), 1)
}

//! A part of a page that the code generates. It stands between two comments.

use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use dagward_workbench::paths;

/// Locked while a page is read and written: several tests have regions of one page.
static PAGES: Mutex<()> = Mutex::new(());

/// Asserts that the region `name` of a page holds `content`.
pub(crate) fn assert_region(page: &str, name: &str, content: &str) {
    let _held = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let path = paths::workspace().join(page);
    let text = fs::read_to_string(&path).unwrap();
    let start = format!("<!-- generated: {name} (BLESS=1 cargo test --test docs) -->\n");
    let end = "<!-- generated: end -->\n";
    let (before, rest) = text
        .split_once(&start)
        .unwrap_or_else(|| panic!("{page} has no region `{name}`"));
    let (found, after) = rest.split_once(end).expect("a region ends");
    let content = format!("\n{content}\n");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{before}{start}{content}{end}{after}")).unwrap();
    } else {
        assert_eq!(found, content, "{page}, region `{name}`");
    }
}

/// A Markdown table.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = line(header.iter().map(|cell| (*cell).to_owned()).collect());
    let rule = format!("|{}\n", "---|".repeat(header.len()));
    let rows = rows.iter().map(|row| {
        let cells = row.iter().map(|cell| cell.replace('|', "\\|"));
        line(cells.collect())
            .replace("|  |", "| |")
            .replace("|  |", "| |")
    });
    [head, rule].into_iter().chain(rows).collect()
}

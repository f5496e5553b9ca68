//! `cargo xtask prose`: checks by two counts whether the prose is plain English.
//!
//! It counts, per 1,000 words, the sentences that open with a free relative clause ("What is not
//! known …"), and indefinite persons ("whoever"). Both are rare in well-kept projects, and common
//! in text that is hard to read.

use std::cmp::Reverse;
use std::fs;

use anyhow::Result;
use dagward_shipped::pages;
use dagward_workbench::paths;

mod count;
mod extract;

use count::Count;
use extract::Language;

/// The number of files that are shown per area.
const WORST: usize = 8;

/// The highest counts for an area, per 1,000 words.
#[derive(Clone, Copy)]
struct Limits {
    free_relatives: f64,
    indefinite: f64,
}

/// The limits of all prose: pages, comments, and the help of the commands.
const LIMITS: Limits = Limits {
    free_relatives: 0.5,
    indefinite: 0.3,
};

/// A file with its counts.
struct Counted {
    path: String,
    count: Count,
}

/// Prints the counts. Returns whether all areas are within their limits.
pub(crate) fn run() -> Result<bool> {
    let (docs, code) = counted()?.into_iter().partition(|file| is_docs(&file.path));
    // Both reports are printed, even if the first one fails.
    let docs = report("docs", docs, LIMITS);
    let code = report("code", code, LIMITS);
    Ok(docs && code)
}

/// All files with prose.
fn counted() -> Result<Vec<Counted>> {
    let mut counted = Vec::new();
    for (extension, language) in [
        ("md", Language::Markdown),
        ("rs", Language::Rust),
        ("yaml", Language::Hash),
        ("py", Language::Hash),
        ("sh", Language::Hash),
    ] {
        for path in pages::files(extension)? {
            // One file of the tests is in UTF-16; no comment is found in it.
            let bytes = fs::read(paths::workspace().join(&path))?;
            let text = String::from_utf8_lossy(&bytes);
            let count = Count::of(&extract::paragraphs(language, &text));
            counted.push(Counted { path, count });
        }
    }
    Ok(counted)
}

/// Whether users read the file.
fn is_docs(path: &str) -> bool {
    path.ends_with(".md") || path.starts_with("examples/") || path == "wasm-plugin.yaml"
}

fn report(area: &str, mut files: Vec<Counted>, limits: Limits) -> bool {
    let total: Count = files.iter().map(|file| file.count).sum();
    let good = total.free_relatives_per_1000() < limits.free_relatives
        && total.indefinite_per_1000() < limits.indefinite;
    println!(
        "{area}: {} words; sentences that open with a free relative: {:.2} of 1,000 words (limit {}), \
         indefinite persons: {:.2} (limit {}): {}",
        total.words,
        total.free_relatives_per_1000(),
        limits.free_relatives,
        total.indefinite_per_1000(),
        limits.indefinite,
        if good { "good" } else { "too many" },
    );
    files.retain(|file| file.count.found() > 0);
    files.sort_by_key(|file| Reverse(file.count.found()));
    for Counted { path, count } in files.iter().take(WORST) {
        println!(
            "  {path}: {} free relatives, {} indefinite persons, {} words",
            count.free_relatives, count.indefinite, count.words
        );
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prose_is_within_its_limits() {
        assert!(run().unwrap(), "see `cargo xtask prose`");
    }
}

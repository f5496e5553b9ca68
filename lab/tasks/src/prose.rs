//! `cargo xtask prose`: whether the prose is plain English, by two counts.
//!
//! Per 1,000 words: sentences that open with a free relative clause ("What is not known …"), and words for nobody in
//! particular ("whoever"). Both are rare in well-kept projects, and common where text is hard to read.

use std::cmp::Reverse;
use std::fs;

use anyhow::Result;
use dagward_shipped::pages;
use dagward_workbench::paths;

mod count;
mod extract;

use count::Count;
use extract::Language;

/// How many files of an area are shown.
const WORST: usize = 8;

/// The most that an area may have, per 1,000 words.
#[derive(Clone, Copy)]
struct Limits {
    free_relatives: f64,
    indefinite: f64,
}

/// Pages, and the comments of the files that users copy. This is the goal for all prose.
const DOCS: Limits = Limits {
    free_relatives: 0.5,
    indefinite: 0.3,
};

/// Comments of the code, among them the help of the commands. To be lowered to the goal as comments are rewritten.
const CODE: Limits = Limits {
    free_relatives: 9.5,
    indefinite: 1.8,
};

/// A file with its counts.
struct Counted {
    path: String,
    count: Count,
}

/// Prints the counts. Gives whether all areas are within their limits.
pub(crate) fn run() -> Result<bool> {
    let (docs, code) = counted()?.into_iter().partition(|file| is_docs(&file.path));
    // Both are printed, whatever becomes of the first.
    let docs = report("docs", docs, DOCS);
    let code = report("code", code, CODE);
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
            // A file of the tests is in UTF-16: it has no comment that is read so.
            let bytes = fs::read(paths::workspace().join(&path))?;
            let text = String::from_utf8_lossy(&bytes);
            let count = Count::of(&extract::paragraphs(language, &text));
            counted.push(Counted { path, count });
        }
    }
    Ok(counted)
}

/// Whether a file is read by users.
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

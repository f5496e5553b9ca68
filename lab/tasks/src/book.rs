//! `cargo xtask book`: builds the documentation as a book, in `target/book/`.
//!
//! The chapters are pages from the whole repository, with links to examples and code. mdBook takes
//! chapters from one folder, so the command copies the chapters and their link targets into one,
//! under their paths.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use dagward_shipped::pages::Page;
use dagward_workbench::{cache, paths, progress};

/// The release of mdBook.
const MDBOOK: &str = "0.5.4";

/// The table of contents.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Builds the book.
pub(crate) fn run() -> Result<()> {
    let mdbook = installed()?;
    let source = paths::target().join("book-source");
    let book = paths::target().join("book");
    for folder in [&source, &book] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    stage(&source)?;
    let mut build = Command::new(mdbook);
    build.arg("build").arg(&source).arg("--dest-dir").arg(&book);
    progress::run("building the book", &mut build)?;
    let broken = broken_links(&book)?;
    if !broken.is_empty() {
        bail!("the book has links that lead nowhere:\n{}", broken.join("\n"));
    }
    println!("{}", book.join("index.html").display());
    Ok(())
}

/// mdBook's program; installs it if necessary.
fn installed() -> Result<PathBuf> {
    let folder = cache::ensure("mdbook", &[MDBOOK], |folder| {
        let mut install = Command::new("cargo");
        install
            .args(["install", "mdbook", "--version", MDBOOK, "--locked"])
            .args(["--no-default-features", "--features", "search", "--root"])
            .arg(folder)
            .env("CARGO_TARGET_DIR", folder.join("target"));
        progress::run("installing mdBook", &mut install)?;
        Ok(fs::remove_dir_all(folder.join("target"))?)
    })?;
    Ok(folder.join("bin/mdbook"))
}

/// Copies the chapters, and the files and folders that they link to.
fn stage(folder: &Path) -> Result<()> {
    let summary = Page::read(SUMMARY)?;
    let mut parts = BTreeSet::new();
    for (path, _) in summary.links().iter().filter_map(|link| summary.target(link)) {
        let chapter = Page::read(&path)?;
        let links = chapter.links();
        parts.extend(links.iter().filter_map(|link| Some(chapter.target(link)?.0)));
        parts.insert(path);
    }
    for part in parts {
        copy(&paths::workspace().join(&part), &folder.join(&part))?;
    }
    copy(
        &paths::workspace().join("docs/book.toml"),
        &folder.join("book.toml"),
    )?;
    fs::write(folder.join("SUMMARY.md"), rebased(&summary.text))?;
    Ok(())
}

/// The table of contents, with paths relative to the repository's root.
fn rebased(summary: &str) -> String {
    summary.replace("](", "](docs/").replace("](docs/../", "](")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy `{}`", from.display()))?;
    Ok(())
}

/// Links in the built pages to files that the book does not contain.
fn broken_links(book: &Path) -> Result<Vec<String>> {
    let mut broken = BTreeSet::new();
    for page in pages_below(book)? {
        let text = fs::read_to_string(&page)?;
        let folder = page.parent().unwrap_or(book);
        for target in hrefs(&text) {
            if !folder.join(target).exists() {
                broken.insert(format!("{}: {target}", page.strip_prefix(book)?.display()));
            }
        }
    }
    Ok(broken.into_iter().collect())
}

fn pages_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(pages_below(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "html") {
            found.push(path);
        }
    }
    Ok(found)
}

/// The files that an HTML page links to, without anchors and links to other sites.
fn hrefs(html: &str) -> impl Iterator<Item = &str> {
    html.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|target| !target.contains(':') && !target.starts_with('/'))
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty())
}

#[cfg(test)]
mod tests {
    use dagward_shipped::pages;

    use super::*;

    #[test]
    fn the_summary_is_rebased_to_the_root() {
        let text = "[a](../README.md)\n- [b](policy.md)\n";
        assert_eq!(rebased(text), "[a](README.md)\n- [b](docs/policy.md)\n");
    }

    #[test]
    fn every_page_that_a_chapter_links_to_is_a_chapter() {
        let summary = Page::read(SUMMARY).unwrap();
        let chapters: BTreeSet<String> = summary
            .links()
            .iter()
            .filter_map(|link| Some(summary.target(link)?.0))
            .collect();
        for page in pages::all().unwrap() {
            if chapters.contains(&page.path) {
                for (target, _) in page.links().iter().filter_map(|link| page.target(link)) {
                    assert!(
                        !target.ends_with(".md") || chapters.contains(&target),
                        "`{}` links to `{target}`, which `{SUMMARY}` has not",
                        page.path
                    );
                }
            }
        }
    }
}

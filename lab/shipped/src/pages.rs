//! The Markdown pages of the repository: their code blocks, links and headings.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use dagward_workbench::paths;

pub mod console;

/// A page with its path in the repository.
#[derive(Debug, Clone)]
pub struct Page {
    /// The path, with `/` as separator.
    pub path: String,
    /// The text, in Markdown.
    pub text: String,
}

/// A fenced block of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The words after the fence: ```` ```yaml ````.
    pub info: String,
    /// The code, without the indentation of a surrounding list.
    pub text: String,
}

/// Every page of the repository, sorted by path.
pub fn all() -> Result<Vec<Page>> {
    files("md")?.iter().map(|path| Page::read(path)).collect()
}

/// The paths of all files of the repository with this extension, sorted. Build output is excluded.
pub fn files(extension: &str) -> Result<Vec<String>> {
    let root = paths::workspace();
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list `{}`", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') || name == "target" || path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(root)?.to_string_lossy().into_owned());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The events of a Markdown text, parsed as GitHub and mdBook parse it.
pub fn events(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

impl Page {
    /// Reads a page by its path in the repository.
    pub fn read(path: &str) -> Result<Self> {
        let file = paths::workspace().join(path);
        let text = fs::read_to_string(file).with_context(|| format!("cannot read `{path}`"))?;
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// The fenced code blocks, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for event in events(&self.text) {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    open = Some(Block {
                        info: info.into_string(),
                        text: String::new(),
                    });
                }
                Event::Text(text) => {
                    if let Some(block) = &mut open {
                        block.text.push_str(&text);
                    }
                }
                Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
                _ => {}
            }
        }
        blocks
    }

    /// The targets of its links and images, unresolved.
    pub fn links(&self) -> Vec<String> {
        events(&self.text)
            .filter_map(|event| match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    Some(dest_url.into_string())
                }
                _ => None,
            })
            .collect()
    }

    /// The anchors of its headings, by GitHub's rule, which mdBook also uses.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut heading: Option<String> = None;
        for event in events(&self.text) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = heading.take().map(|heading| anchor(&heading)).unwrap_or_default();
                    let times = seen.entry(anchor.clone()).or_default();
                    anchors.push(match *times {
                        0 => anchor,
                        again => format!("{anchor}-{again}"),
                    });
                    *times += 1;
                }
                _ => {}
            }
        }
        anchors
    }

    /// The file or folder that a relative link leads to, by its path in the repository, and the
    /// anchor. `None` for a link out of the repository.
    pub fn target(&self, link: &str) -> Option<(String, Option<String>)> {
        if link.contains("://") || link.starts_with("mailto:") {
            return None;
        }
        let (path, anchor) = match link.split_once('#') {
            Some((path, anchor)) => (path, Some(anchor.to_owned())),
            None => (link, None),
        };
        if path.is_empty() {
            return Some((self.path.clone(), anchor));
        }
        let folder = Path::new(&self.path).parent().unwrap_or(Path::new(""));
        let mut parts: Vec<String> = Vec::new();
        for part in folder.join(path).iter() {
            match part.to_string_lossy().as_ref() {
                ".." => drop(parts.pop()),
                "." => {}
                part => parts.push(part.to_owned()),
            }
        }
        Some((parts.join("/"), anchor))
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c => c.is_alphanumeric().then_some(c),
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page {
            path: "docs/page.md".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn blocks_lose_the_indentation_of_a_list() {
        let page = page("1. Do it.\n\n   ```yaml helm\n   a:\n     b: 1\n   ```\n");
        let block = Block {
            info: "yaml helm".to_owned(),
            text: "a:\n  b: 1\n".to_owned(),
        };
        assert_eq!(page.blocks(), [block]);
    }

    #[test]
    fn anchors_are_those_of_github() {
        let page = page("# `run` is decided twice\n## Where 2.11's `a_b` is: x\n## Twice\n## Twice\n");
        let anchors = ["run-is-decided-twice", "where-211s-a_b-is-x", "twice", "twice-1"];
        assert_eq!(page.anchors(), anchors);
    }

    #[test]
    fn links_are_relative_to_their_page() {
        let page = page("[a](../README.md#x) `[no](link)` [b](#here) [c](https://example.com/d) [e](f/g.md)");
        let targets: Vec<_> = page.links().iter().map(|link| page.target(link)).collect();
        let to = |path: &str, anchor: Option<&str>| Some((path.to_owned(), anchor.map(str::to_owned)));
        assert_eq!(
            targets,
            [
                to("README.md", Some("x")),
                to("docs/page.md", Some("here")),
                None,
                to("docs/f/g.md", None)
            ]
        );
    }
}

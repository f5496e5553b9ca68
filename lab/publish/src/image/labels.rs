//! The image's labels, under the keys of the OCI image specification (`annotations.md`).

use std::collections::BTreeMap;
use std::env;

use anyhow::{Context, Result};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::command::output;
use super::package::Package;

/// Labels of an image, annotations of a manifest.
pub type Labels = BTreeMap<String, String>;

/// The label with the date.
pub(super) const CREATED: &str = "org.opencontainers.image.created";

/// The mark behind the commit if the working tree differs from it.
pub(super) const DIRTY: &str = "-dirty";

/// The labels; unknown values are left out.
pub(super) fn of(package: &Package) -> Result<Labels> {
    let key = |name: &str| format!("org.opencontainers.image.{name}");
    let labels = [
        (key("title"), Some(package.name.clone())),
        (key("description"), package.description.clone()),
        (key("version"), Some(package.version.clone())),
        (key("licenses"), package.license.clone()),
        (key("source"), package.repository.clone()),
        (key("revision"), revision(".")),
        (CREATED.to_owned(), Some(created()?)),
    ];
    let known = labels.into_iter().filter_map(|(key, value)| Some((key, value?)));
    Ok(known.collect())
}

/// The commit, with a mark if the working tree differs from it. A file that no commit has also counts, because cargo
/// finds a `build.rs` by its name alone. `None` outside a git repository.
fn revision(workspace: &str) -> Option<String> {
    let at = |arguments: &[&str]| git(&[&["-C", workspace], arguments].concat());
    let commit = at(&["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])?;
    let untracked = at(&["ls-files", "--others", "--exclude-standard"])?;
    Some(match untracked.is_empty() || commit.ends_with(DIRTY) {
        true => commit,
        false => commit + DIRTY,
    })
}

/// The date: `SOURCE_DATE_EPOCH` if it is set (reproducible-builds.org), else the commit's date,
/// else the epoch.
fn created() -> Result<String> {
    let asked = env::var("SOURCE_DATE_EPOCH").ok();
    let seconds = asked.or_else(|| git(&["log", "-1", "--format=%ct"]));
    let seconds = seconds.unwrap_or_else(|| "0".to_owned());
    let seconds = seconds
        .parse()
        .with_context(|| format!("`SOURCE_DATE_EPOCH` is `{seconds}`; expected seconds since 1970"))?;
    Ok(OffsetDateTime::from_unix_timestamp(seconds)?.format(&Rfc3339)?)
}

fn git(arguments: &[&str]) -> Option<String> {
    let printed = output("git", arguments).ok()?;
    Some(printed.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use dagward_workbench::paths;

    #[test]
    fn a_tree_with_a_file_of_no_commit_is_not_the_commit_s() {
        let folder = paths::scratch("revision").unwrap();
        let path = folder.path().to_str().unwrap();
        let git = |arguments: &[&str]| git(&[&["-C", path], arguments].concat()).unwrap();
        git(&["init", "--quiet"]);
        fs::write(folder.path().join(".gitignore"), "target\n").unwrap();
        git(&["add", "."]);
        let author = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        git(&[&author[..], &["commit", "--quiet", "--message", "a"]].concat());
        let commit = git(&["rev-parse", "HEAD"]);
        fs::create_dir(folder.path().join("target")).unwrap();
        fs::write(folder.path().join("target/built"), "").unwrap();
        assert_eq!(revision(path), Some(commit.clone()));

        fs::write(folder.path().join("build.rs"), "fn main() {}").unwrap();
        let dirty = format!("{commit}{DIRTY}");
        assert_eq!(revision(path).as_ref(), Some(&dirty));
        git(&["add", "."]);
        assert_eq!(revision(path).as_ref(), Some(&dirty));
        fs::write(folder.path().join("other"), "").unwrap();
        assert_eq!(revision(path), Some(dirty));
    }
}

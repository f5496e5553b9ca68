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

/// The labels; unknown values are left out.
pub(super) fn of(package: &Package) -> Result<Labels> {
    let key = |name: &str| format!("org.opencontainers.image.{name}");
    let labels = [
        (key("title"), Some(package.name.clone())),
        (key("description"), package.description.clone()),
        (key("version"), Some(package.version.clone())),
        (key("licenses"), package.license.clone()),
        (key("source"), package.repository.clone()),
        (key("revision"), revision()),
        (CREATED.to_owned(), Some(created()?)),
    ];
    let known = labels.into_iter().filter_map(|(key, value)| Some((key, value?)));
    Ok(known.collect())
}

/// The commit, with a mark if the working tree differs from it. `None` outside a git repository.
fn revision() -> Option<String> {
    git(&["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])
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

//! The files that arguments name: a file, a folder with all policies below it, or a glob.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use globset::GlobBuilder;

/// The endings of files that can hold a policy.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// The files that an argument names, in order.
///
/// # Errors
/// A folder that cannot be read, or a glob or a folder without a file.
pub(crate) fn named(argument: &Path) -> Result<Vec<PathBuf>, String> {
    let shown = argument.display();
    if argument.is_dir() {
        let all = below(argument).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        let files: Vec<PathBuf> = all.into_iter().filter(|file| has_ending(file)).collect();
        return match files.is_empty() {
            true => Err(format!(
                "no `*.yaml`, `*.yml` or `*.json` in the folder `{shown}`"
            )),
            false => Ok(files),
        };
    }
    match argument
        .to_str()
        .filter(|text| text.contains(['*', '?', '[', '{']))
    {
        Some(glob) if !argument.exists() => matching(glob),
        _ => Ok(vec![argument.to_owned()]),
    }
}

/// The files, each at the first of its paths. A folder and a file in it can both be named.
pub(crate) fn each_once(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let is_new = |file: &PathBuf| match file.canonicalize() {
        Ok(canonical) => seen.insert(canonical),
        // The standard input, or a file that cannot be read.
        Err(_) => true,
    };
    files.into_iter().filter(is_new).collect()
}

/// The files that match a glob, which a shell without its own globs has passed on.
fn matching(glob: &str) -> Result<Vec<PathBuf>, String> {
    let built = GlobBuilder::new(glob).literal_separator(true).build();
    let matcher = built.map_err(|error| format!("`{glob}` is not a glob: {}", error.kind()))?;
    let matcher = matcher.compile_matcher();
    let fixed: PathBuf = Path::new(glob)
        .iter()
        .take_while(|part| !part.to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let folder = match fixed.as_os_str().is_empty() {
        true => Path::new("."),
        false => &fixed,
    };
    let all = below(folder).map_err(|error| format!("cannot read `{}`: {error}", folder.display()))?;
    let plain = all.iter().map(|file| file.strip_prefix("./").unwrap_or(file));
    let files: Vec<PathBuf> = plain
        .filter(|file| matcher.is_match(file))
        .map(Path::to_owned)
        .collect();
    match files.is_empty() {
        true => Err(format!("no file matches `{glob}`")),
        false => Ok(files),
    }
}

/// The files below a folder, sorted. Hidden ones and links to folders are left out: a link can lead to a folder above.
fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        match entry.file_type()? {
            kind if kind.is_dir() => files.extend(below(&path)?),
            kind if kind.is_symlink() && path.is_dir() => {}
            _ => files.push(path),
        }
    }
    Ok(files)
}

fn has_ending(file: &Path) -> bool {
    let ending = file.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

//! The files that users apply.

use std::fs;

use dagward_lab::paths;

pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(paths::workspace().join(file)).unwrap()
}

//! Runs the real binary.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The result of a run of the binary.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `dagward` in a folder of `tests/`.
pub(crate) fn dagward(folder: &str, arguments: &[&str], stdin: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dagward"))
        .args(arguments)
        .current_dir(tests().join(folder))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that ends without reading its input closes the pipe. The assertions on the result find every other error.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Run {
    /// Asserts the status, and that exactly the text of a file of `tests/` was printed.
    pub(crate) fn assert(self, status: i32, file: &str) {
        let path = tests().join(file);
        if env::var_os("BLESS").is_some() {
            fs::write(&path, &self.stdout).unwrap();
        }
        let stdout = fs::read_to_string(&path).unwrap();
        assert_eq!(
            self,
            Self {
                status,
                stdout,
                stderr: String::new()
            },
            "{file}"
        );
    }
}

/// The folder of the test files.
pub(crate) fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

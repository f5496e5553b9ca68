//! The command-line tool, installed as users install it: by pip from a wheel, and by pre-commit
//! from the repository.
//!
//! Both are compiled with the profile `dev`, which takes a fraction of the time.

#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use dagward_publish::wheel::{self, Profile};
use dagward_workbench::python::{Interpreter, Venv, pip_install};
use dagward_workbench::{paths, progress};

const GOOD: &str = "examples/policies/two-teams.yaml";
const BAD: &str = "cli/tests/validate/bad/several.yaml";

/// maturin moves the program that cargo has built out of the folder that both tests build in, so two
/// of them at once take each other's.
static BUILD: Mutex<()> = Mutex::new(());

/// A program's exit status and output.
fn finish(command: &mut Command) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    (
        status.code(),
        String::from_utf8([stdout, stderr].concat()).unwrap(),
    )
}

#[test]
fn pip_installs_the_tool() {
    let _alone = BUILD.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = paths::scratch("wheel").unwrap();
    let wheel = wheel::build(Profile::Dev, &scratch.path().join("wheels")).unwrap();
    let venv = scratch.path().join("venv");
    let interpreter = Interpreter::find().unwrap();
    let mut make = Command::new(interpreter.program);
    progress::run("making an environment", make.args(["-m", "venv"]).arg(&venv)).unwrap();
    let mut pip = pip_install(&venv.join("bin/python"));
    progress::run("installing the wheel", pip.arg("--no-index").arg(&wheel)).unwrap();

    let dagward = |arguments: &[&str]| {
        let mut dagward = Command::new(venv.join("bin/dagward"));
        finish(dagward.current_dir(paths::workspace()).args(arguments))
    };
    let version = env!("CARGO_PKG_VERSION");
    let (status, printed) = dagward(&["--version"]);
    assert_eq!(
        (status, printed.trim()),
        (Some(0), &*format!("dagward {version}"))
    );
    let (status, printed) = dagward(&["validate", GOOD]);
    assert_eq!(status, Some(0), "{printed}");
    assert!(printed.contains("two-teams.yaml: ok:"), "{printed}");
    let (status, printed) = dagward(&["validate", BAD]);
    assert_eq!(status, Some(1), "{printed}");
    assert!(printed.contains("several.yaml: "), "{printed}");

    let mut show = Command::new(venv.join("bin/python"));
    let (_, shown) = finish(show.args(["-m", "pip", "show", "dagward"]));
    for part in ["Name: dagward", &format!("Version: {version}"), "Apache-2.0"] {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
}

#[test]
fn pre_commit_checks_policies() {
    let _alone = BUILD.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = paths::scratch("pre-commit").unwrap();
    let user = scratch.path().join("user");
    fs::create_dir(&user).unwrap();
    let git = |arguments: &[&str]| {
        let (status, printed) = finish(Command::new("git").current_dir(&user).args(arguments));
        assert_eq!(status, Some(0), "{printed}");
    };
    let copy = |file: &str, name: &str| {
        fs::copy(paths::workspace().join(file), user.join(name)).unwrap();
        git(&["add", name]);
    };
    git(&["init", "--quiet"]);
    copy(GOOD, "dagward.yaml");
    // The hook ignores other file names.
    copy(BAD, "values.yaml");
    let hook = |files: &[&str]| pre_commit(&user, scratch.path(), files);
    let (status, printed) = hook(&["--all-files"]);
    assert_eq!(status, Some(0), "{printed}");
    assert!(printed.contains("Passed"), "{printed}");

    copy(BAD, "dagward-other.yaml");
    let (status, printed) = hook(&["--all-files"]);
    assert_eq!(status, Some(1), "{printed}");
    assert!(printed.contains("dagward-other.yaml: "), "{printed}");
}

/// Runs the hook of this repository in the repository of a user.
fn pre_commit(user: &Path, scratch: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let program = Venv::ensure("pre-commit", &["pre-commit==4.7.0"]).unwrap();
    let mut command = Command::new(program.program("pre-commit"));
    command
        .current_dir(user)
        .arg("try-repo")
        .arg(paths::workspace())
        .arg("dagward-validate")
        .args(arguments)
        .env("PRE_COMMIT_HOME", scratch.join("home"))
        // Reuses the output that the test of the wheel has compiled.
        .env("CARGO_TARGET_DIR", paths::target())
        .env("MATURIN_PEP517_ARGS", "--profile dev");
    finish(&mut command)
}

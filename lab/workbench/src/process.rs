//! A supervised child: its output in a log file, a probe for its readiness, and a certain end.
//!
//! A child ends with its [`Process`]. If this process dies without dropping its values, a guard
//! ends the child. `PR_SET_PDEATHSIG` does not work here: it fires when the *thread* that started
//! the child ends, and test threads end soon. The child and the guard are outside this process's
//! group, so that Ctrl-C in a terminal does not reach them first. The child has a session of its
//! own, and the whole session ends with the child, because Airflow puts its tasks into groups of
//! their own.
//!
//! A child gets its three standard streams and no other descriptor that this process has open.
//! Otherwise a child that keeps running would keep holding a lock or a pipe of the command that
//! started this process.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::descriptors::close_on_exec;
use crate::guard::Guard;
use crate::{paths, wait};

/// The time that a child has to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// Lines of the log that an error quotes.
const QUOTED_LINES: usize = 20;

/// Ends the session `$1`, first with SIGTERM. In `/proc/<pid>/stat` the session is the fourth field
/// after the name in parentheses.
const GUARD: &str = r#"
kill -s TERM -- "-$1"
sleep 3
for stat in /proc/[0-9]*/stat; do
    read -r line < "$stat" && set -- "$1" ${line##*) } || continue
    test "$5" != "$1" || kill -s KILL "${line%% *}"
done"#;

static STARTED: AtomicU32 = AtomicU32::new(0);

/// A running child and its log.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    guard: Guard,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; both of its outputs go to `target/lab/logs/<name>-<pid>-<n>.log`.
    pub fn start(name: &str, command: &Command) -> Result<Self> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = paths::logs()?.join(format!("{name}-{}-{number}.log", std::process::id()));
        // A log of an older process with the same id.
        let _ = fs::remove_file(&log);
        // A sidecar opens `/dev/stdout`, which is this file, again as its own user. Both write at
        // the file's end.
        let file = File::options().append(true).create_new(true).open(&log);
        let file = file.with_context(|| format!("cannot write `{}`", log.display()))?;
        file.set_permissions(Permissions::from_mode(0o666))?;
        close_on_exec();
        // A session of its own. The process id stays the same, as the child was not a group leader
        // before.
        let mut child = launched_by("setsid", &[], command)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start `{name}`"))?;
        let guard = Guard::new(GUARD, &child.id().to_string()).inspect_err(|_| {
            // Without a guard the child could outlive this process. The error gives the reason.
            let _ = child.kill();
            let _ = child.wait();
        })?;
        Ok(Self {
            name: name.to_owned(),
            child,
            guard,
            log,
        })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The file that its output goes to.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its output so far.
    pub fn output(&self) -> Result<String> {
        let bytes = fs::read(&self.log)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Calls `probe` until it returns a value. Fails, quoting the log, when the child ends or the
    /// time is over.
    pub fn ready<T>(&mut self, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Result<T> {
        let what = format!("`{}`", self.name);
        let result = wait::until(&what, limit, || {
            if let Some(status) = self.child.try_wait()? {
                bail!("{what} ended with {status}");
            }
            Ok(probe())
        });
        result.map_err(|error| self.failure(&error.to_string()))
    }

    /// An error that names the log and quotes its last lines.
    pub fn failure(&self, message: &str) -> anyhow::Error {
        let output = self.output().unwrap_or_default();
        let lines: Vec<&str> = output.lines().collect();
        let quoted = lines
            .get(lines.len().saturating_sub(QUOTED_LINES)..)
            .unwrap_or_default();
        anyhow!(
            "{message}\nlog: {}\n  {}",
            self.log.display(),
            quoted.join("\n  ")
        )
    }

    /// Ends the child and its children: SIGTERM first, SIGKILL if that has no effect.
    pub fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal("TERM", &[format!("-{}", self.child.id())]);
            let _ = wait::until("the end", GRACE, || Ok(self.child.try_wait()?));
        }
        // Also when the child itself has ended: its own children are still in its session. A child
        // that starts during one round is found in the next round.
        let _ = wait::until("the children's end", GRACE, || {
            let left = session(self.child.id());
            signal("KILL", &left);
            let _ = self.child.try_wait();
            Ok(left.is_empty().then_some(()))
        });
        // A child that was stopped before it had a session of its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.guard.dismiss();
    }
}

/// `command` with its variables and its folder as the arguments of a launcher, such as `taskset`.
pub fn launched_by(launcher: &str, arguments: &[&str], command: &Command) -> Command {
    let mut launched = Command::new(launcher);
    launched
        .args(arguments)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => launched.env(name, value),
            None => launched.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        launched.current_dir(directory);
    }
    launched
}

/// The processes of a session that have not ended.
fn session(leader: u32) -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = processes.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (id, _) = stat.split_once(' ')?;
            // After the name in parentheses, which may have any character: state, parent, group, session.
            let (_, fields) = stat.rsplit_once(") ")?;
            let mut fields = fields.split(' ');
            let ended = fields.next()? == "Z";
            (!ended && fields.nth(2)? == leader.to_string()).then(|| id.to_owned())
        })
        .collect()
}

/// Sends a signal to processes, or to groups by their negated ids.
fn signal(signal: &str, targets: &[String]) {
    if targets.is_empty() {
        return;
    }
    let _ = Command::new("kill")
        .args(["-s", signal, "--"])
        .args(targets)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn runs(pid: &str) -> bool {
        Command::new("kill")
            .args(["-0", pid])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    #[test]
    fn the_error_names_the_log_and_quotes_it() {
        let mut process = Process::start("failing", &shell("echo no such port; exit 3")).unwrap();
        let error = process
            .ready(Duration::from_secs(5), || None::<()>)
            .unwrap_err()
            .to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.contains("no such port"), "{error}");
        assert!(error.contains("failing-"), "{error}");
    }

    /// A process with a child in a group of its own, as a shell's job control makes it, and the
    /// child's id.
    fn parent() -> (Process, String) {
        // A plain `sh` has no job control without a terminal, and prints a warning about it first.
        let mut bash = Command::new("bash");
        bash.args(["-c", "set -m; sleep 60 & echo $!; wait"]);
        let mut process = Process::start("parent", &bash).unwrap();
        let log = process.log().to_owned();
        let child = process.ready(GRACE, || {
            let text = fs::read_to_string(&log).ok()?;
            text.ends_with('\n').then(|| text.trim().to_owned())
        });
        (process, child.unwrap())
    }

    fn ends(pid: &str) {
        let limit = Duration::from_secs(10);
        wait::until("the child's end", limit, || Ok((!runs(pid)).then_some(()))).unwrap();
    }

    #[test]
    fn neither_child_nor_guard_has_more_open_than_its_standard_streams() {
        // Like a descriptor inherited from this process's parent: it stays open when another
        // program is executed.
        let (_reader, _writer) = rustix::pipe::pipe().unwrap();
        let process = Process::start("closed", &shell("exec sleep 60")).unwrap();
        for id in [process.id(), process.guard.id()] {
            let open = || {
                let open = fs::read_dir(format!("/proc/{id}/fd"))?.flatten();
                let mut open: Vec<_> = open.map(|entry| entry.file_name()).collect();
                open.sort();
                Ok((open == ["0", "1", "2"]).then_some(()))
            };
            // Between fork and exec the child has all of its parent's descriptors.
            wait::until("the standard streams alone", GRACE, open).unwrap();
        }
    }

    #[test]
    fn grandchildren_end_with_the_handle() {
        let (process, grandchild) = parent();
        assert!(runs(&grandchild));
        drop(process);
        ends(&grandchild);
    }

    #[test]
    fn the_guard_ends_them_all_when_the_pipe_closes() {
        let (mut process, grandchild) = parent();
        process.guard.act().unwrap();
        let ended = wait::until("the child's end", GRACE, || process.ended());
        assert!(!ended.unwrap().success());
        ends(&grandchild);
    }
}

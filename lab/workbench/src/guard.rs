//! Cleanup for the case that this process dies without dropping its values (Ctrl-C, an abort,
//! `kill -9`): a shell holds one end of a pipe, and reads end of file when the kernel closes our
//! end.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::descriptors::close_on_exec;

/// A guard that waits. Dropping it does nothing.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Makes `script` run, with `argument` as its `$1`, once this process has ended.
    pub fn new(script: &str, argument: &str) -> Result<Self> {
        close_on_exec();
        Command::new("sh")
            .args(["-c", &format!("read -r _\n{script}"), "guard", argument])
            // The handle holds the other end of the pipe. The standard library marks it
            // close-on-exec, so no other child keeps it open.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal does not reach the guard.
            .process_group(0)
            .spawn()
            .map(Self)
            .context("cannot start `sh`")
    }

    /// The guard's process id.
    #[cfg(test)]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends the guard without running its script: the cleanup is done.
    pub fn dismiss(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Makes the guard act as after this process's death, and waits for its end. A test of a guard
    /// needs it.
    ///
    /// # Errors
    /// The shell cannot be waited for.
    pub fn act(&mut self) -> io::Result<()> {
        drop(self.0.stdin.take());
        self.0.wait().map(|_| ())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.dismiss();
    }
}

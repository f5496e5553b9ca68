//! What is to be done when this process dies without dropping anything (Ctrl-C, an abort, `kill -9`): a shell that holds
//! one end of a pipe, and reads end of file when the kernel closes ours.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::descriptors::close_on_exec;

/// A waiting guard. Dropped, it does nothing.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Has `script` run, with `argument` for its `$1`, once this process is no more.
    pub fn new(script: &str, argument: &str) -> Result<Self> {
        close_on_exec();
        Command::new("sh")
            .args(["-c", &format!("read -r _\n{script}"), "guard", argument])
            // The pipe's other end is in the handle; the standard library marks it close-on-exec,
            // so no other child keeps it open.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal does not reach it.
            .process_group(0)
            .spawn()
            .map(Self)
            .context("cannot start `sh`")
    }

    /// Its process id.
    #[cfg(test)]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it: there is nothing to be done any more.
    pub fn dismiss(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Has it act as after this process's death, and waits for its end. A test of a guard needs it.
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

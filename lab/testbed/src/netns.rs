//! Somewhere in the pods' network, for what the test's own process sends and serves there.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result, anyhow};
use rustix::fd::AsFd;
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace, by its file. A socket belongs to the one that it was made in.
#[derive(Debug, Clone)]
pub struct Netns(PathBuf);

impl Netns {
    /// The namespace behind a file such as `/run/netns/x`.
    pub fn new(file: PathBuf) -> Self {
        Self(file)
    }

    /// Ends the processes of this name there at once, as a crash does, and gives how many there were.
    pub fn kill(&self, name: &str) -> Result<usize> {
        let here = fs::metadata(&self.0)?.ino();
        let mut killed = 0;
        for entry in fs::read_dir("/proc")?.flatten() {
            let process = entry.path();
            // One that ends meanwhile has no files any more.
            let found = fs::metadata(process.join("ns/net")).is_ok_and(|namespace| namespace.ino() == here)
                && fs::read_to_string(process.join("comm")).is_ok_and(|comm| comm.trim_end() == name);
            let id = entry.file_name().to_str().and_then(|id| id.parse().ok());
            if let (true, Some(id)) = (found, id.and_then(Pid::from_raw)) {
                kill_process(id, Signal::KILL)?;
                killed += 1;
            }
        }
        Ok(killed)
    }

    /// Does `work` there, in a thread of its own: a namespace is a thread's.
    pub(crate) fn within<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let file = File::open(&self.0).with_context(|| format!("no namespace `{}`", self.0.display()))?;
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
                work()
            });
            thread
                .join()
                .map_err(|_| anyhow!("the thread in a pod panicked"))?
        })
    }
}

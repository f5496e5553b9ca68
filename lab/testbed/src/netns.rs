//! A place in the pods' network for clients and servers in the test's own process.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result, anyhow};
use rustix::fd::AsFd;
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace, by its file. A socket belongs to the namespace in which it was made.
#[derive(Debug, Clone)]
pub struct Netns(PathBuf);

impl Netns {
    /// The namespace behind a file such as `/run/netns/x`.
    pub fn new(file: PathBuf) -> Self {
        Self(file)
    }

    /// Kills the processes of this name in the namespace at once, as a crash does, and returns
    /// their number.
    pub fn kill(&self, name: &str) -> Result<usize> {
        let here = fs::metadata(&self.0)?.ino();
        let mut killed = 0;
        for entry in fs::read_dir("/proc")?.flatten() {
            let process = entry.path();
            // A process that ends meanwhile has no files any more.
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

    /// Runs `work` in the namespace, in a thread of its own: a namespace belongs to a thread.
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

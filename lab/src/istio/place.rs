//! Somewhere in the pods' network, for what the test's own process sends and serves there.

use std::fs::File;
use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result, anyhow};
use rustix::fd::AsFd;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace, by its file. A socket belongs to the one that it was made in.
#[derive(Debug, Clone)]
pub struct Place(PathBuf);

impl Place {
    /// The namespace behind a file such as `/run/netns/x`.
    pub(super) fn new(file: PathBuf) -> Self {
        Self(file)
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

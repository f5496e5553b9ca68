//! The process that owns a resource, distinguished by its start time from later processes with the
//! same id. With it, the lab finds and removes the resources that a killed process has left.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    id: u32,
    started: u64,
}

impl Owner {
    /// This process.
    pub fn this() -> Result<Self> {
        let id = std::process::id();
        let started = started(id).context("cannot read `/proc`")?;
        Ok(Self { id, started })
    }

    /// Reads the form that `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, started) = text.split_once('@')?;
        Some(Self {
            id: id.parse().ok()?,
            started: started.parse().ok()?,
        })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether the process still runs.
    pub fn lives(&self) -> bool {
        started(self.id) == Some(self.started)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.started)
    }
}

/// The start time of a process, in the kernel's ticks since boot: the 20th field after the name in
/// parentheses (proc(5)). `None` once the process has ended, even before its parent has waited for
/// it.
fn started(id: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    fields.nth(18)?.parse().ok().filter(|_| state != "Z")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_known_until_it_ends() {
        let this = Owner::this().unwrap();
        assert!(this.lives());
        assert_eq!(Owner::parse(&this.to_string()), Some(this));

        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let other = Owner {
            id: child.id(),
            started: started(child.id()).unwrap(),
        };
        assert!(other.lives());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!other.lives());
        assert!(
            !Owner {
                id: this.id,
                started: 0
            }
            .lives()
        );
    }
}

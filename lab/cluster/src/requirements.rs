//! The machine's requirements for running a cluster.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use dagward_workbench::go;

/// Programs that every Linux distribution has, and their packages on Debian and Ubuntu.
const PROGRAMS: [(&str, &str); 4] = [
    ("ip", "iproute2"),
    ("nsenter", "util-linux"),
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
];

/// The missing requirements, one sentence each; empty if nothing is missing.
pub fn missing() -> Vec<String> {
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut missing = Vec::new();
    if !root {
        missing.push(
            "it needs root: pods are network namespaces, and iptables captures their traffic; the lab changes nothing \
             outside of them"
                .to_owned(),
        );
    }
    let absent = PROGRAMS.iter().filter(|(program, _)| !starts(program));
    missing.extend(absent.map(|(program, package)| {
        format!("`{program}` is not on this machine; install it, on Debian and Ubuntu with: sudo apt-get install {package}")
    }));
    missing.extend(go::missing());
    missing
}

fn starts(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("-V").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

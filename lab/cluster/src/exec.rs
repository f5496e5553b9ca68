//! Runs a command in a running container, as `kubectl exec` does: with the container's files,
//! network, user and variables.
//!
//! `kubectl exec` itself needs a stream through the API server to the kubelet, which the lab's
//! kubelet does not offer.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::fields::{list, text};

/// The prefix of a container's id; the rest is the id of its process.
const SCHEME: &str = "process://";

/// The id of the container with this process.
pub(super) fn container_id(process: u32) -> String {
    format!("{SCHEME}{process}")
}

/// The command in a container of `pod`; in the first one if `container` is not set.
pub(super) fn command(pod: &Value, container: Option<&str>, words: &[String]) -> Result<Command> {
    let process = process(pod, container)?;
    let owner = fs::metadata(format!("/proc/{process}")).context("the container has ended")?;
    let mut command = Command::new("nsenter");
    command
        .arg(format!("--target={process}"))
        .args(["--mount", "--net", "--root", "--wd", "setpriv"])
        .arg(format!("--reuid={}", owner.uid()))
        .arg(format!("--regid={}", owner.gid()))
        // The same way as for the container's own process: see `container`.
        .args([
            "--clear-groups",
            "--inh-caps=+dac_read_search",
            "--ambient-caps=+dac_read_search",
        ])
        .args(["env", "--ignore-environment"]);
    let variables = fs::read(format!("/proc/{process}/environ"))?;
    let variables = variables.split(|byte| *byte == 0);
    command.args(
        variables
            .filter(|variable| !variable.is_empty())
            .map(OsStr::from_bytes),
    );
    command.args(words);
    Ok(command)
}

/// The process id of a container, from the pod's status.
fn process(pod: &Value, container: Option<&str>) -> Result<u32> {
    let containers = list(pod, "/status/containerStatuses").iter();
    let mut containers = containers.chain(list(pod, "/status/initContainerStatuses"));
    let name = |status: &&Value| text(status, "/name").unwrap_or_default().to_owned();
    let known: Vec<_> = containers.clone().map(|status| name(&status)).collect();
    let found = match container {
        None => containers.next(),
        Some(wanted) => containers.find(|status| name(status) == wanted),
    };
    let Some(found) = found else {
        bail!(
            "no container `{}`; the pod has {}",
            container.unwrap_or_default(),
            known.join(", ")
        );
    };
    let id = text(found, "/containerID").and_then(|id| id.strip_prefix(SCHEME)?.parse().ok());
    id.with_context(|| format!("the container `{}` does not run", name(&found)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_is_found_by_its_name() {
        let pod = json!({"status": {
            "containerStatuses": [{"name": "base", "containerID": container_id(7)}],
            "initContainerStatuses": [
                {"name": "istio-proxy", "containerID": container_id(8)},
                {"name": "istio-init"},
            ],
        }});
        assert_eq!(process(&pod, None).unwrap(), 7);
        assert_eq!(process(&pod, Some("istio-proxy")).unwrap(), 8);
        let ended = process(&pod, Some("istio-init")).unwrap_err().to_string();
        assert_eq!(ended, "the container `istio-init` does not run");
        let missing = process(&pod, Some("sidecar")).unwrap_err().to_string();
        assert_eq!(
            missing,
            "no container `sidecar`; the pod has base, istio-proxy, istio-init"
        );
    }
}

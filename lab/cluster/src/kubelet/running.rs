//! A container of a pod: its start, its probes, its restarts, its end.

use std::fs;
use std::mem;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::environment::{expand, variables};
use super::unit::Unit;
use super::volumes;
use crate::container::Container;
use crate::exec::container_id;
use crate::fields::{list, text};
use crate::images::Image;
use crate::network::Namespace;
use dagward_testbed::client::{Client, Request};
use dagward_workbench::process::Process;

/// The longest time that one probe may take.
const PROBE: Duration = Duration::from_secs(3);

/// The pauses between two probes of a container that is not ready yet, and of one that is.
const PERIODS: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];

/// A container with its state.
#[derive(Debug)]
pub(super) struct Running {
    spec: Value,
    process: Option<Process>,
    started: String,
    ended: Option<(i32, String)>,
    restarts: u32,
    ready: bool,
    /// The time of its last probe.
    probed: Option<Instant>,
    /// The reason why it could not be started.
    failure: Option<String>,
}

impl Running {
    pub(super) fn new(spec: &Value) -> Self {
        Self {
            spec: spec.clone(),
            process: None,
            started: String::new(),
            ended: None,
            restarts: 0,
            ready: false,
            probed: None,
            failure: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        text(&self.spec, "/name").unwrap_or_default()
    }

    /// Whether it keeps running beside later containers: an init container that always restarts.
    pub(super) fn is_sidecar(&self) -> bool {
        text(&self.spec, "/restartPolicy") == Some("Always")
    }

    /// Starts it. A container that cannot be started counts as ended, as with a missing image.
    pub(super) fn start(&mut self, unit: &Unit, network: &Namespace, directory: &Path) {
        self.ready = false;
        self.probed = None;
        self.ended = None;
        self.started = now();
        match self.launch(unit, network, directory) {
            Ok(process) => self.process = Some(process),
            Err(error) => {
                self.failure = Some(format!("{error:#}"));
                self.ended = Some((128, now()));
            }
        }
    }

    /// Starts it again.
    pub(super) fn restart(&mut self, unit: &Unit, network: &Namespace, directory: &Path) {
        self.restarts += 1;
        self.start(unit, network, directory);
    }

    fn launch(&self, unit: &Unit, network: &Namespace, directory: &Path) -> Result<Process> {
        let image = Image::find(text(&self.spec, "/image").unwrap_or_default())?;
        let given = variables(unit, &self.spec)?;
        let words = |path: &str| -> Vec<String> {
            let words = list(&self.spec, path).iter().filter_map(Value::as_str);
            words.map(|word| expand(word, &given)).collect()
        };
        let (command, arguments) = (words("/command"), words("/args"));
        let entrypoint = if command.is_empty() {
            image.entrypoint
        } else {
            command
        };
        let scratch = directory.join(format!("root-{}", self.name()));
        fs::create_dir_all(&scratch)?;
        let mut mounts = volumes::mounts(unit, &self.spec, &directory.join("volumes"))?;
        mounts.extend(unit.names.clone());
        mounts.extend(image.files);
        let container = Container {
            name: format!("{}.{}", unit.name(), self.name()),
            layers: image.layers,
            mounts,
            command: [entrypoint, arguments].concat(),
            environment: [image.environment, self.usual(unit), given].concat(),
            directory: text(&self.spec, "/workingDir").unwrap_or("/").to_owned(),
            user: (self.id(unit, "runAsUser"), self.id(unit, "runAsGroup")),
        };
        container.start(network, &scratch)
    }

    /// The variables that every container has.
    fn usual(&self, unit: &Unit) -> Vec<(String, String)> {
        let server = unit.api.address();
        [
            ("HOME", "/root".to_owned()),
            ("HOSTNAME", unit.name().to_owned()),
            ("KUBERNETES_SERVICE_HOST", server.ip().to_string()),
            ("KUBERNETES_SERVICE_PORT", server.port().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// A numeric id from the security context of the container or else of the pod; root's if
    /// neither sets one.
    fn id(&self, unit: &Unit, field: &str) -> u32 {
        let path = format!("/securityContext/{field}");
        let own = self.spec.pointer(&path).and_then(Value::as_u64);
        let pod = unit.pod.pointer(&format!("/spec{path}")).and_then(Value::as_u64);
        own.or(pod).and_then(|id| id.try_into().ok()).unwrap_or_default()
    }

    /// Checks whether it has ended and whether it is ready. Returns whether anything changed.
    pub(super) fn look(&mut self, address: Ipv4Addr) -> Result<bool> {
        let Some(process) = &mut self.process else {
            return Ok(false);
        };
        if let Some(status) = process.ended()? {
            // A process that a signal has ended has the shell's exit code for it.
            let signal = status.signal();
            let code = status.code().or(signal.map(|signal| 128 + signal));
            self.ended = Some((code.unwrap_or(-1), now()));
            self.process = None;
            self.ready = false;
            return Ok(true);
        }
        let [before, after] = PERIODS;
        let period = if self.ready { after } else { before };
        if self.probed.is_some_and(|probed| probed.elapsed() < period) {
            return Ok(false);
        }
        let ready = self.probe(address);
        self.probed = Some(Instant::now());
        Ok(mem::replace(&mut self.ready, ready) != ready)
    }

    /// Runs the container's own probe; a container without a probe is ready. The lab supports HTTP
    /// and TCP probes.
    fn probe(&self, address: Ipv4Addr) -> bool {
        let Some(probe) = self.spec.get("readinessProbe").or(self.spec.get("startupProbe")) else {
            return true;
        };
        let port = |path: &str| probe.pointer(path).and_then(Value::as_u64);
        if let Some(port) = port("/httpGet/port").and_then(|port| u16::try_from(port).ok()) {
            let path = text(probe, "/httpGet/path").unwrap_or("/");
            let client = Client::plain((address, port).into()).within(PROBE);
            let answer = client.send(&Request::get("kubelet", path));
            return answer.is_ok_and(|answer| answer.status < 400);
        }
        if let Some(port) = port("/tcpSocket/port").and_then(|port| u16::try_from(port).ok()) {
            let target = SocketAddr::from((address, port));
            return TcpStream::connect_timeout(&target, PROBE).is_ok();
        }
        true
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    pub(super) fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// The exit code, once it has ended.
    pub(super) fn exit_code(&self) -> Option<i32> {
        self.ended.as_ref().map(|(code, _)| *code)
    }

    /// Its log, if it ever started.
    pub(super) fn log(&self) -> Option<PathBuf> {
        self.process.as_ref().map(|process| process.log().to_owned())
    }

    /// Ends it.
    pub(super) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop();
            // With the exit code for SIGTERM.
            self.ended = Some((143, now()));
            self.ready = false;
        }
    }

    /// Its status in the form of `containerStatus`.
    pub(super) fn status(&self) -> Value {
        let state = match (&self.ended, &self.process) {
            (Some((code, finished)), _) => {
                let reason = if *code == 0 { "Completed" } else { "Error" };
                let message = self.failure.as_deref().unwrap_or_default();
                json!({"terminated": {
                    "exitCode": code, "reason": reason, "message": message,
                    "startedAt": self.started, "finishedAt": finished,
                }})
            }
            (None, Some(_)) => json!({"running": {"startedAt": self.started}}),
            (None, None) => json!({"waiting": {"reason": "PodInitializing"}}),
        };
        let image = text(&self.spec, "/image").unwrap_or_default();
        json!({
            "name": self.name(),
            "image": image,
            "imageID": image,
            "state": state,
            "containerID": self.process.as_ref().map(|process| container_id(process.id())),
            "ready": self.ready,
            "started": self.runs(),
            "restartCount": self.restarts,
        })
    }
}

/// The time in Kubernetes' format.
pub(super) fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    whole.format(&Rfc3339).context("no time").unwrap_or_default()
}

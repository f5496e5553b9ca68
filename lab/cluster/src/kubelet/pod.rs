//! A pod's life: its network, its volumes, its containers in order, its status, its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::logs::Logs;
use super::running::{Running, now};
use super::unit::{NODE, Unit};
use super::volumes;
use crate::fields::{list, text};
use crate::network::Namespace;

/// The pause between two attempts: a busy API server fails to answer some requests.
pub(super) const RETRY: Duration = Duration::from_millis(500);

/// The pause between two checks of a pod's containers.
const PAUSE: Duration = Duration::from_millis(100);

/// A pod on this node.
pub(super) struct Pod<'a> {
    unit: Unit,
    network: Namespace,
    directory: PathBuf,
    initial: Vec<Running>,
    containers: Vec<Running>,
    since: String,
    /// Set when the pod must end.
    leave: &'a AtomicBool,
    logs: &'a Logs,
}

/// A pod's progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
}

impl<'a> Pod<'a> {
    pub(super) fn new(
        unit: Unit,
        network: Namespace,
        directory: &Path,
        leave: &'a AtomicBool,
        logs: &'a Logs,
    ) -> Self {
        let containers = |path| list(&unit.pod, path).iter().map(Running::new).collect();
        Self {
            initial: containers("/spec/initContainers"),
            containers: containers("/spec/containers"),
            network,
            directory: directory.to_owned(),
            since: now(),
            leave,
            logs,
            unit,
        }
    }

    /// Runs the pod from its binding to its end.
    pub(super) fn live(mut self) -> Result<()> {
        self.insist(|| self.bind());
        self.report(Phase::Pending);
        // istiod makes a config map that sidecars mount, sometimes after the pod.
        let volumes = self.directory.join("volumes");
        let ready = self.insist(|| volumes::write(&self.unit, &volumes));
        let phase = if ready.is_some() && self.initialize()? {
            self.work()?
        } else {
            Phase::Failed
        };
        // Sidecars end after the containers that they serve, the last one first.
        self.containers.iter_mut().for_each(Running::stop);
        self.initial.iter_mut().rev().for_each(Running::stop);
        self.report(phase);
        // A pod that has ended exists until a client deletes it.
        while !self.leaves() {
            thread::sleep(PAUSE);
        }
        // Deletes this pod only, not a later one with the same name.
        let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": self.unit.uid()}});
        match self.unit.api.delete(&self.unit.path(), &options) {
            Err(_) if !self.exists()? => Ok(()),
            other => other,
        }
    }

    fn exists(&self) -> Result<bool> {
        let found = self.unit.api.find(&self.unit.path())?;
        Ok(found.is_some_and(|pod| text(&pod, "/metadata/uid") == Some(self.unit.uid())))
    }

    fn leaves(&self) -> bool {
        self.leave.load(Ordering::Relaxed)
    }

    /// Does the scheduler's work.
    fn bind(&self) -> Result<()> {
        if text(&self.unit.pod, "/spec/nodeName").is_some() {
            return Ok(());
        }
        let target = json!({"apiVersion": "v1", "kind": "Node", "name": NODE});
        let binding = json!({
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": self.unit.name()},
            "target": target,
        });
        let path = format!("{}/binding", self.unit.path());
        match self.unit.api.create(&path, &binding) {
            // An earlier attempt has succeeded, but its answer was lost.
            Err(_) if self.is_bound()? => Ok(()),
            other => other.map(|_| ()),
        }
    }

    fn is_bound(&self) -> Result<bool> {
        let found = self.unit.api.find(&self.unit.path())?;
        Ok(found.is_some_and(|pod| text(&pod, "/spec/nodeName").is_some()))
    }

    /// [`insist`] for this pod.
    fn insist<T>(&self, step: impl FnMut() -> Result<T>) -> Option<T> {
        insist(&self.unit.path(), self.leave, step)
    }

    /// Runs the init containers one after the other; waits for sidecars only until they have
    /// started. Returns whether all succeeded.
    fn initialize(&mut self) -> Result<bool> {
        let once = text(&self.unit.pod, "/spec/restartPolicy") == Some("Never");
        for number in 0..self.initial.len() {
            loop {
                let Some(container) = self.initial.get_mut(number) else {
                    return Ok(false);
                };
                if !container.runs() && container.exit_code().is_none() {
                    container.start(&self.unit, &self.network, &self.directory);
                    self.logs.note(&self.unit, container);
                }
                container.look(self.unit.address)?;
                let sidecar = container.is_sidecar();
                match container.exit_code() {
                    Some(0) if !sidecar => break,
                    Some(_) if sidecar || !once => {
                        container.restart(&self.unit, &self.network, &self.directory);
                        self.logs.note(&self.unit, container);
                    }
                    Some(_) => return Ok(false),
                    None if sidecar && container.is_ready() => break,
                    None => {}
                }
                if self.leaves() {
                    return Ok(false);
                }
                thread::sleep(PAUSE);
            }
        }
        Ok(true)
    }

    /// Runs the containers until they have ended or the pod must end.
    fn work(&mut self) -> Result<Phase> {
        let policy = text(&self.unit.pod, "/spec/restartPolicy")
            .unwrap_or("Always")
            .to_owned();
        for container in &mut self.containers {
            container.start(&self.unit, &self.network, &self.directory);
            self.logs.note(&self.unit, container);
        }
        let mut changed = true;
        while !self.leaves() {
            let sidecars = self.initial.iter_mut().filter(|container| container.is_sidecar());
            for container in self.containers.iter_mut().chain(sidecars) {
                changed |= container.look(self.unit.address)?;
                let code = container.exit_code();
                if code.is_some_and(|code| container.is_sidecar() || again(&policy, code)) {
                    // With the volumes' current content: the pod's annotations may have changed.
                    let path = self.unit.path();
                    if let Some(pod) = insist(&path, self.leave, || self.unit.api.get(&path)) {
                        self.unit.pod = pod;
                    }
                    let volumes = self.directory.join("volumes");
                    insist(&path, self.leave, || volumes::write(&self.unit, &volumes));
                    container.restart(&self.unit, &self.network, &self.directory);
                    changed = true;
                }
                self.logs.note(&self.unit, container);
            }
            if let Some(phase) = self.ended() {
                return Ok(phase);
            }
            if changed {
                self.report(Phase::Running);
                changed = false;
            }
            thread::sleep(PAUSE);
        }
        Ok(Phase::Running)
    }

    /// The final phase of the pod, once all of its containers have ended.
    fn ended(&self) -> Option<Phase> {
        let codes: Option<Vec<i32>> = self.containers.iter().map(Running::exit_code).collect();
        let well = codes?.iter().all(|&code| code == 0);
        Some(if well { Phase::Succeeded } else { Phase::Failed })
    }

    /// Reports the status to the API server.
    fn report(&self, phase: Phase) {
        self.insist(|| self.tell(phase));
    }

    fn tell(&self, phase: Phase) -> Result<()> {
        let sidecars = self.initial.iter().filter(|container| container.is_sidecar());
        let ready = phase == Phase::Running && self.containers.iter().chain(sidecars).all(Running::is_ready);
        let condition = |name: &str, holds: bool| {
            let status = if holds { "True" } else { "False" };
            json!({"type": name, "status": status, "lastTransitionTime": now()})
        };
        let statuses = |containers: &[Running]| containers.iter().map(Running::status).collect::<Vec<_>>();
        // The uid makes the API server refuse the change if another pod has this name.
        let status = json!({"metadata": {"uid": self.unit.uid()}, "status": {
            "phase": format!("{phase:?}"),
            "hostIP": self.unit.node,
            "podIP": self.unit.address,
            "podIPs": [{"ip": self.unit.address}],
            "startTime": self.since,
            "conditions": [
                condition("Initialized", phase != Phase::Pending),
                condition("ContainersReady", ready),
                condition("Ready", ready),
                condition("PodScheduled", true),
            ],
            "initContainerStatuses": statuses(&self.initial),
            "containerStatuses": statuses(&self.containers),
        }});
        // The pod may be gone already if it was deleted by force.
        match self
            .unit
            .api
            .change(&format!("{}/status", self.unit.path()), &status)
        {
            Err(_) if !self.exists()? => {
                self.leave.store(true, Ordering::Relaxed);
                Ok(())
            }
            other => other.map(|_: Value| ()),
        }
    }
}

impl Drop for Pod<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Takes a step for the pod at `path`, again and again until it succeeds, as a kubelet does.
/// Returns `None` if the pod must end first.
fn insist<T>(path: &str, leave: &AtomicBool, mut step: impl FnMut() -> Result<T>) -> Option<T> {
    let mut said = String::new();
    loop {
        let error = match step() {
            Ok(done) => return Some(done),
            Err(error) => format!("{error:#}"),
        };
        if error != said {
            eprintln!("node: {path}: {error}");
            said = error;
        }
        if leave.load(Ordering::Relaxed) {
            return None;
        }
        thread::sleep(RETRY);
    }
}

fn again(policy: &str, code: i32) -> bool {
    match policy {
        "Never" => false,
        "OnFailure" => code != 0,
        _ => true,
    }
}

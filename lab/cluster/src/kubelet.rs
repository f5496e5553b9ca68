//! The node's work for its pods: it runs the containers of a pod's injected spec, reports their
//! status, serves logs to `kubectl logs`, and ends deleted pods. The only node of the lab is this
//! machine, which also does the work of Kubernetes' controllers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Scope};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::Api;
use super::controllers;
use super::fields::{list, text};
use super::kubernetes::Kubernetes;
use super::names::Names;
use super::network::Network;
use super::watch::{Event, Watch};
use dagward_workbench::paths;

mod environment;
mod logs;
mod pod;
mod running;
mod unit;
mod volumes;

use logs::{Logs, Server};
use pod::{Pod, RETRY};
use unit::Unit;

pub(super) use unit::NODE;

/// The resources that the node watches.
const RESOURCES: [&str; 3] = ["namespaces", "services", "pods"];

/// The longest time between two checks of the services.
const IDLE: Duration = Duration::from_secs(60);

/// A running node. Its pods end with its handle.
#[derive(Debug)]
pub struct Kubelet {
    watches: Vec<Watch>,
    thread: Option<JoinHandle<()>>,
    _server: Server,
}

/// The parts that all pods of the node share.
#[derive(Debug)]
struct Node {
    api: Api,
    root: PathBuf,
    network: Arc<Network>,
    names: Names,
    logs: Logs,
    directory: TempDir,
}

impl Kubelet {
    /// Makes this machine a node of `kubernetes`, with its pods in `network`.
    pub fn start(kubernetes: &Kubernetes, network: &Arc<Network>) -> Result<Self> {
        let api = kubernetes.api().clone();
        let address = network.address();
        let logs = Logs::default();
        let server = Server::start(address, kubernetes.authority(), logs.clone())?;
        register(&api, kubernetes.release().version, address, server.port())?;
        let directory = paths::scratch("pods")?;
        let node = Node {
            api,
            root: kubernetes.authority().directory().join("root.pem"),
            network: Arc::clone(network),
            names: Names::new(directory.path(), address)?,
            logs,
            directory,
        };
        let (sink, events) = channel();
        let watches = RESOURCES.map(|resource| Watch::start(kubernetes, resource, sink.clone()));
        let watches = watches.into_iter().collect::<Result<_>>()?;
        let thread = thread::spawn(move || node.follow(&events));
        Ok(Self {
            watches,
            thread: Some(thread),
            _server: server,
        })
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        // Without the watches the node's thread ends.
        self.watches.clear();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Registers the node with the API server, with the address at which it serves logs.
fn register(api: &Api, version: &str, address: Ipv4Addr, port: u16) -> Result<()> {
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}});
    api.provide("/api/v1/nodes", &node)?;
    let status = json!({"status": {
        "addresses": [{"type": "InternalIP", "address": address}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "conditions": [{"type": "Ready", "status": "True"}],
        // From this Istio learns whether a node can run sidecars as init containers.
        "nodeInfo": {
            "kubeletVersion": format!("v{version}"), "kubeProxyVersion": "", "machineID": "", "systemUUID": "",
            "bootID": "", "kernelVersion": "", "osImage": "", "containerRuntimeVersion": "",
            "operatingSystem": "linux", "architecture": "amd64",
        },
    }});
    api.change(&format!("/api/v1/nodes/{NODE}/status"), &status)
        .map(|_| ())
}

impl Node {
    /// Handles changes until the watches end; then ends all pods.
    fn follow(&self, events: &Receiver<Event>) {
        let flags = Mutex::new(BTreeMap::new());
        // Namespaces that still lack some of the objects that every namespace has.
        let mut bare = BTreeSet::new();
        let mut pause = IDLE;
        thread::scope(|scope| {
            loop {
                match events.recv_timeout(pause) {
                    Ok(event) => self.note(scope, &flags, &mut bare, &event),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                // All events that have arrived meanwhile, before the slower part.
                while let Ok(event) = events.try_recv() {
                    self.note(scope, &flags, &mut bare, &event);
                }
                bare.retain(|name| !succeeds(name, controllers::provide(&self.api, name, &self.root)));
                let done = succeeds("services", self.services()) && bare.is_empty();
                pause = if done { IDLE } else { RETRY };
            }
            let flags = flags.lock().unwrap_or_else(PoisonError::into_inner);
            let leave = |flag: &Arc<AtomicBool>| flag.store(true, Ordering::Relaxed);
            flags.values().for_each(leave);
        });
    }

    fn note<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        flags: &Mutex<BTreeMap<String, Arc<AtomicBool>>>,
        bare: &mut BTreeSet<String>,
        event: &Event,
    ) {
        let object = &event.object;
        let name = text(object, "/metadata/name").unwrap_or_default();
        match event.resource {
            "namespaces" if event.change == "ADDED" => {
                bare.insert(name.to_owned());
            }
            "namespaces" if event.change == "DELETED" => {
                bare.remove(name);
            }
            "pods" => {
                let uid = text(object, "/metadata/uid").unwrap_or_default().to_owned();
                let gone =
                    event.change == "DELETED" || object.pointer("/metadata/deletionTimestamp").is_some();
                let mut flags = flags.lock().unwrap_or_else(PoisonError::into_inner);
                if gone {
                    if let Some(flag) = flags.get(&uid) {
                        flag.store(true, Ordering::Relaxed);
                    }
                } else if !flags.contains_key(&uid) {
                    let flag = Arc::new(AtomicBool::new(false));
                    flags.insert(uid.clone(), Arc::clone(&flag));
                    let (pod, name) = (object.clone(), name.to_owned());
                    scope.spawn(move || succeeds(&name, self.run(pod, &uid, &flag)));
                }
            }
            _ => {}
        }
    }

    fn run(&self, pod: Value, uid: &str, leave: &AtomicBool) -> Result<()> {
        let network = self.network.namespace()?;
        let namespace = text(&pod, "/metadata/namespace").context("a pod without a namespace")?;
        let unit = Unit {
            names: self.names.mounts(namespace)?,
            api: self.api.clone(),
            address: network.address(),
            node: self.network.address(),
            pod,
        };
        let directory = self.directory.path().join(uid);
        Pod::new(unit, network, &directory, leave, &self.logs).live()
    }

    /// Updates the files and endpoints that depend on services and pods.
    fn services(&self) -> Result<()> {
        let services = self.api.get("/api/v1/services")?;
        let pods = self.api.get("/api/v1/pods")?;
        let services = list(&services, "/items");
        self.names.update(services)?;
        controllers::endpoints(&self.api, services, list(&pods, "/items"))
    }
}

/// Whether a step succeeded. An error is printed, as there is no caller to return it to.
fn succeeds(what: &str, result: Result<()>) -> bool {
    if let Err(error) = &result {
        eprintln!("node: {what}: {error:#}");
    }
    result.is_ok()
}

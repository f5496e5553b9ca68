//! Watches changes of objects in the API server, as `kubectl get --watch` does.

use std::io::BufReader;
use std::process::{Child, Stdio};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::{Context, Result};
use serde_json::{Deserializer, Value};

use super::kubernetes::Kubernetes;

/// A change of an object.
#[derive(Debug)]
pub(super) struct Event {
    /// The resource, in the plural: `pods`.
    pub(super) resource: &'static str,
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub(super) change: String,
    /// The object as it is now; for a deleted one, its last state.
    pub(super) object: Value,
}

/// A running watch. It ends with its handle.
#[derive(Debug)]
pub(super) struct Watch(Child);

impl Watch {
    /// Sends every existing object of a resource, and then every change, in all namespaces.
    pub(super) fn start(
        kubernetes: &Kubernetes,
        resource: &'static str,
        sink: Sender<Event>,
    ) -> Result<Self> {
        let mut kubectl = kubernetes.kubectl();
        kubectl.args(["get", resource, "--all-namespaces", "--output", "json"]);
        kubectl.args(["--watch", "--output-watch-events"]);
        let mut child = kubectl
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start `kubectl`")?;
        let output = child.stdout.take().context("no output")?;
        thread::spawn(move || {
            let events = Deserializer::from_reader(BufReader::new(output)).into_iter::<Value>();
            for mut event in events.map_while(Result::ok) {
                let change = event.pointer("/type").and_then(Value::as_str).unwrap_or_default();
                let event = Event {
                    resource,
                    change: change.to_owned(),
                    object: event.get_mut("object").map(Value::take).unwrap_or_default(),
                };
                if sink.send(event).is_err() {
                    break;
                }
            }
        });
        Ok(Self(child))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

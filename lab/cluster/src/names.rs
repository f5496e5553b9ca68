//! The names of services, which a cluster's DNS would resolve: a hosts file for the pods of each
//! namespace.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use serde_json::Value;

use super::fields::text;
use super::istiod;

/// The files, updated when services change.
#[derive(Debug)]
pub(super) struct Names {
    directory: PathBuf,
    machine: Ipv4Addr,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Namespace, name and address of each service.
    services: Vec<[String; 3]>,
    namespaces: BTreeSet<String>,
}

impl Names {
    /// Files without names, in `directory`. Istio's own services are at `machine`.
    pub(super) fn new(directory: &Path, machine: Ipv4Addr) -> Result<Self> {
        let directory = directory.join("names");
        fs::create_dir(&directory)?;
        // No server resolves other names, as no traffic leaves the machine.
        fs::write(directory.join("resolv.conf"), "")?;
        Ok(Self {
            directory,
            machine,
            state: Mutex::default(),
        })
    }

    /// The mounts for the containers of a namespace.
    pub(super) fn mounts(&self, namespace: &str) -> Result<Vec<(PathBuf, String)>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.namespaces.insert(namespace.to_owned()) {
            self.write(namespace, &state.services)?;
        }
        let hosts = (self.hosts(namespace), "/etc/hosts".to_owned());
        let resolver = (self.directory.join("resolv.conf"), "/etc/resolv.conf".to_owned());
        Ok(vec![hosts, resolver])
    }

    /// Writes the names of the current services.
    pub(super) fn update(&self, services: &[Value]) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let found = services.iter().filter_map(|service| {
            let field = |path| text(service, path).map(str::to_owned);
            let namespace = field("/metadata/namespace")?;
            let address = match namespace.as_str() {
                // A sidecar's own traffic is not captured, and there is no kube-proxy to route it
                // there.
                istiod::NAMESPACE => self.machine.to_string(),
                _ => field("/spec/clusterIP").filter(|address| address != "None")?,
            };
            Some([namespace, field("/metadata/name")?, address])
        });
        let found = found.collect();
        if state.services != found {
            state.services = found;
            for namespace in &state.namespaces {
                self.write(namespace, &state.services)?;
            }
        }
        Ok(())
    }

    fn hosts(&self, namespace: &str) -> PathBuf {
        self.directory.join(format!("hosts-{namespace}"))
    }

    /// Writes in place, as containers have mounted this very file.
    fn write(&self, namespace: &str, services: &[[String; 3]]) -> Result<()> {
        let mut hosts = String::from("127.0.0.1 localhost\n");
        for [of, name, address] in services {
            let short = if of == namespace { name.as_str() } else { "" };
            writeln!(
                hosts,
                "{address} {name}.{of}.svc.cluster.local {name}.{of}.svc {name}.{of} {short}"
            )?;
        }
        Ok(fs::write(self.hosts(namespace), hosts)?)
    }
}

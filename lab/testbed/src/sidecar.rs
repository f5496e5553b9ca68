//! A sidecar: Envoy configured as Istio configures it, with the filter in its place.
//!
//! It is one Envoy with up to two listeners. `inbound` ends the mesh's TLS and leads to the app;
//! `outbound` takes the app's plaintext and selects destinations by host. A waypoint is such an
//! Envoy too; requests reach it through a tunnel: [`Inbound::hbone`].

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::admin::Admin;
use crate::envoy;
use dagward_workbench::paths;
use dagward_workbench::process::{Process, launched_by};

mod bootstrap;
mod cluster;
mod hbone;
mod jwt_authn;
mod listener;
mod plugin;
mod spec;
mod stats_tags;

pub use jwt_authn::{Jwks, JwtRule, request_authentication};
pub use plugin::{Plugin, Update};
pub use spec::{Destination, Inbound, Node, Service, Spec, Tls};

/// The time to start. Envoy starts in under a second; compiling a module takes longer, most on a
/// busy machine.
const READY: Duration = Duration::from_secs(300);

/// The time for a log entry to appear, as Envoy writes its access log in the background.
const LOGGED: Duration = Duration::from_secs(300);

/// A running sidecar. It ends with its handle.
#[derive(Debug)]
pub struct Sidecar {
    process: Process,
    admin: Admin,
    plugin: Option<Plugin>,
    directory: TempDir,
}

/// The files of one sidecar.
#[derive(Debug)]
struct Files {
    bootstrap: PathBuf,
    admin: PathBuf,
    access_log: PathBuf,
    plugin: PathBuf,
}

impl Sidecar {
    /// Starts Envoy with the configuration of `spec`, and waits until it takes requests.
    pub fn start(spec: Spec) -> Result<Self> {
        let binary = envoy::binary(&spec.version)?;
        let directory = paths::scratch(&spec.node.name)?;
        let files = Files::within(&directory);
        if let Some(plugin) = &spec.plugin {
            plugin.write(&files.plugin)?;
        }
        let config = bootstrap::bootstrap(&spec, &files);
        fs::write(&files.bootstrap, serde_json::to_vec_pretty(&config)?)?;

        let mut command = Command::new(binary);
        command
            // With hot restart Envoy would end together with the thread that started it.
            .arg("--disable-hot-restart")
            .arg("--config-path")
            .arg(&files.bootstrap)
            .arg("--admin-address-path")
            .arg(&files.admin)
            .args(["--concurrency", &spec.concurrency.to_string()])
            .args(["--log-level", "warning", "--component-log-level", "wasm:info"])
            // The default is ten seconds, and tests wait for the access log.
            .args(["--file-flush-interval-msec", "100"]);
        if let Some(cpu) = spec.cpu {
            command = launched_by("taskset", &["--cpu-list", &cpu.to_string()], &command);
        }
        let mut process = Process::start(&format!("envoy-{}", spec.node.name), &command)?;
        let pid = process.id();
        let admin = process.ready(READY, || {
            let address = fs::read_to_string(&files.admin).ok()?.parse().ok()?;
            let admin = Admin::new(address, pid);
            admin.live().then_some(admin)
        })?;
        if let Some(plugin) = &spec.plugin
            && !plugin.in_force(&admin)?
        {
            // Envoy would continue and answer every request with 500.
            return Err(process.failure("Envoy refused the plugin"));
        }
        Ok(Self {
            process,
            admin,
            plugin: spec.plugin,
            directory,
        })
    }

    /// The address for peers: mutual TLS (and plaintext, if permissive).
    pub fn inbound(&self) -> Result<SocketAddr> {
        self.admin.listener(listener::INBOUND)
    }

    /// The address for peers of the pod's second server.
    pub fn beside(&self) -> Result<SocketAddr> {
        self.admin.listener(listener::BESIDE)
    }

    /// The address where tunnels end, if it takes HBONE: mutual TLS and HTTP/2 `CONNECT`.
    pub fn hbone(&self) -> Result<SocketAddr> {
        self.admin.listener(hbone::TERMINATE)
    }

    /// The address for the app's requests, in plaintext.
    pub fn outbound(&self) -> Result<SocketAddr> {
        self.admin.listener(listener::OUTBOUND)
    }

    /// Its admin interface.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Its process, with the log.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Gives the plugin another configuration at runtime, and waits until Envoy has accepted or
    /// rejected it.
    pub fn update(&mut self, configuration: &str) -> Result<Update> {
        self.renew(|plugin| plugin.configuration = configuration.to_owned())
    }

    /// Gives the plugin another `pluginName` and configuration at runtime, and waits until Envoy
    /// has accepted or rejected them.
    pub fn select(&mut self, root_id: &str, configuration: &str) -> Result<Update> {
        self.renew(|plugin| {
            plugin.root_id = root_id.to_owned();
            plugin.configuration = configuration.to_owned();
        })
    }

    /// Gives the plugin another module at runtime, and waits until Envoy has accepted or rejected
    /// it.
    pub fn load(&mut self, module: &Path) -> Result<Update> {
        self.renew(|plugin| plugin.module = module.to_owned())
    }

    fn renew(&mut self, change: impl FnOnce(&mut Plugin)) -> Result<Update> {
        let plugin = self.plugin.as_mut().context("this sidecar has no plugin")?;
        change(plugin);
        let file = Files::within(&self.directory).plugin;
        plugin
            .update(&file, &self.admin)
            .map_err(|error| self.process.failure(&format!("{error:#}")))
    }

    /// The access log so far, one object per request.
    pub fn access_log(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(Files::within(&self.directory).access_log).unwrap_or_default();
        // Envoy may be writing a line.
        let (whole, _) = text.rsplit_once('\n').unwrap_or_default();
        whole
            .lines()
            .map(|line| Ok(serde_json::from_str(line)?))
            .collect()
    }

    /// The access log once it has at least `count` entries.
    pub fn access_log_of(&self, count: usize) -> Result<Vec<Value>> {
        dagward_workbench::wait::until("the access log", LOGGED, || {
            let entries = self.access_log()?;
            Ok((entries.len() >= count).then_some(entries))
        })
    }
}

impl Files {
    fn within(directory: &TempDir) -> Self {
        let directory = directory.path();
        Self {
            bootstrap: directory.join("bootstrap.json"),
            admin: directory.join("admin"),
            access_log: directory.join("access.jsonl"),
            plugin: directory.join("ecds/plugin.json"),
        }
    }
}

//! A real registry of images, Docker's from Debian's package `docker-registry`, in plaintext.
//!
//! It can be stopped and started again with what was pushed to it: what proxies do without their registry is
//! a question of its own.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tempfile::TempDir;

use crate::client::{Client, Request};
use crate::port::Port;
use dagward_workbench::debian::Program;
use dagward_workbench::paths;
use dagward_workbench::process::Process;

/// Who may use a protected registry.
pub const USER: &str = "puller";

/// The password of [`USER`].
pub const PASSWORD: &str = "of the lab";

/// [`PASSWORD`] by bcrypt at its least cost, the one hash that the registry knows.
const HASH: &str = "$2y$04$dagwardlabdagwardlabdOvuHCtLzjmkH7yGS2aC1bjAlunlDIwIe";

const READY: Duration = Duration::from_secs(300);

/// A registry. It ends with its handle, and so do the images in it.
#[derive(Debug)]
pub struct Registry {
    /// `None` while it is stopped.
    process: Option<Process>,
    program: Program,
    port: Port,
    directory: TempDir,
    protected: bool,
}

impl Registry {
    /// On loopback.
    pub fn start() -> Result<Self> {
        Self::start_on(Ipv4Addr::LOCALHOST.into())
    }

    /// On one of this machine's addresses.
    pub fn start_on(ip: IpAddr) -> Result<Self> {
        Self::launch(ip, false)
    }

    /// On loopback, for [`USER`] with [`PASSWORD`] alone.
    pub fn protected() -> Result<Self> {
        Self::launch(Ipv4Addr::LOCALHOST.into(), true)
    }

    fn launch(ip: IpAddr, protected: bool) -> Result<Self> {
        let mut registry = Self {
            process: None,
            program: Program::ensure("docker-registry", "docker-registry")?,
            port: Port::reserve_on(ip)?,
            directory: paths::scratch("registry")?,
            protected,
        };
        registry.resume()?;
        Ok(registry)
    }

    /// Where it listens, while it runs; this also begins the name of an image.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Ends it. What was pushed stays, and nobody else gets the port.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again after [`stop`](Self::stop).
    pub fn resume(&mut self) -> Result<()> {
        let configuration = self.configure()?;
        let mut command = self.program.command();
        command.arg("serve").arg(&configuration);
        let mut process = Process::start("registry", &command)?;
        let client = Client::plain(self.address());
        let version = Request::get(&self.address().to_string(), "/v2/");
        process.ready(READY, || {
            let response = client.send(&version).ok()?;
            // The latter where it wants to know who asks.
            [200, 401].contains(&response.status).then_some(())
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// Starts it anew with what was pushed to it, for [`USER`] with [`PASSWORD`] alone.
    pub fn protect(&mut self) -> Result<()> {
        self.stop();
        self.protected = true;
        self.resume()
    }

    /// Writes the configuration, as JSON, which is YAML as well.
    fn configure(&self) -> Result<PathBuf> {
        let directory = self.directory.path();
        let users = directory.join("htpasswd");
        fs::write(&users, format!("{USER}:{HASH}\n"))?;
        let authentication = match self.protected {
            // Istio's agent takes no realm but a URL of a public host.
            true => json!({"htpasswd": {"realm": "https://registry.example.com", "path": users}}),
            false => json!({}),
        };
        let configuration = json!({
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": directory.join("data")}},
            "http": {"addr": self.address().to_string()},
            "auth": authentication,
        });
        let path = directory.join("config.json");
        fs::write(&path, configuration.to_string())?;
        Ok(path)
    }
}

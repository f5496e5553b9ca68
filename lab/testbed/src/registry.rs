//! A real registry of images, Docker's from Debian's package `docker-registry`, in plaintext.
//!
//! Tests can stop it and start it again with its content, to see how proxies behave without their
//! registry.

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

/// The only user of a protected registry.
pub const USER: &str = "puller";

/// The password of [`USER`].
pub const PASSWORD: &str = "of the lab";

/// [`PASSWORD`], hashed by bcrypt at its lowest cost; the registry supports no other hash.
const HASH: &str = "$2y$04$dagwardlabdagwardlabdOvuHCtLzjmkH7yGS2aC1bjAlunlDIwIe";

const READY: Duration = Duration::from_secs(300);

/// A registry. It ends with its handle, together with its images.
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
    /// Starts a registry on loopback.
    pub fn start() -> Result<Self> {
        Self::start_on(Ipv4Addr::LOCALHOST.into())
    }

    /// Starts a registry on one of this machine's addresses.
    pub fn start_on(ip: IpAddr) -> Result<Self> {
        Self::launch(ip, false)
    }

    /// Starts a registry on loopback that requires [`USER`] and [`PASSWORD`].
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

    /// Its address while it runs; an image's name begins with it.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Ends it. Its content stays, and its port stays reserved.
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
            // It answers 401 if it requires authentication.
            [200, 401].contains(&response.status).then_some(())
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// Restarts it with its content; from now on it requires [`USER`] and [`PASSWORD`].
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
            // Istio's agent only accepts a realm that is a URL with a public host.
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

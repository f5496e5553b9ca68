//! A server with the S3 protocol, on loopback: moto, from PyPI.
//!
//! No package registry has a complete object store that starts in seconds. Users of the AWS SDK
//! test with moto. It stores buckets and objects as S3 does; it does not verify signatures, which
//! do not matter here.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::client::{Client, Request};
use crate::port::Port;
use dagward_workbench::process::Process;
use dagward_workbench::python::{Venv, requirements};

const REQUIREMENTS: &str = include_str!("../../s3/requirements.txt");

/// moto selects its service by the host.
const HOST: &str = "127.0.0.1";

const READY: Duration = Duration::from_secs(300);

/// A running server. It ends with its handle, together with its objects.
#[derive(Debug)]
pub struct S3 {
    _process: Process,
    port: Port,
}

impl S3 {
    /// Starts a server with this bucket.
    pub fn start(bucket: &str) -> Result<Self> {
        let venv = Venv::ensure("moto", &requirements(REQUIREMENTS))?;
        let port = Port::reserve()?;
        let address = port.address();
        let mut command = Command::new(venv.program("moto_server"));
        command.args([
            "--host",
            &address.ip().to_string(),
            "--port",
            &address.port().to_string(),
        ]);
        let mut process = Process::start("moto", &command)?;
        let client = Client::plain(address);
        process.ready(READY, || client.send(&Request::get(HOST, "/")).ok())?;
        let made = client.send(&Request::new("PUT", HOST, &format!("/{bucket}")))?;
        ensure!(made.status == 200, "no bucket: {}", made.text());
        Ok(Self {
            _process: process,
            port,
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The keys of a bucket's objects, in S3's XML form.
    pub fn list(&self, bucket: &str) -> Result<String> {
        let client = Client::plain(self.address());
        let listed = client.send(&Request::get(HOST, &format!("/{bucket}?list-type=2")))?;
        Ok(listed.text())
    }
}

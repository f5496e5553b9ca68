//! Istio's control plane, installed by `istioctl` and run as a process.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::kubernetes::{Kubernetes, output_of};
use crate::certs::Authority;
use crate::client::{Client, Request};
use crate::go::{self, Program};
use crate::paths;
use crate::process::Process;

/// The release; its sidecars carry Envoy 1.37.
pub const VERSION: &str = "1.29.1";

/// The namespace of Istio's own.
pub const NAMESPACE: &str = "istio-system";

const ISTIO: &str = "istio.io/istio";

/// Istio's build does this; a proxy tells its version to istiod, which sends what that version takes.
pub(super) const LINKED: &str = "-X istio.io/istio/pkg/version.buildVersion=1.29.1 \
                      -X istio.io/istio/pkg/version.buildTag=1.29.1";

const ISTIOD: Program = Program {
    module: "istio",
    package: "istio.io/istio/pilot/cmd/pilot-discovery",
    linked: LINKED,
};

const ISTIOCTL: Program = Program {
    module: "istio",
    package: "istio.io/istio/istioctl/cmd/istioctl",
    linked: LINKED,
};

/// What differs from Istio's profile `minimal`. Upstream's Envoy lacks `istio.stats`, which `telemetry`
/// would ask for.
const SETTINGS: [&str; 6] = [
    "profile=minimal",
    "hub=docker.io/istio",
    "tag=1.29.1",
    "values.telemetry.enabled=false",
    "meshConfig.accessLogFile=/dev/stdout",
    "meshConfig.accessLogEncoding=JSON",
];

/// Ports of the Service `istiod`, by their names there.
const PORTS: [(&str, u16); 4] = [
    ("grpc-xds", 15010),
    ("https-dns", 15012),
    ("https-webhook", 15017),
    ("http-monitoring", 15014),
];

const READY: Duration = Duration::from_secs(90);

/// A running istiod with its CA. It ends with its handle.
#[derive(Debug)]
pub struct Istiod {
    process: Option<Process>,
    command: Command,
    host: Ipv4Addr,
    istioctl: PathBuf,
    kubeconfig: PathBuf,
    _directory: TempDir,
}

impl Istiod {
    /// Installs Istio in `kubernetes` and starts istiod, which listens on `host`.
    pub fn start(kubernetes: &Kubernetes, host: Ipv4Addr) -> Result<Self> {
        let istioctl = ISTIOCTL.ensure()?;
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        kubernetes.api().provide("/api/v1/namespaces", &namespace)?;
        let mut generate = Command::new(&istioctl);
        generate.args(["manifest", "generate", "--manifests"]);
        generate.arg(go::source("istio", ISTIO)?.join("manifests"));
        generate.args(SETTINGS.iter().flat_map(|setting| ["--set", setting]));
        kubernetes.apply(&output_of(generate, "")?)?;
        // Where the API server and the pods find the Service: no pod stands behind it here.
        kubernetes.api().apply(
            &format!("/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices/istiod"),
            &slice(host),
        )?;

        let directory = paths::scratch("istiod")?;
        let authority = Authority::new()?;
        let command = command(kubernetes.kubeconfig(), host, directory.path(), &authority)?;
        let mut istiod = Self {
            process: None,
            command,
            host,
            istioctl,
            kubeconfig: kubernetes.kubeconfig().to_owned(),
            _directory: directory,
        };
        istiod.resume()?;
        Ok(istiod)
    }

    /// Builds what it needs, if need be.
    pub fn install() -> Result<()> {
        ISTIOD.ensure()?;
        ISTIOCTL.ensure().map(|_| ())
    }

    /// Ends the process, as when its node fails. What it has given to proxies stays with them.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again, and waits until it serves.
    pub fn resume(&mut self) -> Result<()> {
        let mut process = Process::start("istiod", &self.command)?;
        let health = Client::plain((self.host, 8080).into());
        process.ready(READY, || {
            let answer = health.send(&Request::get("istiod", "/ready")).ok()?;
            (answer.status == 200).then_some(())
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// `istioctl`, as an administrator.
    pub fn istioctl(&self) -> Command {
        let mut istioctl = Command::new(&self.istioctl);
        istioctl.env("KUBECONFIG", &self.kubeconfig);
        istioctl
    }

    /// Where `istioctl` lies.
    pub fn istioctl_program(&self) -> &Path {
        &self.istioctl
    }
}

fn slice(host: Ipv4Addr) -> Value {
    let ports: Vec<_> = PORTS
        .iter()
        .map(|(name, port)| json!({"name": name, "port": port, "protocol": "TCP"}))
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "istiod",
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": "istiod"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [host], "conditions": {"ready": true}}],
        "ports": ports,
    })
}

fn command(kubeconfig: &Path, host: Ipv4Addr, directory: &Path, authority: &Authority) -> Result<Command> {
    // The CA that Istio is given, by the names that it knows (plug in CA certificates).
    for (name, file) in [
        ("ca-cert.pem", "root.pem"),
        ("ca-key.pem", "root-key.pem"),
        ("root-cert.pem", "root.pem"),
        ("cert-chain.pem", "root.pem"),
    ] {
        fs::copy(authority.directory().join(file), directory.join(name))?;
    }
    let mut istiod = Command::new(ISTIOD.ensure()?);
    istiod
        .arg("discovery")
        .arg(format!("--kubeconfig={}", kubeconfig.display()))
        .arg(format!("--httpAddr={host}:8080"))
        .arg(format!("--grpcAddr={host}:15010"))
        .arg(format!("--secureGRPCAddr={host}:15012"))
        .arg(format!("--httpsAddr={host}:15017"))
        .arg(format!("--monitoringAddr={host}:15014"))
        .args(["--ctrlz_address=127.0.0.1", "--ctrlz_port=0"])
        .args(["--domain=cluster.local", "--log_output_level=default:warn"])
        .current_dir(directory)
        .env("ROOT_CA_DIR", directory)
        .env("POD_NAME", "istiod")
        .env("POD_NAMESPACE", NAMESPACE)
        .env("REVISION", "default")
        .env("CLUSTER_ID", "Kubernetes")
        .env("PILOT_CERT_PROVIDER", "istiod")
        .env("INJECTION_WEBHOOK_CONFIG_NAME", "istio-sidecar-injector")
        .env("VALIDATION_WEBHOOK_CONFIG_NAME", "istio-validator-istio-system")
        // Upstream's Envoy has neither filter.
        .env("PILOT_ENABLE_METADATA_EXCHANGE", "false")
        .env("PILOT_ENABLE_ALPN_FILTER", "false");
    Ok(istiod)
}

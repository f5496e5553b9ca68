//! Istio's control plane, installed by `istioctl` and run as a process.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::kubernetes::Kubernetes;
use super::release::Istio;
use dagward_testbed::certs::Authority;
use dagward_testbed::client::{Client, Request};
use dagward_workbench::output::output_of;
use dagward_workbench::process::Process;
use dagward_workbench::{go, paths};

/// The namespace of Istio's own components.
pub const NAMESPACE: &str = "istio-system";

/// The Go module of all of Istio's programs.
pub(super) const MODULE: &str = "istio.io/istio";

const ISTIOD: &str = "istio.io/istio/pilot/cmd/pilot-discovery";

const ISTIOCTL: &str = "istio.io/istio/istioctl/cmd/istioctl";

/// The differences from Istio's profile `minimal`, besides the tag of its images.
///
/// Upstream's Envoy lacks `istio.stats`. The setting `telemetry` would require it, and so would a
/// Telemetry that names the provider `prometheus`: proxies would reject every update of their
/// listeners. So `prometheus` is a provider of access logs here. istiod finds no metrics for that
/// provider, and `examples/istio/telemetry.yaml` has no effect.
const SETTINGS: [&str; 7] = [
    "profile=minimal",
    "hub=docker.io/istio",
    "values.telemetry.enabled=false",
    "meshConfig.extensionProviders[0].name=prometheus",
    "meshConfig.extensionProviders[0].envoyFileAccessLog.path=/dev/null",
    "meshConfig.accessLogFile=/dev/stdout",
    "meshConfig.accessLogEncoding=JSON",
];

/// Ports of the Service `istiod`, by name.
const PORTS: [(&str, u16); 4] = [
    ("grpc-xds", 15010),
    ("https-dns", 15012),
    ("https-webhook", 15017),
    ("http-monitoring", 15014),
];

const READY: Duration = Duration::from_secs(300);

/// A running istiod with its CA. It ends with its handle.
#[derive(Debug)]
pub struct Istiod {
    process: Option<Process>,
    command: Command,
    host: Ipv4Addr,
    release: Istio,
    istioctl: PathBuf,
    kubeconfig: PathBuf,
    _directory: TempDir,
}

impl Istiod {
    /// Installs Istio in `kubernetes` and starts istiod, which listens on `host`.
    pub fn start(kubernetes: &Kubernetes, host: Ipv4Addr) -> Result<Self> {
        let release = Istio::chosen()?;
        let istioctl = release.program(ISTIOCTL).ensure()?;
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        kubernetes.api().provide("/api/v1/namespaces", &namespace)?;
        let mut generate = Command::new(&istioctl);
        generate.args(["manifest", "generate", "--manifests"]);
        generate.arg(go::source(release.module, MODULE)?.join("manifests"));
        generate.arg("--set").arg(format!("tag={}", release.version));
        generate.args(SETTINGS.iter().flat_map(|setting| ["--set", setting]));
        kubernetes.apply(&output_of(generate, "")?)?;
        // The API server and the pods look for istiod at this Service; no pod stands behind it
        // here.
        kubernetes.api().apply(
            &format!("/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices/istiod"),
            &slice(host),
        )?;

        let directory = paths::scratch("istiod")?;
        let authority = Authority::new()?;
        let program = release.program(ISTIOD).ensure()?;
        let command = command(
            &program,
            kubernetes.kubeconfig(),
            host,
            directory.path(),
            &authority,
        )?;
        let mut istiod = Self {
            process: None,
            command,
            host,
            release,
            istioctl,
            kubeconfig: kubernetes.kubeconfig().to_owned(),
            _directory: directory,
        };
        istiod.resume()?;
        Ok(istiod)
    }

    /// Builds its programs, if necessary.
    pub fn install() -> Result<()> {
        let release = Istio::chosen()?;
        release.program(ISTIOD).ensure()?;
        release.program(ISTIOCTL).ensure().map(|_| ())
    }

    /// The release that runs.
    pub fn release(&self) -> Istio {
        self.release
    }

    /// Ends the process, as if its node had failed. Proxies keep the configuration that they have
    /// received.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again, and waits until it serves.
    pub fn resume(&mut self) -> Result<()> {
        let mut process = Process::start("istiod", &self.command)?;
        let health = Client::plain(self.address());
        process.ready(READY, || {
            let answer = health.send(&Request::get("istiod", "/ready")).ok()?;
            (answer.status == 200).then_some(())
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// The address of its plain HTTP port.
    pub(super) fn address(&self) -> SocketAddr {
        (self.host, 8080).into()
    }

    /// `istioctl`, as an administrator.
    pub fn istioctl(&self) -> Command {
        let mut istioctl = Command::new(&self.istioctl);
        istioctl.env("KUBECONFIG", &self.kubeconfig);
        istioctl
    }

    /// The path of `istioctl`.
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

fn command(
    program: &Path,
    kubeconfig: &Path,
    host: Ipv4Addr,
    directory: &Path,
    authority: &Authority,
) -> Result<Command> {
    // The CA for Istio, under the names that it expects (plug in CA certificates).
    for (name, file) in [
        ("ca-cert.pem", "root.pem"),
        ("ca-key.pem", "root-key.pem"),
        ("root-cert.pem", "root.pem"),
        ("cert-chain.pem", "root.pem"),
    ] {
        fs::copy(authority.directory().join(file), directory.join(name))?;
    }
    let mut istiod = Command::new(program);
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

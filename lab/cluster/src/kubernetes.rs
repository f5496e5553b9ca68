//! Kubernetes' control plane: the real etcd and the real API server. [`kubelet`](super::kubelet)
//! does the work of the controller manager, the scheduler and the kubelet.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use rcgen::KeyPair;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::Api;
use super::release::Kubernetes as Release;
use dagward_testbed::certs::{Authority, Identity};
use dagward_testbed::port::Port;
use dagward_workbench::output::{fed, output_of};
use dagward_workbench::process::Process;
use dagward_workbench::{debian, paths};

/// The issuer of service accounts' tokens, and their default audience.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// The range of services' addresses. No interface has such an address: sidecars capture the
/// traffic.
const SERVICES: &str = "10.96.0.0/16";

const API_SERVER: &str = "k8s.io/kubernetes/cmd/kube-apiserver";

const KUBECTL: &str = "k8s.io/kubernetes/cmd/kubectl";

const READY: Duration = Duration::from_secs(300);

/// A running API server on its etcd. It ends with its handle.
#[derive(Debug)]
pub struct Kubernetes {
    _api_server: Process,
    _etcd: Process,
    authority: Authority,
    release: Release,
    api: Api,
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    _directory: TempDir,
    _ports: [Port; 3],
}

impl Kubernetes {
    /// Starts both; the API server listens on `host`, which pods reach.
    pub fn start(host: Ipv4Addr) -> Result<Self> {
        let release = Release::chosen()?;
        let directory = paths::scratch("kubernetes")?;
        let ports = [Port::reserve()?, Port::reserve()?, Port::reserve_on(host.into())?];
        let [store, peers, port] = &ports;
        let address = port.address();
        let etcd = etcd(directory.path(), store.address(), peers.address())?;

        let authority = Authority::new()?;
        let admin = authority.user("admin", "system:masters")?;
        let api = Api::new(address, &admin)?;
        let mut api_server = Process::start(
            "kube-apiserver",
            &api_server(&release, directory.path(), address, store.address(), &authority)?,
        )?;
        api_server.ready(READY, || api.get("/api/v1/namespaces/kube-system").ok())?;

        let kubeconfig = directory.path().join("kubeconfig");
        fs::write(&kubeconfig, self::kubeconfig(address, &admin)?.to_string())?;
        Ok(Self {
            _api_server: api_server,
            _etcd: etcd,
            authority,
            release,
            api,
            kubectl: release.program(KUBECTL).ensure()?,
            kubeconfig,
            _directory: directory,
            _ports: ports,
        })
    }

    /// Builds its programs, if necessary.
    pub fn install() -> Result<()> {
        let release = Release::chosen()?;
        release.program(API_SERVER).ensure()?;
        release.program(KUBECTL).ensure()?;
        debian::Program::ensure("etcd", "etcd-server").map(|_| ())
    }

    /// The release that runs.
    pub fn release(&self) -> Release {
        self.release
    }

    /// The API as an administrator.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The authority that signs its certificates.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// An administrator's `KUBECONFIG`.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// `kubectl`, as an administrator.
    pub fn kubectl(&self) -> Command {
        let mut kubectl = Command::new(&self.kubectl);
        kubectl.env("KUBECONFIG", &self.kubeconfig);
        kubectl
    }

    /// The path of `kubectl`.
    pub fn kubectl_program(&self) -> &Path {
        &self.kubectl
    }

    /// The objects that `kubectl apply --kustomize` would apply for a folder, as YAML.
    pub fn kustomize(folder: &Path) -> Result<String> {
        let mut kubectl = Command::new(Release::chosen()?.program(KUBECTL).ensure()?);
        kubectl.arg("kustomize").arg(folder);
        output_of(kubectl, "")
    }

    /// Makes the API server decide about objects as for `kubectl create`, without storing any.
    /// Returns `kubectl`'s output about the accepted ones, and its errors about the refused ones.
    pub fn dry_run(&self, objects: &Value) -> Result<(String, String)> {
        let mut kubectl = self.kubectl();
        kubectl.args(["create", "--dry-run=server", "--filename", "-"]);
        let output = fed(kubectl, &objects.to_string())?;
        let [printed, refused] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        Ok((printed, refused))
    }

    /// Applies YAML or JSON as `kubectl apply` does, and returns its output; the error is the API
    /// server's.
    pub fn apply(&self, manifests: &str) -> Result<String> {
        let mut kubectl = self.kubectl();
        kubectl.args(["apply", "--server-side", "--force-conflicts", "--filename", "-"]);
        output_of(kubectl, manifests)
    }

    /// Applies objects in their order.
    pub fn apply_all(&self, objects: &[Value]) -> Result<String> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.apply(&list.to_string())
    }
}

fn etcd(directory: &Path, address: SocketAddr, peers: SocketAddr) -> Result<Process> {
    let mut etcd = debian::Program::ensure("etcd", "etcd-server")?.command();
    let (address, peers) = (format!("http://{address}"), format!("http://{peers}"));
    etcd.args(["--name", "lab", "--log-level", "warn", "--logger", "zap"])
        .arg("--data-dir")
        .arg(directory.join("etcd"))
        .args([
            "--listen-client-urls",
            &address,
            "--advertise-client-urls",
            &address,
        ])
        .args([
            "--listen-peer-urls",
            &peers,
            "--initial-advertise-peer-urls",
            &peers,
        ])
        .args(["--initial-cluster", &format!("lab={peers}")]);
    Process::start("etcd", &etcd)
}

fn api_server(
    release: &Release,
    directory: &Path,
    address: SocketAddr,
    store: SocketAddr,
    authority: &Authority,
) -> Result<Command> {
    let host = address.ip();
    let names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
    // The API server takes the first address of the range.
    let service = IpAddr::from([10, 96, 0, 1]);
    let certificate = authority.server(&names, &[host, service])?;
    // The key that signs the tokens of service accounts and checks them.
    let signer = KeyPair::generate()?;
    let (private, public) = (directory.join("sa.key"), directory.join("sa.pub"));
    fs::write(&private, signer.serialize_pem())?;
    fs::write(&public, signer.public_key_pem())?;

    let mut command = Command::new(release.program(API_SERVER).ensure()?);
    let mut flag = |name: &str, value: String| {
        command.arg(format!("--{name}={value}"));
    };
    flag("etcd-servers", format!("http://{store}"));
    flag("bind-address", host.to_string());
    flag("advertise-address", host.to_string());
    flag("secure-port", address.port().to_string());
    flag(
        "tls-cert-file",
        certificate.certificate_file.display().to_string(),
    );
    flag("tls-private-key-file", certificate.key_file.display().to_string());
    flag("client-ca-file", certificate.root_file.display().to_string());
    flag("service-account-key-file", public.display().to_string());
    flag("service-account-signing-key-file", private.display().to_string());
    flag("service-account-issuer", ISSUER.to_owned());
    flag("api-audiences", format!("{ISSUER},istio-ca"));
    flag("service-cluster-ip-range", SERVICES.to_owned());
    flag("authorization-mode", "RBAC".to_owned());
    flag("allow-privileged", "true".to_owned());
    flag("kubelet-preferred-address-types", "InternalIP".to_owned());
    // The API server must call webhooks at their Service's endpoints: the Service's address leads
    // nowhere.
    flag("enable-aggregator-routing", "true".to_owned());
    flag("cert-dir", directory.display().to_string());
    Ok(command)
}

fn kubeconfig(address: SocketAddr, user: &Identity) -> Result<Value> {
    let cluster = json!({"server": format!("https://{address}"), "certificate-authority": user.root_file});
    let credentials = json!({"client-certificate": user.certificate_file, "client-key": user.key_file});
    let context = json!({"cluster": "lab", "user": "admin"});
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "admin", "user": credentials}],
        "contexts": [{"name": "lab", "context": context}],
        "current-context": "lab",
    }))
}

//! A cluster for interactive use, in a process of its own, which runs until it is told to end or
//! dies.
//!
//! The file `target/lab/cluster.json` describes it; the cluster ends when that file is removed.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::proxies::{self, Rejection};
use super::{Cluster, exec, istiod, network};
use dagward_build as module;
use dagward_workbench::output::output_of;
use dagward_workbench::owner::Owner;
use dagward_workbench::{paths, wait};

/// The pause between two checks of the file.
const PAUSE: Duration = Duration::from_millis(200);

/// The longest time that pods and control plane may take to end.
const END: Duration = Duration::from_secs(300);

/// The pods that it starts with.
const PODS: &str = include_str!("../../istio/team-pods.yaml");

/// A kept cluster, as its file describes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    owner: String,
    /// The release of Istio.
    pub istio: String,
    istiod: SocketAddr,
    /// The value for `KUBECONFIG`.
    pub kubeconfig: PathBuf,
    /// The paths of `kubectl` and `istioctl`.
    pub programs: [PathBuf; 2],
    /// The filter's image, as a WasmPlugin's `url`.
    pub image: String,
}

impl Kept {
    /// The running cluster, if there is one.
    pub fn find() -> Result<Option<Self>> {
        let Ok(text) = fs::read_to_string(file()) else {
            return Ok(None);
        };
        let kept: Self = serde_json::from_str(&text).with_context(|| format!("`{}`", file().display()))?;
        Ok(Some(kept).filter(Self::lives))
    }

    fn owner(&self) -> Option<Owner> {
        Owner::parse(&self.owner)
    }

    fn lives(&self) -> bool {
        self.owner().is_some_and(|owner| owner.lives())
    }

    /// `kubectl`, as an administrator.
    pub fn kubectl(&self) -> Command {
        let [kubectl, _] = &self.programs;
        let mut kubectl = Command::new(kubectl);
        kubectl.env("KUBECONFIG", &self.kubeconfig);
        kubectl
    }

    /// A command in a container of a pod; in the first one if `container` is not set.
    pub fn exec(
        &self,
        namespace: &str,
        pod: &str,
        container: Option<&str>,
        words: &[String],
    ) -> Result<Command> {
        let mut get = self.kubectl();
        get.args(["get", "pod", "--namespace", namespace, pod, "--output", "json"]);
        exec::command(&serde_json::from_str(&output_of(get, "")?)?, container, words)
    }

    /// The updates that its proxies reject now.
    pub fn rejections(&self) -> Result<Vec<Rejection>> {
        let mut create = self.kubectl();
        create.args([
            "create",
            "token",
            "--namespace",
            istiod::NAMESPACE,
            proxies::ACCOUNT,
        ]);
        create.args(["--audience", proxies::AUDIENCE]);
        proxies::rejections(self.istiod, output_of(create, "")?.trim())
    }

    /// Starts a cluster and holds it until `end` asks for its end.
    pub fn hold() -> Result<()> {
        if Self::find()?.is_some() {
            bail!("a cluster runs already");
        }
        let mut cluster = Cluster::start()?;
        let [image, _] = cluster.publish(&module::build()?.path, env!("CARGO_PKG_VERSION"))?;
        cluster.kubernetes().apply(PODS)?;
        for pod in ["airflow-api-server", "sales-daily-load", "ml-train-fit"] {
            cluster.pod("airflow", pod)?;
        }
        let kept = Self {
            owner: Owner::this()?.to_string(),
            istio: cluster.release().version.to_owned(),
            istiod: cluster.istiod().address(),
            kubeconfig: cluster.kubernetes().kubeconfig().to_owned(),
            programs: [
                cluster.kubernetes().kubectl_program().to_owned(),
                cluster.istiod().istioctl_program().to_owned(),
            ],
            image,
        };
        fs::write(file(), serde_json::to_string_pretty(&kept)?)?;
        while file().exists() {
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Ends the running cluster, and removes the remains of others. Returns a description of each
    /// step.
    pub fn end() -> Result<Vec<String>> {
        let mut done = Vec::new();
        let kept = Self::find()?;
        let _ = fs::remove_file(file());
        if let Some(owner) = kept.as_ref().and_then(Self::owner) {
            wait::until("the end of the cluster", END, || {
                Ok((!owner.lives()).then_some(()))
            })?;
            done.push(format!("the cluster of process {} has ended", owner.id()));
        }
        let networks = network::sweep()?;
        if networks > 0 {
            done.push(format!("removed {networks} networks that were left over"));
        }
        let directories = paths::sweep()?;
        if directories > 0 {
            done.push(format!("removed {directories} folders that were left over"));
        }
        Ok(done)
    }
}

/// The path of the file that describes the kept cluster.
fn file() -> PathBuf {
    paths::target().join("lab/cluster.json")
}

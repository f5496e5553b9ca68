//! The lab's replacements for container images: files on the machine.

use std::fs;
use std::iter;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::container::PATH;
use super::istiod;
use super::release::Istio;
use dagward_releases::{Installation, Release};
use dagward_testbed::envoy;
use dagward_workbench::{cache, debian, go};

/// The repository of sidecars' images; the tag selects one.
const SIDECAR: &str = "proxyv2";

/// The path of the sidecar's agent in its image.
const AGENT: &str = "/usr/local/bin/pilot-agent";

/// The repository of Airflow's image.
const AIRFLOW: &str = "airflow";

const PILOT_AGENT: &str = "istio.io/istio/pilot/cmd/pilot-agent";

/// The program behind all of iptables' names.
const IPTABLES: &str = "xtables-nft-multi";

/// An image in the lab's form.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    /// Folders whose files replace the machine's.
    pub(super) layers: Vec<PathBuf>,
    /// Single files, and their paths in the container.
    pub(super) files: Vec<(PathBuf, String)>,
    /// The command if the pod does not name one.
    pub(super) entrypoint: Vec<String>,
    /// Variables that the pod may replace.
    pub(super) environment: Vec<(String, String)>,
}

impl Image {
    /// The image with this name. Any image except sidecars and Airflow is the machine itself.
    pub(super) fn find(name: &str) -> Result<Self> {
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, ""));
        match repository.rsplit('/').next() {
            Some(SIDECAR) => sidecar(tag),
            Some(AIRFLOW) => airflow(tag),
            _ => Ok(Self::default()),
        }
    }
}

/// Builds the programs of Istio's own sidecar, if necessary.
pub(super) fn install() -> Result<()> {
    sidecar(Istio::chosen()?.version).map(|_| ())
}

/// Builds the sidecars of all releases; a pod can choose among them.
pub fn install_all() -> Result<()> {
    Istio::ALL
        .iter()
        .try_for_each(|release| sidecar(release.version).map(|_| ()))
}

/// `<release of Istio>`, or `<release of Istio>-envoy-<version of Envoy>`.
fn sidecar(tag: &str) -> Result<Image> {
    let (release, version) = tag.split_once("-envoy-").unwrap_or((tag, ""));
    let release = Istio::find(release).with_context(|| format!("no sidecar of Istio `{release}`"))?;
    let envoy = envoy::binary(if version.is_empty() {
        release.envoy
    } else {
        version
    })?;
    let agent = release.program(PILOT_AGENT).ensure()?;
    let source = go::source(release.module, istiod::MODULE)?;
    let template = source.join("tools/packaging/common/envoy_bootstrap.json");
    let files = [
        (envoy, "/usr/local/bin/envoy"),
        (agent, AGENT),
        (template, "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"),
    ];
    let iptables = debian::Program::ensure(IPTABLES, "iptables")?;
    let names = cache::ensure("iptables-names", &[], iptables_names)?;
    Ok(Image {
        layers: iter::once(names)
            .chain(iptables.root().map(Path::to_owned))
            .collect(),
        files: files.map(|(file, place)| (file, place.to_owned())).into(),
        entrypoint: vec![AGENT.to_owned()],
        environment: Vec::new(),
    })
}

/// Makes the names that the installed package would have.
fn iptables_names(layer: &Path) -> Result<()> {
    let programs = layer.join("usr/sbin");
    fs::create_dir_all(&programs)?;
    for name in ["iptables", "ip6tables"] {
        for form in ["", "-save", "-restore"] {
            symlink(IPTABLES, programs.join(format!("{name}{form}")))?;
        }
    }
    Ok(())
}

fn airflow(tag: &str) -> Result<Image> {
    let release = Release::ALL.into_iter().find(|release| release.version == tag);
    let release = release.with_context(|| format!("no Airflow `{tag}` in the lab"))?;
    let installation = Installation::ensure(release)?;
    let programs = installation
        .program
        .parent()
        .context("a program without a folder")?;
    Ok(Image {
        environment: vec![
            ("PATH".to_owned(), format!("{}:{PATH}", programs.display())),
            ("AIRFLOW_HOME".to_owned(), "/opt/airflow".to_owned()),
            // Airflow requires that its user has a name.
            ("USER".to_owned(), AIRFLOW.to_owned()),
        ],
        ..Image::default()
    })
}

//! The releases of Istio and Kubernetes that the lab can run, and the choice between them.
//!
//! The environment chooses: `DAGWARD_ISTIO=1.29.1`, `DAGWARD_KUBERNETES=1.37.2`. Without these
//! variables, the lab runs the first release of each.

use std::env;

use anyhow::{Result, bail};

use dagward_workbench::go::Program;

/// The environment variable with the release of Istio.
pub const ISTIO: &str = "DAGWARD_ISTIO";

/// The environment variable with the release of Kubernetes.
pub const KUBERNETES: &str = "DAGWARD_KUBERNETES";

/// A release of Istio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Istio {
    /// Its version, which is the tag of its sidecars' image.
    pub version: &'static str,
    /// The Envoy in its sidecars.
    pub envoy: &'static str,
    /// The folder in `lab/go/`.
    pub(super) module: &'static str,
    /// A linker flag that Istio's build sets as well: a proxy reports this version to istiod, which
    /// sends configuration for that version.
    linked: &'static str,
}

impl Istio {
    /// All releases; the first one runs by default.
    pub const ALL: [Self; 2] = [
        Self {
            version: "1.31.0",
            envoy: "1.39.3",
            module: "istio-1.31",
            linked: "-X istio.io/istio/pkg/version.buildVersion=1.31.0 \
                     -X istio.io/istio/pkg/version.buildTag=1.31.0",
        },
        Self {
            version: "1.29.1",
            envoy: "1.37.0",
            module: "istio-1.29",
            linked: "-X istio.io/istio/pkg/version.buildVersion=1.29.1 \
                     -X istio.io/istio/pkg/version.buildTag=1.29.1",
        },
    ];

    /// The release that the environment chooses.
    pub fn chosen() -> Result<Self> {
        choose(ISTIO, env::var(ISTIO).ok().as_deref(), &Self::ALL, |release| {
            release.version
        })
    }

    /// The release with this version, if the lab has it.
    pub(super) fn find(version: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|release| release.version == version)
    }

    /// A program of this release.
    pub(super) fn program(&self, package: &'static str) -> Program {
        Program {
            module: self.module,
            package,
            linked: self.linked,
        }
    }
}

/// A release of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kubernetes {
    /// Its version.
    pub version: &'static str,
    module: &'static str,
    /// A linker flag that Kubernetes' build sets as well; without it `kubectl` cannot read the
    /// server's version.
    linked: &'static str,
}

impl Kubernetes {
    /// All releases; the first one runs by default.
    pub const ALL: [Self; 2] = [
        Self {
            version: "1.35.4",
            module: "kubernetes",
            linked: "-X k8s.io/component-base/version.gitVersion=v1.35.4 \
                      -X k8s.io/component-base/version.gitMajor=1 \
                      -X k8s.io/component-base/version.gitMinor=35",
        },
        Self {
            version: "1.37.2",
            module: "kubernetes-1.37",
            linked: "-X k8s.io/component-base/version.gitVersion=v1.37.2 \
                     -X k8s.io/component-base/version.gitMajor=1 \
                     -X k8s.io/component-base/version.gitMinor=37",
        },
    ];

    /// The release that the environment chooses.
    pub fn chosen() -> Result<Self> {
        let named = env::var(KUBERNETES).ok();
        choose(KUBERNETES, named.as_deref(), &Self::ALL, |release| {
            release.version
        })
    }

    /// A program of this release.
    pub(super) fn program(&self, package: &'static str) -> Program {
        Program {
            module: self.module,
            package,
            linked: self.linked,
        }
    }
}

/// The named release, else the first.
fn choose<T: Copy>(
    variable: &str,
    named: Option<&str>,
    known: &[T],
    version: impl Fn(&T) -> &'static str,
) -> Result<T> {
    let mut releases = known.iter();
    let found = match named.filter(|named| !named.is_empty()) {
        None => releases.next(),
        Some(named) => releases.find(|release| version(release) == named),
    };
    if let Some(release) = found {
        return Ok(*release);
    }
    let known: Vec<_> = known.iter().map(version).collect();
    bail!(
        "{variable}=`{}`: the lab does not have this release; use {}",
        named.unwrap_or_default(),
        known.join(" or ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_release_runs_unless_another_is_named() {
        let choose = |named| choose(ISTIO, named, &Istio::ALL, |release| release.version);
        assert_eq!(choose(None).unwrap().version, "1.31.0");
        assert_eq!(choose(Some("")).unwrap().version, "1.31.0");
        assert_eq!(choose(Some("1.29.1")).unwrap().version, "1.29.1");
        let error = choose(Some("1.28.0")).unwrap_err().to_string();
        assert_eq!(
            error,
            "DAGWARD_ISTIO=`1.28.0`: the lab does not have this release; use 1.31.0 or 1.29.1"
        );
    }
}

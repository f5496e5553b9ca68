//! The same policy for other installations: every name in it differs, and the same requests get the same decisions.

use dagward::operation::{Body, Request, Site, classify};
use dagward::policy::Ruleset;
use serde_json::Value;

use crate::files::{load, policy_in};

/// An installation of Airflow: its location and its version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Installation {
    trust_domain: &'static str,
    namespace: &'static str,
    /// The prefix that the release's name adds to each service account.
    release: &'static str,
    base_path: &'static str,
    airflow_2: bool,
}

/// The installation that the files are written for.
const AS_WRITTEN: Installation = Installation {
    trust_domain: "cluster.local",
    namespace: "airflow",
    release: "",
    base_path: "",
    airflow_2: false,
};

const INSTALLATIONS: [Installation; 5] = [
    AS_WRITTEN,
    Installation {
        base_path: "/team/airflow",
        ..AS_WRITTEN
    },
    Installation {
        namespace: "data-platform",
        release: "prod-",
        ..AS_WRITTEN
    },
    Installation {
        trust_domain: "mesh.example",
        ..AS_WRITTEN
    },
    Installation {
        base_path: "/airflow",
        airflow_2: true,
        ..AS_WRITTEN
    },
];

/// A policy in each installation.
pub(crate) struct Sites(Vec<(Installation, Ruleset)>);

/// The policy of a file in each installation.
pub(crate) fn everywhere(file: &str) -> Sites {
    Sites::of(&policy_in(file).expect(file))
}

impl Sites {
    /// A document for one installation, in each installation.
    pub(crate) fn of(document: &Value) -> Self {
        Self(
            INSTALLATIONS
                .map(|site| (site, load(&site.document(document))))
                .into(),
        )
    }

    /// The installations in which this request is the same as where the files are written for. Airflow 2 has other
    /// pages than Airflow 3, unless it is the only one.
    pub(crate) fn with(&self, request: &str) -> Vec<(Installation, &Ruleset)> {
        let (method, target) = request.split_once(' ').unwrap();
        let request = Request {
            method,
            target,
            host: "",
            body: Body::Pending,
        };
        let surface = |site: &Site| classify(&request, site).ok().map(|operation| operation.surface);
        let written = surface(&Site::default());
        let others = self.0.len() > 1;
        let differs = |site: &Installation, ruleset: &Ruleset| {
            others && site.airflow_2 && surface(ruleset.site()) != written
        };
        let sites = self.0.iter().filter(|(site, ruleset)| !differs(site, ruleset));
        sites.map(|(site, ruleset)| (*site, ruleset)).collect()
    }

    /// These, and `others`, which must decide alike.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Airflow 2 alone.
    pub(crate) fn of_airflow_2(self) -> Self {
        Self(self.0.into_iter().filter(|(site, _)| site.airflow_2).collect())
    }
}

impl Installation {
    /// A document for [`AS_WRITTEN`], rewritten for this installation.
    fn document(&self, written: &Value) -> Value {
        let text = self.identity(&written.to_string());
        assert!(self.trust_domain == AS_WRITTEN.trust_domain || !text.contains("spiffe://cluster.local"));
        assert!(self.namespace == AS_WRITTEN.namespace || !text.contains("/ns/airflow/"));
        let mut document: Value = serde_json::from_str(&text).unwrap();
        if document["airflow"] == "none" {
            return document;
        }
        if !self.base_path.is_empty() {
            document["basePath"] = self.base_path.into();
        }
        if self.airflow_2 {
            document["airflow2WebPages"] = true.into();
        }
        document
    }

    /// A SPIFFE ID of [`AS_WRITTEN`], or a text with some, rewritten for this installation.
    pub(crate) fn identity(&self, id: &str) -> String {
        let accounts = format!("/ns/{}/sa/{}airflow-", self.namespace, self.release);
        let trust_domain = format!("spiffe://{}/", self.trust_domain);
        id.replace("/ns/airflow/sa/airflow-", &accounts)
            .replace("spiffe://cluster.local/", &trust_domain)
    }

    /// The targets at which one of Airflow's servers answers as it does at `target` without a base path. Log servers
    /// have no base path.
    pub(crate) fn targets(&self, target: &str) -> Vec<String> {
        let below = format!("{}{target}", self.base_path);
        match target.starts_with("/log/") {
            true => vec![target.to_owned()],
            false => vec![target.to_owned(), below],
        }
    }
}

//! The updates that proxies have rejected, as istiod reports them.
//!
//! A proxy that rejects an update keeps its old configuration, and nothing else shows the failure:
//! it goes on to decide requests as before. istiod remembers the last error of each proxy and kind
//! of resource until the proxy accepts a later update.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Error, Result, bail};
use serde_json::Value;

use super::api::Api;
use super::fields::text;
use super::istiod::NAMESPACE;
use dagward_testbed::client::{Client, Request};
use dagward_workbench::wait;

/// The service account whose token istiod's debug interface accepts, and the token's audience.
pub(super) const ACCOUNT: &str = "istiod";
pub(super) const AUDIENCE: &str = "istio-ca";

/// An update that a proxy has rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The pod, as `<pod>.<namespace>`.
    pub proxy: String,
    /// The kind of the rejected resource, such as `Listener`.
    pub resource: String,
    /// The proxy's reason.
    pub error: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            proxy,
            resource,
            error,
        } = self;
        write!(f, "{proxy} rejects its last update of {resource}: {error}")
    }
}

/// The proxies of a cluster.
#[derive(Debug, Clone)]
pub struct Proxies {
    api: Api,
    istiod: SocketAddr,
}

impl Proxies {
    pub(super) fn new(api: &Api, istiod: SocketAddr) -> Self {
        Self {
            api: api.clone(),
            istiod,
        }
    }

    /// The updates that proxies in `namespace` reject now.
    pub fn rejections_in(&self, namespace: &str) -> Result<Vec<Rejection>> {
        let token = self.api.token(NAMESPACE, ACCOUNT, Some(AUDIENCE), None)?;
        let suffix = format!(".{namespace}");
        let mut rejections = rejections(self.istiod, &token)?;
        rejections.retain(|rejection| rejection.proxy.ends_with(&suffix));
        Ok(rejections)
    }

    /// Like [`wait::until`], for something that depends on the proxies' configuration. Its error
    /// names the proxies in `namespace` that reject theirs.
    pub fn until<T>(
        &self,
        namespace: &str,
        what: &str,
        limit: Duration,
        probe: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        wait::until(what, limit, probe).map_err(|error| self.explain(namespace, error))
    }

    /// The error of a wait that failed, with the updates that the proxies in `namespace` reject.
    pub(super) fn explain(&self, namespace: &str, error: Error) -> Error {
        let rejections = self.rejections_in(namespace).unwrap_or_default();
        let lines: Vec<_> = rejections.iter().map(Rejection::to_string).collect();
        match lines.is_empty() {
            true => error,
            false => error.context(lines.join("\n")),
        }
    }
}

/// The updates that the proxies of the istiod at `address` reject now.
pub(super) fn rejections(address: SocketAddr, token: &str) -> Result<Vec<Rejection>> {
    let request = Request::get("istiod", "/debug/syncz").header("authorization", format!("Bearer {token}"));
    let answer = Client::plain(address).send(&request)?;
    if answer.status != 200 {
        bail!("istiod's /debug/syncz answers {}", answer.status);
    }
    let proxies = answer.json()?;
    let proxies = proxies.as_array().context("/debug/syncz is not a list")?;
    Ok(proxies.iter().flat_map(read).collect())
}

/// The updates that one proxy rejects.
fn read(proxy: &Value) -> Vec<Rejection> {
    let name = text(proxy, "/proxy").unwrap_or_default();
    let resources = proxy.pointer("/resources").and_then(Value::as_object);
    let found = resources.into_iter().flatten().filter_map(|(kind, state)| {
        Some(Rejection {
            proxy: name.to_owned(),
            resource: kind.rsplit('.').next().unwrap_or(kind).to_owned(),
            error: text(state, "/lastError")?.to_owned(),
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rejection_names_proxy_resource_and_reason() {
        let proxy = json!({
            "proxy": "airflow-api-server.airflow",
            "resources": {
                "type.googleapis.com/envoy.config.cluster.v3.Cluster": {"acked": "1"},
                "type.googleapis.com/envoy.config.listener.v3.Listener": {"lastError": "no such filter"},
            },
        });
        let found: Vec<_> = read(&proxy).iter().map(Rejection::to_string).collect();
        assert_eq!(
            found,
            ["airflow-api-server.airflow rejects its last update of Listener: no such filter"]
        );
    }
}

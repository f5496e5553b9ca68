//! Tells whether a destination is inside the mesh, where task headers may go.

use std::fmt;

/// The default hosts of a mesh: every Kubernetes service.
const DEFAULT_SUFFIX: &str = ".svc.cluster.local";

/// The hosts whose services may learn which task calls them.
///
/// Istio names a cluster `outbound|PORT|SUBSET|HOST` after the service registry and not after the request. So
/// an application cannot choose the cluster with its `host` header. All other clusters are outside:
/// `PassthroughCluster`, `BlackHoleCluster`, the hosts of external `ServiceEntry` objects, and unreadable
/// names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    hosts: Vec<HostPattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostPattern {
    Exact(String),
    /// The suffix with its leading dot.
    Suffix(String),
}

/// A host pattern that is neither a host nor `*.` with a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPatternError {
    pattern: String,
}

impl Default for Mesh {
    fn default() -> Self {
        Self {
            hosts: vec![HostPattern::Suffix(DEFAULT_SUFFIX.to_owned())],
        }
    }
}

impl Mesh {
    /// A mesh of `hosts`: each a host (`db.example.com`) or a suffix pattern
    /// (`*.svc.cluster.local`), in lower case as Istio writes them.
    ///
    /// # Errors
    /// The first pattern that is neither.
    pub fn new<'p>(hosts: impl IntoIterator<Item = &'p str>) -> Result<Self, HostPatternError> {
        let hosts = hosts
            .into_iter()
            .map(HostPattern::parse)
            .collect::<Result<_, _>>()?;
        Ok(Self { hosts })
    }

    /// Whether `cluster`, the value of the property `xds.cluster_name` on an outbound listener, is
    /// inside.
    pub fn contains(&self, cluster: &[u8]) -> bool {
        self.has(cluster, "outbound|")
    }

    /// Whether `cluster`, the value of that property at a waypoint, leads to one of the hosts.
    pub fn is_behind_waypoint(&self, cluster: &[u8]) -> bool {
        self.has(cluster, "inbound-vip|")
    }

    fn has(&self, cluster: &[u8], kind: &str) -> bool {
        destination(cluster, kind).is_some_and(|host| self.hosts.iter().any(|pattern| pattern.matches(host)))
    }
}

impl HostPattern {
    fn parse(pattern: &str) -> Result<Self, HostPatternError> {
        let domain = pattern.strip_prefix("*.");
        match domain {
            Some(domain) if is_host(domain) => Ok(Self::Suffix(format!(".{domain}"))),
            None if is_host(pattern) => Ok(Self::Exact(pattern.to_owned())),
            _ => Err(HostPatternError {
                pattern: pattern.to_owned(),
            }),
        }
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(exact) => host == exact,
            Self::Suffix(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        }
    }
}

impl fmt::Display for HostPatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pattern } = self;
        write!(
            f,
            "`{pattern}` is neither a host in lower case nor `*.` and a domain"
        )
    }
}

impl std::error::Error for HostPatternError {}

/// The host in the name of a cluster of this kind.
fn destination<'c>(cluster: &'c [u8], kind: &str) -> Option<&'c str> {
    let cluster = std::str::from_utf8(cluster).ok()?;
    let mut fields = cluster.strip_prefix(kind)?.split('|');
    let (port, _subset, host) = (fields.next()?, fields.next()?, fields.next()?);
    // A wildcard host has no service behind it: the client chooses where such traffic goes.
    let is_readable = fields.next().is_none() && port.parse::<u16>().is_ok() && is_host(host);
    is_readable.then_some(host)
}

fn is_host(text: &str) -> bool {
    text.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_the_cluster_are_inside() {
        let mesh = Mesh::default();
        for inside in [
            "outbound|8080||airflow-api-server.airflow.svc.cluster.local",
            "outbound|443|v1|billing.shop.svc.cluster.local",
        ] {
            assert!(mesh.contains(inside.as_bytes()), "{inside}");
        }
    }

    #[test]
    fn everything_else_is_outside() {
        let mesh = Mesh::default();
        for outside in [
            "",
            "PassthroughCluster",
            "BlackHoleCluster",
            "InboundPassthroughCluster",
            "inbound|8080||",
            "inbound|8080||a.b.svc.cluster.local",
            "outbound|443||api.example.com",
            "outbound|443||svc.cluster.local",
            "outbound|443||.svc.cluster.local",
            "outbound|443||evilsvc.cluster.local",
            "outbound|443||a.svc.cluster.local.evil.com",
            "outbound|443||*.wild.svc.cluster.local",
            "outbound|443||a.svc.cluster.local|x",
            "outbound|x||a.svc.cluster.local",
            "outbound|443|a.svc.cluster.local",
            "outbound_.443_._.a.svc.cluster.local",
        ] {
            assert!(!mesh.contains(outside.as_bytes()), "{outside}");
        }
        assert!(!mesh.contains(b"outbound|443||\xff.svc.cluster.local"));
    }

    #[test]
    fn a_waypoint_s_destination_is_a_service() {
        let mesh = Mesh::new(["airflow-api-server.airflow.svc.cluster.local"]).unwrap();
        let service = b"inbound-vip|8080|http|airflow-api-server.airflow.svc.cluster.local";
        assert!(mesh.is_behind_waypoint(service) && !mesh.contains(service));
        for elsewhere in [
            &b"inbound-vip|8080|http|other.airflow.svc.cluster.local"[..],
            b"inbound|8080||airflow-api-server.airflow.svc.cluster.local",
            b"outbound|8080||airflow-api-server.airflow.svc.cluster.local",
            b"",
        ] {
            assert!(!mesh.is_behind_waypoint(elsewhere));
        }
    }

    #[test]
    fn hosts_can_be_named() {
        let mesh = Mesh::new(["db.example.com", "*.corp.example"]).unwrap();
        assert!(mesh.contains(b"outbound|5432||db.example.com"));
        assert!(mesh.contains(b"outbound|80||a.b.corp.example"));
        assert!(!mesh.contains(b"outbound|80||a.svc.cluster.local"));
        assert!(
            !Mesh::new([])
                .unwrap()
                .contains(b"outbound|80||a.svc.cluster.local")
        );
    }

    #[test]
    fn refuses_what_is_no_host_pattern() {
        for bad in [
            "", "*", "*.", "a*b", "a.*.b", "*a.b", "A.b", "a..b", "a.b.", "*.*.b",
        ] {
            let error = Mesh::new(["ok.example", bad]).unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("`{bad}` is neither")),
                "{error}"
            );
        }
    }
}

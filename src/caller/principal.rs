//! The caller's SPIFFE ID.

use std::fmt;

use spiffe::SpiffeId;

/// A caller's identity: a SPIFFE ID, and the names that Istio writes into its path.
///
/// <https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    id: String,
    trust_domain: String,
    workload: Option<Workload>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Workload {
    namespace: String,
    service_account: String,
}

/// The reason why a text is not a SPIFFE ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPrincipal {
    id: String,
    problem: String,
}

impl fmt::Display for BadPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a SPIFFE ID: {}",
            self.id.escape_default(),
            self.problem
        )
    }
}

impl std::error::Error for BadPrincipal {}

impl Principal {
    /// Reads a SPIFFE ID, strictly by the standard. Upper case in the scheme or the trust domain is refused
    /// and not folded: an identity has one spelling.
    ///
    /// # Errors
    ///
    /// `id` is not a SPIFFE ID.
    pub fn parse(id: &str) -> Result<Self, BadPrincipal> {
        let bad = |problem: String| BadPrincipal {
            id: id.chars().take(256).collect(),
            problem,
        };
        if id.len() > MAX_BYTES {
            return Err(bad(format!("longer than {MAX_BYTES} bytes")));
        }
        let parsed = SpiffeId::new(id).map_err(|error| bad(error.to_string().to_ascii_lowercase()))?;
        if parsed.to_string() != id {
            return Err(bad("upper case in its scheme or trust domain".to_owned()));
        }
        Ok(Self {
            id: id.to_owned(),
            trust_domain: parsed.trust_domain_name().to_owned(),
            workload: Workload::read(parsed.path()),
        })
    }

    /// The whole SPIFFE ID.
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// Its trust domain.
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    /// The namespace, if the path is Istio's `/ns/NAMESPACE/sa/SERVICE_ACCOUNT` with valid names of
    /// Kubernetes.
    pub fn namespace(&self) -> Option<&str> {
        self.workload.as_ref().map(|workload| workload.namespace.as_str())
    }

    /// `namespace/service-account`, if the path is Istio's.
    pub fn service_account(&self) -> Option<&str> {
        self.workload
            .as_ref()
            .map(|workload| workload.service_account.as_str())
    }
}

impl Workload {
    fn read(path: &str) -> Option<Self> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let mut next = || segments.next();
        let (Some("ns"), Some(namespace), Some("sa"), Some(account), None) =
            (next(), next(), next(), next(), next())
        else {
            return None;
        };
        if !is_namespace(namespace) || !is_account(account) {
            return None;
        }
        Some(Self {
            namespace: namespace.to_owned(),
            service_account: format!("{namespace}/{account}"),
        })
    }
}

/// Whether `text` can be the name of a namespace: the characters and the length of a DNS label.
pub fn is_namespace(text: &str) -> bool {
    matches!(text.len(), 1..=63) && text.bytes().all(is_of_name)
}

/// Whether `text` can be `namespace/service-account`.
pub fn is_service_account(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(namespace, account)| is_namespace(namespace) && is_account(account))
}

/// Whether `text` can be the name of a service account: the characters and the length of a DNS name.
fn is_account(text: &str) -> bool {
    matches!(text.len(), 1..=253) && text.bytes().all(|byte| byte == b'.' || is_of_name(byte))
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// The longest SPIFFE ID: section 2.3 of the standard.
const MAX_BYTES: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_istio_issues() {
        let principal = Principal::parse("spiffe://cluster.local/ns/airflow/sa/airflow-worker").unwrap();
        assert_eq!(principal.trust_domain(), "cluster.local");
        assert_eq!(principal.namespace(), Some("airflow"));
        assert_eq!(principal.service_account(), Some("airflow/airflow-worker"));
    }

    #[test]
    fn other_paths_have_no_workload() {
        for id in [
            "spiffe://td",
            "spiffe://td/x",
            "spiffe://td/ns/a/sa/b/c",
            "spiffe://td/ns/a",
            // Not valid names in Kubernetes.
            "spiffe://td/ns/A/sa/b",
            "spiffe://td/ns/a_b/sa/c",
            "spiffe://td/ns/a.b/sa/c",
            "spiffe://td/ns/a/sa/B",
        ] {
            assert_eq!(Principal::parse(id).unwrap().namespace(), None, "{id}");
        }
    }

    #[test]
    fn refuses_what_is_no_spiffe_id() {
        let long = format!("spiffe://td/{}", "a".repeat(2048));
        for id in [
            "",
            "airflow",
            "https://cluster.local/ns/a/sa/b",
            "SPIFFE://cluster.local/ns/a/sa/b",
            "spiffe://Cluster.local/ns/a/sa/b",
            "spiffe://",
            "spiffe:///ns/a/sa/b",
            "spiffe://td:8080/ns/a/sa/b",
            "spiffe://user@td/ns/a/sa/b",
            "spiffe://td/ns/a/sa/b?x=y",
            "spiffe://td/ns/a/sa/b#x",
            "spiffe://td/ns/a/sa/b/",
            "spiffe://td/ns//sa/b",
            "spiffe://td/ns/a/../sa/b",
            "spiffe://td/ns/./sa/b",
            "spiffe://td/ns/a%2Fb/sa/c",
            "spiffe://td/ns/ä/sa/b",
            long.as_str(),
        ] {
            assert!(Principal::parse(id).is_err(), "{id}");
        }
    }
}

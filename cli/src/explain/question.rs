//! The request that the user describes, as the proxy would have it.

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dagward::caller::{Acting, Metadata, Principal, pod_task};
use dagward::exchange::Connection;
use dagward::operation::{Operation, host_of};
use dagward::policy::Ruleset;
use dagward::token::without_tokens;
use dagward::verdict::Direction;
use dagward::wire::pairs;
use serde_json::json;

use super::inquiry::Inquiry;
use super::shown::Shown;
use crate::check::Policy;

/// The header that carries the credential for the Execution API.
const AUTHORIZATION: &str = "authorization";

/// The task of the made-up token, if the path names none.
const SOME_TASK: &str = "00000000-0000-0000-0000-000000000000";

/// One request and the proxy at which it arrives.
#[derive(Debug)]
pub(crate) struct Question {
    pub(super) connection: Rc<Connection>,
    pub(super) proxy: Principal,
    /// Whether the user left out `--proxy`.
    pub(super) proxy_is_assumed: bool,
    /// The server that answers an outbound request.
    pub(super) server: Principal,
    pub(super) method: String,
    /// The path without any token, for the output.
    pub(super) shown_path: String,
    pub(super) host: String,
    /// Envoy's name for the destination.
    pub(super) cluster: String,
    /// The task that the annotations name, if they name one.
    pub(super) pod: Option<Acting>,
    pub(super) has_annotations: bool,
    path: String,
    headers: Vec<HeaderLine>,
}

/// A header of the request. Its name is in lower case, as proxies have it.
#[derive(Clone)]
pub(crate) struct HeaderLine {
    name: String,
    value: String,
}

/// An annotation of the proxy's pod.
#[derive(Debug, Clone)]
pub(crate) struct Annotation {
    key: String,
    value: String,
}

struct Annotations<'a>(&'a [Annotation]);

impl Question {
    /// Completes the user's description. `operation` is the operation that its path asks for.
    pub(super) fn of(
        inquiry: &Inquiry,
        policy: &Policy,
        ruleset: &Ruleset,
        operation: Option<&Operation<'_>>,
        shown: Option<&Shown>,
    ) -> Result<Self, String> {
        let identity = |option: &str, given: &Option<String>| {
            let id = given.clone().unwrap_or_else(|| assumed_proxy(policy));
            Principal::parse(&id).map_err(|error| format!("error: `{option}`: {error}"))
        };
        let proxy = identity("--proxy", &inquiry.proxy)?;
        let host = host_of(&inquiry.host).into_owned();
        let path = &inquiry.path;
        let without = shown.map_or_else(|| path.clone(), |shown| shown.path_without(path));
        Ok(Self {
            connection: Rc::new(Connection {
                listener: inquiry.listener,
                peer: inquiry.peer.as_deref().map(Principal::parse).transpose(),
                own: Some(proxy.clone()).filter(|_| !inquiry.plaintext),
                tunnelled: false,
                port: inquiry.port(),
            }),
            proxy_is_assumed: inquiry.proxy.is_none(),
            server: identity("--server", &inquiry.server)?,
            method: inquiry.method.clone(),
            shown_path: without_tokens(&without, ruleset.issuers()).into_owned(),
            path: shown.map_or_else(|| path.clone(), |shown| shown.path(path)),
            has_annotations: !inquiry.annotations.is_empty(),
            pod: pod_task(&Annotations(&inquiry.annotations)),
            cluster: cluster(&host, proxy.namespace()),
            headers: headers(inquiry, operation, shown),
            proxy,
            host,
        })
    }

    /// The request's headers, serialized as the proxy has them.
    pub(super) fn headers(&self) -> Vec<u8> {
        self.serialized(&self.method, &self.path)
    }

    /// The headers of another request by the same caller, with the same tokens.
    pub(super) fn headers_of(&self, method: &str, path: &str) -> Vec<u8> {
        match self.path.split_once('?') {
            Some((_, query)) => self.serialized(method, &format!("{path}?{query}")),
            None => self.serialized(method, path),
        }
    }

    fn serialized(&self, method: &str, path: &str) -> Vec<u8> {
        let line = [(":method", method), (":path", path), (":authority", &self.host)];
        let headers = self.headers.iter();
        let headers = headers.map(|header| (header.name.as_str(), header.value.as_str()));
        pairs::write(&line.into_iter().chain(headers).collect::<Vec<_>>())
    }

    /// The side of the sidecar.
    pub(super) fn listener(&self) -> Direction {
        self.connection.listener
    }

    /// The caller's identity, if it has one.
    pub(super) fn principal(&self) -> Option<&Principal> {
        self.connection.peer.as_ref().ok().and_then(Option::as_ref)
    }
}

/// The given headers, and the token. If no token is given and Airflow has answered before, the request gets an unsigned
/// token of the task: the filter reads only its subject.
fn headers(inquiry: &Inquiry, operation: Option<&Operation<'_>>, shown: Option<&Shown>) -> Vec<HeaderLine> {
    let mut headers = inquiry.headers.clone();
    let shown = shown.and_then(Shown::header);
    headers.extend(shown.map(|(name, value)| HeaderLine { name, value }));
    let answered = inquiry.answer.is_some() || inquiry.callback;
    if answered && !headers.iter().any(|header| header.name == AUTHORIZATION) {
        let task = operation.and_then(Operation::own_id).unwrap_or(SOME_TASK);
        let claims = URL_SAFE_NO_PAD.encode(json!({ "sub": task }).to_string());
        headers.push(HeaderLine {
            name: AUTHORIZATION.to_owned(),
            value: format!("Bearer e30.{claims}.e30"),
        });
    }
    headers
}

fn assumed_proxy(policy: &Policy) -> String {
    let namespace = policy
        .resource
        .as_ref()
        .and_then(|resource| resource.namespace.as_deref())
        .unwrap_or("airflow");
    format!("spiffe://cluster.local/ns/{namespace}/sa/airflow-api-server")
}

/// The domain of the cluster's services.
const SERVICES: &str = ".svc.cluster.local";

/// The last labels of two-label hosts that are not `SERVICE.NAMESPACE`: top-level domains of the internet and of tests.
const TOP_LEVEL: [&str; 12] = [
    "app", "cloud", "com", "dev", "example", "info", "internal", "io", "local", "net", "org", "test",
];

/// Istio's name for the cluster of a destination: `outbound|PORT|SUBSET|HOST`. A pod can write a service by any name
/// that its DNS completes. Istio uses the full name.
fn cluster(host: &str, namespace: Option<&str>) -> String {
    let service = host
        .strip_suffix(SERVICES)
        .or_else(|| host.strip_suffix(".svc"))
        .map(str::to_owned);
    let service = service.or_else(|| match (host.split_once('.'), namespace) {
        (None, Some(namespace)) => Some(format!("{host}.{namespace}")),
        (Some((_, namespace)), _) if !namespace.contains('.') && !TOP_LEVEL.contains(&namespace) => {
            Some(host.to_owned())
        }
        _ => None,
    });
    match service {
        Some(service) => format!("outbound|80||{service}{SERVICES}"),
        None => format!("outbound|80||{host}"),
    }
}

impl HeaderLine {
    /// A header with this name, in lower case, and this value.
    pub(crate) fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    /// The line as `--header` takes it.
    pub(crate) fn line(&self) -> String {
        format!("{}: {}", self.name, self.value)
    }
}

impl FromStr for HeaderLine {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let (name, value) = line.split_once(':').ok_or("expected `name: value`")?;
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "" => Err("expected a name before the colon; the request line has its own options".to_owned()),
            "host" => Err("the host has its own option, `--host`".to_owned()),
            _ => Ok(Self {
                name,
                value: value.trim().to_owned(),
            }),
        }
    }
}

impl FromStr for Annotation {
    type Err = String;

    fn from_str(pair: &str) -> Result<Self, Self::Err> {
        let (key, value) = pair.split_once('=').ok_or("expected `key=value`")?;
        Ok(Self {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// Leaves the value out: it may be a token.
impl fmt::Debug for HeaderLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Metadata for Annotations<'_> {
    fn annotation(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|annotation| annotation.key == name);
        found.map(|annotation| annotation.value.clone())
    }

    fn label(&self, _name: &str) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_several_names() {
        let whole = "outbound|80||api.airflow.svc.cluster.local";
        for name in [
            "api",
            "api.airflow",
            "api.airflow.svc",
            "api.airflow.svc.cluster.local",
        ] {
            assert_eq!(cluster(&host_of(name), Some("airflow")), whole, "{name}");
            assert_eq!(
                cluster(&host_of(&format!("{name}.:8080")), Some("airflow")),
                whole,
                "{name}"
            );
        }
        for (host, expected) in [
            ("pay.billing", "pay.billing.svc.cluster.local"),
            ("pay.dev.svc", "pay.dev.svc.cluster.local"),
            ("pay.dev.svc.cluster.local", "pay.dev.svc.cluster.local"),
            ("example.com", "example.com"),
            ("api.example.com", "api.example.com"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(cluster(host, Some("airflow")), format!("outbound|80||{expected}"));
        }
        assert_eq!(cluster("api", None), "outbound|80||api");
    }
}

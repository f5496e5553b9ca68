//! The request as the filter would have it, from the command line.

use std::fmt;
use std::str::FromStr;

use dagward::authorize::{Incoming, Proxy, Token};
use dagward::caller::{
    Acting, BadPrincipal, Credential, Metadata, Principal, TaskInstanceId, credential, pod_task,
};
use dagward::learn::{Learned, Owner, Run, Team};
use dagward::operation::{self, Body, Operation, Request, Site, host_of};
use dagward::policy::Ruleset;
use dagward::token::without_tokens;
use dagward::verdict::Direction;
use dagward::wire::Header;

use super::shown::Shown;
use super::{Explain, Listener};
use crate::check::Policy;

/// One request and the proxy that it comes to.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) listener: Direction,
    pub(super) peer: Result<Option<Principal>, BadPrincipal>,
    pub(super) proxy: Principal,
    /// Whether the proxy's identity was not given.
    pub(super) proxy_is_assumed: bool,
    pub(super) method: String,
    /// The path for people to read: without any token.
    pub(super) shown_path: String,
    pub(super) host: String,
    /// The task that the annotations name; `None` where they name none.
    pub(super) pod: Option<Acting>,
    pub(super) has_annotations: bool,
    path: String,
    headers: Vec<HeaderLine>,
    port: String,
    cluster: String,
    credential: Credential<String>,
    learned: Option<Learned>,
}

/// A header from the command line, its name in lower case as proxies have it.
#[derive(Clone)]
pub(super) struct HeaderLine {
    name: String,
    value: String,
}

/// An annotation of the proxy's pod.
#[derive(Debug, Clone)]
pub(super) struct Annotation {
    key: String,
    value: String,
}

struct Annotations<'a>(&'a [Annotation]);

impl Question {
    /// Reads the command line.
    pub(super) fn of(
        explain: &Explain,
        policy: &Policy,
        ruleset: &Ruleset,
        shown: Option<&Shown>,
    ) -> Result<Self, String> {
        let listener = match explain.listener {
            Listener::Inbound => Direction::Inbound,
            Listener::Outbound => Direction::Outbound,
        };
        if listener == Direction::Inbound {
            check_inbound(explain)?;
        }
        let proxy = explain.proxy.clone().unwrap_or_else(|| assumed_proxy(policy));
        let proxy = Principal::parse(&proxy).map_err(|error| format!("error: `--proxy`: {error}"))?;
        let host = host_of(&explain.host).into_owned();
        let peer = explain.peer.as_deref().map(Principal::parse).transpose();
        let caller = peer.as_ref().ok().and_then(Option::as_ref);
        let path = &explain.path;
        let without = shown.map_or_else(|| path.clone(), |shown| shown.path_without(path));
        let mut headers = explain.headers.clone();
        let header = shown.and_then(Shown::header);
        headers.extend(header.map(|(name, value)| HeaderLine { name, value }));
        let callback = explain.callback.then(|| learned_of_callback(caller));
        let learned = explain.learned.as_deref().map(|dag| Learned {
            team: explain.team.clone().map_or(Team::Unknown, Team::Named),
            ..learned(dag, caller)
        });
        Ok(Self {
            listener,
            peer,
            proxy_is_assumed: explain.proxy.is_none(),
            method: explain.method.clone(),
            shown_path: without_tokens(&without, ruleset.issuers()).into_owned(),
            path: shown.map_or_else(|| path.clone(), |shown| shown.path(path)),
            has_annotations: !explain.annotations.is_empty(),
            pod: pod_task(&Annotations(&explain.annotations)),
            port: explain.port(),
            cluster: cluster(&host, proxy.namespace()),
            credential: credential_of(explain, &headers, ruleset.site()),
            headers,
            learned: learned.or(callback),
            proxy,
            host,
        })
    }

    /// What the proxy knows of itself.
    pub(super) fn proxy(&self) -> Proxy<'_> {
        Proxy {
            identity: Some(&self.proxy),
            pod: self.pod.as_ref(),
        }
    }

    /// The headers as the proxy has them.
    pub(super) fn headers(&self) -> Vec<Header<'_>> {
        as_headers(&self.headers)
    }

    /// The request as `authorize` takes it, all of its body there.
    pub(super) fn incoming<'a>(&'a self, headers: &'a [Header<'a>], body: &'a [u8]) -> Incoming<'a> {
        let request = Request {
            method: &self.method,
            target: &self.path,
            host: &self.host,
            body: Body::Whole(body),
        };
        Incoming {
            peer: self.peer.as_ref().map(Option::as_ref),
            port: &self.port,
            cluster: self.cluster.as_bytes(),
            token: Token {
                credential: self.credential.as_deref(),
                learned: self.learned.as_ref(),
                ..Token::default()
            },
            ..Incoming::new(self.listener, request, headers)
        }
    }

    /// The caller's identity, where it has one.
    pub(super) fn principal(&self) -> Option<&Principal> {
        self.peer.as_ref().ok().and_then(Option::as_ref)
    }
}

fn as_headers(lines: &[HeaderLine]) -> Vec<Header<'_>> {
    lines
        .iter()
        .map(|line| (line.name.as_bytes(), line.value.as_bytes()))
        .collect()
}

/// The credential in the headers. Where none is given and Airflow is said to have answered, a task's
/// own route is asked for with its own.
fn credential_of(explain: &Explain, headers: &[HeaderLine], site: &Site) -> Credential<String> {
    let request = Request {
        method: &explain.method,
        target: &explain.path,
        host: "",
        body: Body::Pending,
    };
    let answered = explain.learned.is_some() || explain.callback;
    let operation = operation::classify(&request, site).ok().filter(|_| answered);
    let own = operation.as_ref().and_then(Operation::own_id);
    match (credential(&as_headers(headers)), own) {
        (Credential::Absent, Some(own)) => {
            TaskInstanceId::parse(own.to_owned()).map_or(Credential::Absent, Credential::Task)
        }
        (given, _) => given,
    }
}

/// What an answer of Airflow's to `caller` has taught.
fn learned(dag_id: &str, caller: Option<&Principal>) -> Learned {
    Learned {
        run: Some(Run {
            dag_id: dag_id.to_owned(),
            run_id: "RUN_ID".to_owned(),
        }),
        owner: caller.map(owner),
        ..Learned::default()
    }
}

/// What an answer of Airflow's to the `run` of a callback has taught, which `caller` has started.
fn learned_of_callback(caller: Option<&Principal>) -> Learned {
    Learned {
        callback: true,
        owner: caller.map(owner),
        ..Learned::default()
    }
}

fn owner(caller: &Principal) -> Owner {
    Owner {
        principal: caller.as_str().to_owned(),
        enforced: true,
    }
}

fn check_inbound(explain: &Explain) -> Result<(), String> {
    if explain.peer.is_none() && !explain.plaintext {
        return Err(
            "error: say who asks: `--peer SPIFFE_ID`, or `--plaintext` for a caller without a certificate"
                .to_owned(),
        );
    }
    if !explain.annotations.is_empty() {
        return Err("error: `--annotation` is for `--listener outbound`: the caller's own sidecar reads annotations, \
                    and what arrives here are the headers that it made of them"
            .to_owned());
    }
    Ok(())
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

/// Endings of two-part names that are hosts of the internet or of tests, and no namespaces.
const TOP_LEVEL: [&str; 12] = [
    "app", "cloud", "com", "dev", "example", "info", "internal", "io", "local", "net", "org", "test",
];

/// The name that Istio gives the cluster of a destination: `outbound|PORT|SUBSET|HOST`. A pod may write a service by any
/// name that its DNS completes, and Istio has the whole one.
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

/// Shows no value: it may be a token.
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

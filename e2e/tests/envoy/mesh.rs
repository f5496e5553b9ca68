//! A small mesh: the api-server's sidecar with the app behind it, and sidecars of its callers.

use std::sync::Arc;
use std::time::Duration;

use dagward_build as module;
use dagward_testbed::admin::Sample;
use dagward_testbed::certs::{Authority, Identity};
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::sidecar::{Destination, Inbound, Node, Plugin, Service, Sidecar, Spec};
use dagward_testbed::upstream::{Received, Upstream};
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::setup::Setup;
use crate::tasks::airflow;

/// The host name by which callers reach the app.
pub(crate) const API_SERVER: &str = "airflow-api-server";

/// A host outside the mesh with a ServiceEntry.
pub(crate) const EXTERNAL: &str = "api.example.com";

/// A host outside the mesh without a ServiceEntry.
pub(crate) const UNKNOWN: &str = "unknown.example.org";

/// The time within which a proxy must count and log a request.
const SOON: Duration = Duration::from_secs(60);

/// The api-server, or another service: the app and its sidecar, which accepts mutual TLS and plaintext.
pub(crate) struct Server {
    pub(crate) setup: Setup,
    pub(crate) authority: Arc<Authority>,
    pub(crate) app: Upstream,
    pub(crate) sidecar: Sidecar,
}

/// A calling pod behind its sidecar, with servers outside the mesh.
pub(crate) struct Worker {
    pub(crate) sidecar: Sidecar,
    pub(crate) external: Upstream,
    pub(crate) unknown: Upstream,
    #[expect(dead_code, reason = "it serves as long as it is held")]
    own: Upstream,
    setup: Setup,
}

impl Server {
    /// An api-server whose sidecar has the document `policy`.
    pub(crate) fn start(setup: Setup, policy: &Value) -> Self {
        Self::configured(setup, &policy.to_string())
    }

    /// An api-server whose sidecar has `configuration`, which may be any text.
    pub(crate) fn configured(setup: Setup, configuration: &str) -> Self {
        Self::before(Upstream::echo().unwrap(), setup, configuration)
    }

    /// The same with a plugin of this `pluginName`.
    pub(crate) fn named(setup: Setup, root_id: &str, configuration: &str) -> Self {
        let app = Upstream::echo().unwrap();
        let inbound = Inbound::permissive(app.address());
        let authority = Arc::new(Authority::new().unwrap());
        let of_this_name = |spec: Spec| {
            let name = |plugin| Plugin {
                root_id: root_id.to_owned(),
                ..plugin
            };
            Spec {
                plugin: spec.plugin.map(name),
                ..spec
            }
        };
        Self::changed(
            authority,
            API_SERVER,
            (app, inbound),
            setup,
            configuration,
            of_this_name,
        )
    }

    /// The same with this app behind the sidecar.
    pub(crate) fn before(app: Upstream, setup: Setup, configuration: &str) -> Self {
        let authority = Arc::new(Authority::new().unwrap());
        let inbound = Inbound::permissive(app.address());
        Self::of(authority, API_SERVER, (app, inbound), setup, configuration)
    }

    /// The same, with HTTP `filters` before the plugin, and the destinations that these filters call.
    pub(crate) fn behind(filters: Vec<Value>, asked_by_filters: Vec<Destination>, policy: &Value) -> Self {
        Self::with(policy, |spec| Spec {
            filters,
            asked_by_filters,
            ..spec
        })
    }

    /// An api-server whose sidecar is changed before it starts.
    pub(crate) fn with(policy: &Value, change: impl FnOnce(Spec) -> Spec) -> Self {
        let app = Upstream::echo().unwrap();
        let inbound = Inbound::permissive(app.address());
        let (authority, setup) = (Arc::new(Authority::new().unwrap()), Setup::DEFAULT);
        let configuration = policy.to_string();
        Self::changed(
            authority,
            API_SERVER,
            (app, inbound),
            setup,
            &configuration,
            change,
        )
    }

    /// An api-server behind a waypoint: requests arrive through HBONE as well.
    pub(crate) fn waypoint(app: Upstream, setup: Setup, policy: &Value) -> Self {
        let inbound = Inbound {
            hbone: true,
            ..Inbound::permissive(app.address())
        };
        let authority = Arc::new(Authority::new().unwrap());
        Self::of(authority, "waypoint", (app, inbound), setup, &policy.to_string())
    }

    /// The same, for services of these names, each with an app of its own.
    pub(crate) fn waypoint_of(services: &[(&str, &Upstream)], setup: Setup, policy: &Value) -> Self {
        let app = Upstream::echo().unwrap();
        let services = services.iter().map(|(name, app)| Service {
            name: (*name).to_owned(),
            app: app.address(),
        });
        let inbound = Inbound {
            hbone: true,
            services: services.collect(),
            ..Inbound::permissive(app.address())
        };
        let authority = Arc::new(Authority::new().unwrap());
        Self::of(authority, "waypoint", (app, inbound), setup, &policy.to_string())
    }

    /// An api-server in whose pod `beside` listens on another port.
    pub(crate) fn shared(app: Upstream, beside: &Upstream, setup: Setup, policy: &Value) -> Self {
        let authority = Arc::new(Authority::new().unwrap());
        let inbound = Inbound::permissive(app.address());
        let beside = Inbound {
            http2: setup.http2,
            ..Inbound::strict(beside.address())
        };
        let configuration = policy.to_string();
        Self::changed(
            authority,
            API_SERVER,
            (app, inbound),
            setup,
            &configuration,
            |spec| Spec {
                beside: Some(beside),
                ..spec
            },
        )
    }

    /// Another service of the same mesh, with a service account of its `name`.
    pub(crate) fn beside(&self, name: &str, app: Upstream, configuration: &str) -> Self {
        let authority = Arc::clone(&self.authority);
        let inbound = Inbound::permissive(app.address());
        Self::of(authority, name, (app, inbound), self.setup, configuration)
    }

    fn of(
        authority: Arc<Authority>,
        name: &str,
        (app, inbound): (Upstream, Inbound),
        setup: Setup,
        configuration: &str,
    ) -> Self {
        Self::changed(authority, name, (app, inbound), setup, configuration, |spec| spec)
    }

    fn changed(
        authority: Arc<Authority>,
        name: &str,
        (app, inbound): (Upstream, Inbound),
        setup: Setup,
        configuration: &str,
        change: impl FnOnce(Spec) -> Spec,
    ) -> Self {
        let identity = authority.service_account("airflow", name).unwrap();
        let sidecar = Sidecar::start(change(Spec {
            inbound: Some(Inbound {
                http2: setup.http2,
                ..inbound
            }),
            plugin: Some(plugin(configuration)),
            version: setup.version(),
            concurrency: setup.workers,
            ..Spec::new(Node::new(name, "airflow", name), &identity)
        }))
        .unwrap();
        Self {
            setup,
            authority,
            app,
            sidecar,
        }
    }

    /// A pod `node` with a sidecar of its own, which has the document `policy`.
    pub(crate) fn worker(&self, node: Node, policy: &Value) -> Worker {
        self.worker_toward(Vec::new(), node, policy)
    }

    /// The same, with `more` destinations. The pod also accepts requests, with its own server that answers like
    /// Airflow.
    pub(crate) fn worker_toward(&self, more: Vec<Destination>, node: Node, policy: &Value) -> Worker {
        let (external, unknown) = (Upstream::echo().unwrap(), Upstream::echo().unwrap());
        let own = Upstream::with(airflow).unwrap();
        let identity = self
            .authority
            .service_account(&node.namespace, &node.service_account)
            .unwrap();
        let outbound = [
            self.destination(API_SERVER),
            Destination::external(EXTERNAL, 80, external.address()),
            Destination::passthrough(unknown.address()),
        ];
        let sidecar = Sidecar::start(Spec {
            inbound: Some(Inbound {
                http2: self.setup.http2,
                ..Inbound::strict(own.address())
            }),
            outbound: outbound
                .into_iter()
                .chain(more)
                .map(|destination| Destination {
                    http2: self.setup.http2,
                    ..destination
                })
                .collect(),
            plugin: Some(plugin(&policy.to_string())),
            version: self.setup.version(),
            concurrency: self.setup.workers,
            ..Spec::new(node, &identity)
        })
        .unwrap();
        Worker {
            sidecar,
            external,
            unknown,
            own,
            setup: self.setup,
        }
    }

    /// A peer with a service account's certificate.
    pub(crate) fn peer(&self, namespace: &str, account: &str) -> Client {
        self.presenting(&self.authority.service_account(namespace, account).unwrap())
    }

    /// A peer with this certificate.
    pub(crate) fn presenting(&self, identity: &Identity) -> Client {
        self.setup
            .speak(Client::mtls(self.sidecar.inbound().unwrap(), identity).unwrap())
    }

    /// A peer of the second server in the pod, with a service account's certificate.
    pub(crate) fn peer_beside(&self, namespace: &str, account: &str) -> Client {
        let identity = self.authority.service_account(namespace, account).unwrap();
        self.setup
            .speak(Client::mtls(self.sidecar.beside().unwrap(), &identity).unwrap())
    }

    /// A peer with this certificate, whose tunnel `connect` opens, as ztunnel does for pods without a sidecar.
    pub(crate) fn tunnelling(&self, identity: &Identity, connect: &Request) -> Client {
        let address = self.sidecar.hbone().unwrap();
        self.setup
            .speak(Client::through(address, identity, connect).unwrap())
    }

    /// A peer that writes its requests byte by byte, always over HTTP/1.1.
    pub(crate) fn wire(&self) -> Client {
        let identity = self
            .authority
            .service_account("airflow", "airflow-worker")
            .unwrap();
        Client::mtls(self.sidecar.inbound().unwrap(), &identity).unwrap()
    }

    /// A caller in plaintext.
    pub(crate) fn plaintext(&self) -> Client {
        self.setup.speak(Client::plain(self.sidecar.inbound().unwrap()))
    }

    /// The destination of callers that use this service by its `name`.
    pub(crate) fn destination(&self, name: &str) -> Destination {
        Destination::mesh(name, "airflow", 8080, self.sidecar.inbound().unwrap())
    }

    /// The last request that reached the app.
    pub(crate) fn last(&self) -> Received {
        self.app.received().last().cloned().unwrap()
    }

    /// The series of `dagward_requests_total` once their sum is exactly `requests`.
    pub(crate) fn counted(&self, requests: u64) -> Vec<Sample> {
        counted(&self.sidecar, requests)
    }

    /// Checks that the filter never crashed. A reload would show this, and so would the panic in the log.
    pub(crate) fn assert_unharmed(&self) {
        assert_unharmed(&self.sidecar);
    }
}

impl Worker {
    /// The app in the pod.
    pub(crate) fn app(&self) -> Client {
        self.setup.speak(Client::plain(self.sidecar.outbound().unwrap()))
    }
}

impl Setup {
    fn speak(self, client: Client) -> Client {
        if self.http2 { client.http2() } else { client }
    }
}

/// The series of `dagward_requests_total` once their sum is exactly `requests`. The proxy counts a request at its end.
/// The caller may see the answer before.
pub(crate) fn counted(sidecar: &Sidecar, requests: u64) -> Vec<Sample> {
    let (total, series) = wait::until("the requests to be counted", SOON, || {
        let series: Vec<_> = sidecar
            .admin()
            .metrics()?
            .into_iter()
            .filter(|sample| sample.name == "dagward_requests_total")
            .collect();
        let total = series.iter().map(|sample| sample.value).sum::<f64>() as u64;
        Ok((total >= requests).then_some((total, series)))
    })
    .unwrap();
    assert_eq!(total, requests, "{series:#?}");
    series
}

/// Checks that the filter in this sidecar never crashed.
pub(crate) fn assert_unharmed(sidecar: &Sidecar) {
    let reloads = sidecar.admin().stats("vm_reload").unwrap();
    assert!(reloads.values().all(|count| *count == 0), "{reloads:?}");
    let log = sidecar.process().output().unwrap();
    assert!(!log.contains("panicked") && !log.contains("Function:"), "{log}");
}

/// Sends a request that must get an answer.
pub(crate) fn ask(client: &Client, request: &Request) -> Response {
    client.send(request).unwrap()
}

/// The status of the filter's answer, and the code in brackets behind its message.
pub(crate) fn refusal(response: &Response) -> (u16, String) {
    let body = response.json().unwrap();
    let message = body["detail"]["message"].as_str().unwrap().to_owned();
    let code = message
        .rsplit_once('(')
        .unwrap()
        .1
        .trim_end_matches(')')
        .to_owned();
    (response.status, code)
}

/// A document in enforce mode.
pub(crate) fn enforce(policies: &Value) -> Value {
    json!({"apiVersion": "dagward/v1", "mode": "enforce", "policies": policies})
}

/// A document that allows everything.
pub(crate) fn allow_all() -> Value {
    enforce(&json!([{"name": "all", "action": "ALLOW", "rules": [{}]}]))
}

fn plugin(configuration: &str) -> Plugin {
    Plugin::new(&module::build().unwrap().path, configuration)
}

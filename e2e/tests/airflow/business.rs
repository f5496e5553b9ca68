//! A service of the mesh that is not Airflow, with a policy of its own. It answers with the request that it got.

use dagward_build as module;
use dagward_testbed::certs::Authority;
use dagward_testbed::port::Port;
use dagward_testbed::sidecar::{Destination, Inbound, Node, Plugin, Sidecar, Spec};
use dagward_testbed::upstream::Upstream;
use serde_json::{Value, json};

/// The service's URL for tasks.
pub(crate) const URL: &str = "http://payments.billing.svc.cluster.local:8080";

const NAME: &str = "payments";

const NAMESPACE: &str = "billing";

const PORT: u16 = 8080;

/// A reserved place in the mesh, and later the service in it.
pub(crate) struct Business {
    port: Port,
    service: Option<(Sidecar, Upstream)>,
}

impl Business {
    pub(crate) fn reserve() -> Self {
        Self {
            port: Port::reserve().unwrap(),
            service: None,
        }
    }

    pub(crate) fn destination(&self) -> Destination {
        Destination::mesh(NAME, NAMESPACE, PORT, self.port.address())
    }

    pub(crate) fn start(mut self, authority: &Authority, plugin: &Plugin) -> Self {
        let app = Upstream::echo().unwrap();
        let identity = authority.service_account(NAMESPACE, NAME).unwrap();
        let sidecar = Sidecar::start(Spec {
            inbound_address: self.port.address(),
            inbound: Some(Inbound {
                port: PORT,
                ..Inbound::strict(app.address())
            }),
            plugin: Some(plugin.clone()),
            ..Spec::new(Node::new(NAME, NAMESPACE, NAME), &identity)
        })
        .unwrap();
        self.service = Some((sidecar, app));
        self
    }

    pub(crate) fn sidecar(&self) -> &Sidecar {
        let (sidecar, _) = self.service.as_ref().unwrap();
        sidecar
    }
}

/// One path that accepts the task's own claim, and one that requires a better proof.
pub(crate) fn by_proof() -> Plugin {
    let worker = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales";
    let rule = |proof: Value, path: &str| {
        json!({
            "from": [{"principals": [worker], "dags": ["sales_pays"], "tasks": ["pay"], "proof": proof}],
            "to": [{"methods": ["GET"], "paths": [path]}],
        })
    };
    let policy = json!({
        "apiVersion": "dagward/v1",
        // The stamp of the worker's sidecar counts here. The sidecar has no stamp for a task of Celery's.
        "stampers": [worker],
        "policies": [{
            "name": "tasks-of-sales",
            "action": "ALLOW",
            "rules": [rule(json!(["claimed"]), "/claimed"), rule(json!(["pod", "airflow"]), "/proven")],
        }],
    });
    Plugin::new(&module::build().unwrap().path, &policy.to_string())
}

//! The plugin under the names that istiod gives it: up to 1.29, and from 1.30 on, where istiod translates a WasmPlugin
//! into a TrafficExtension.

use dagward_build as module;
use dagward_testbed::certs::Authority;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::sidecar::{Inbound, Node, Plugin, Sidecar, Spec, Update};
use dagward_testbed::upstream::Upstream;
use serde_json::json;

use crate::mesh::{API_SERVER, enforce};
use crate::setup::Setup;

const NAMES: [[&str; 2]; 3] = [
    [
        "extensions.istio.io/wasmplugin/airflow.dagward",
        "airflow.dagward",
    ],
    [
        "extensions.istio.io/trafficextension/airflow.dagward~istio-translated-wasmplugin",
        "airflow.dagward~istio-translated-wasmplugin",
    ],
    [
        "extensions.istio.io/trafficextension/airflow.dagward",
        "airflow.dagward",
    ],
];

#[test]
fn it_works_by_every_name_of_istio_s() {
    let rule = json!([{"to": [{"dags": ["etl"]}]}]);
    let policy = enforce(&json!([{"name": "some", "action": "ALLOW", "rules": rule}])).to_string();
    let app = Upstream::echo().unwrap();
    let authority = Authority::new().unwrap();
    let [server, worker] = ["airflow-api-server", "airflow-worker"]
        .map(|account| authority.service_account("airflow", account).unwrap());
    for [resource, name] in NAMES {
        let mut sidecar = Sidecar::start(Spec {
            inbound: Some(Inbound::strict(app.address())),
            plugin: Some(Plugin {
                resource: resource.to_owned(),
                name: name.to_owned(),
                ..Plugin::new(&module::build().unwrap().path, &policy)
            }),
            version: Setup::DEFAULT.version(),
            ..Spec::new(Node::new("named", "airflow", "airflow-api-server"), &server)
        })
        .unwrap();
        let client = Client::mtls(sidecar.inbound().unwrap(), &worker).unwrap();
        let status = |dag: &str| {
            let request = Request::get(API_SERVER, &format!("/api/v2/dags/{dag}"));
            client.send(&request).unwrap().status
        };
        assert_eq!([status("etl"), status("pay")], [200, 403], "{name}");
        // The filter keeps the last good policy under the plugin's name.
        assert_eq!(sidecar.update("{}").unwrap(), Update::Taken);
        assert_eq!([status("etl"), status("pay")], [200, 403], "{name}");
    }
}

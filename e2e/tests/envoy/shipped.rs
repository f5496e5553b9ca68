//! The documents that users apply: they load in Envoy, and decide as they say.

use dagward_shipped::manifest;
use dagward_testbed::client::Request;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask, refusal};
use crate::setup::Setup;

/// Every file that carries a policy.
const FILES: [&str; 10] = [
    "wasm-plugin.yaml",
    "examples/istio/traffic-extension.yaml",
    "examples/istio/waypoint.yaml",
    "examples/policies/ai-agents.yaml",
    "examples/policies/business-service.yaml",
    "examples/policies/components.yaml",
    "examples/policies/names-in-names.yaml",
    "examples/policies/observe-first-day.yaml",
    "examples/policies/teams-list.yaml",
    "examples/policies/two-teams.yaml",
];

#[test]
fn every_document_loads() {
    for file in FILES {
        let manifest = manifest::read(file).unwrap();
        let server = Server::start(Setup::DEFAULT, manifest::policy(&manifest).unwrap());
        let info = [("status", "current"), ("mode", "none")];
        let admin = server.sidecar.admin();
        assert_eq!(
            admin.metric("dagward_config_info", &info[..1]).unwrap(),
            1.0,
            "{file}"
        );
        assert_eq!(
            admin.metric("dagward_config_info", &info[1..]).unwrap(),
            0.0,
            "{file}"
        );
    }
}

/// The shipped starter policy is in shadow mode. Here it refuses the requests that it would refuse.
#[test]
fn the_starter_policy_keeps_teams_apart() {
    let manifest = manifest::read("wasm-plugin.yaml").unwrap();
    let mut document = manifest::policy(&manifest).unwrap().clone();
    assert_eq!(document["mode"], "shadow");
    let sales = "airflow-worker-sales";
    let variable = |key: &str| {
        Request::get(API_SERVER, &format!("/execution/variables/{key}"))
            .header("x-airflow-dag-id", "sales_daily")
            .header("x-airflow-proof", "pod")
    };
    let shadow = Server::start(Setup::DEFAULT, &document);
    assert_eq!(
        ask(&shadow.peer("airflow", sales), &variable("finance_key")).status,
        200
    );

    document["mode"] = json!("enforce");
    let server = Server::start(Setup::DEFAULT, &document);
    let worker = server.peer("airflow", sales);
    assert_eq!(ask(&worker, &variable("sales_key")).status, 200);
    let refused = ask(&worker, &variable("finance_key"));
    assert_eq!(refusal(&refused), (403, "no_rule_allows".to_owned()));
    let parser = ask(
        &server.peer("airflow", "airflow-dag-processor"),
        &variable("sales_key"),
    );
    assert_eq!(refusal(&parser), (403, "denied_by_rule".to_owned()));
}

/// Marquez has paths that begin like Airflow's, with an encoded URI in them, and large bodies of any form.
#[test]
fn another_service_than_airflow_has_paths_and_bodies_of_its_own() {
    let manifest = manifest::read("examples/policies/business-service.yaml").unwrap();
    let mut document = manifest::policy(&manifest).unwrap().clone();
    assert_eq!(document["airflow"], "none");
    let shop = &mut document["policies"][2]["rules"][0]["to"][0];
    *shop = json!({"methods": ["PUT"], "paths": ["/api/v1/namespaces/*", "/ui/*"]});
    let nowhere = Server::start(Setup::DEFAULT, &document);
    // No component of Airflow listens on the port of these requests.
    document["airflow"] = json!({"ports": [1]});
    let elsewhere = Server::start(Setup::DEFAULT, &document);
    document.as_object_mut().unwrap().remove("airflow");
    let anywhere = Server::start(Setup::DEFAULT, &document);

    let dataset = "/api/v1/namespaces/s3%3A%2F%2Fbucket/datasets/a%2Fb";
    let put = |path: &str| Request::new("PUT", API_SERVER, path).body([b'x'; 200_000]);
    for server in [&nowhere, &elsewhere] {
        let web = server.peer("shop", "web");
        for path in [dataset, "/api/v1/namespaces/a", "/ui/a?b"] {
            let response = ask(&web, &put(path));
            assert_eq!(response.status, 200, "{path}");
            assert_eq!(response.json().unwrap()["body_length"], 200_000);
        }
        for path in [
            "/api/v1/lineage",
            "/api/v1/namespaces/..%2Flineage",
            "/api/v1/namespaces%2Fa",
        ] {
            let refused = refusal(&ask(&web, &put(path)));
            assert_eq!(refused, (403, "no_rule_allows".to_owned()), "{path}");
        }
    }
    let refused = refusal(&ask(&anywhere.peer("shop", "web"), &put(dataset)));
    assert_eq!(refused, (403, "malformed_path".to_owned()));
}

//! The module in the oldest and the newest supported Envoy.

use std::path::Path;
use std::time::Duration;

use dagward_build as module;
use dagward_testbed::certs::Authority;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::envoy;
use dagward_testbed::sidecar::{Inbound, Node, Plugin, Sidecar, Spec, Update};
use dagward_testbed::upstream::Upstream;
use dagward_workbench::wait;

/// A document that allows every request.
fn observing(policy: &str) -> String {
    format!(
        r#"{{"apiVersion": "dagward/v1", "mode": "observe", "policies": [{{"name": "{policy}", "action": "ALLOW", "rules": [{{}}]}}]}}"#
    )
}

#[test]
fn envoy_takes_it_and_its_updates() {
    let module = module::build().unwrap();
    let app = Upstream::echo().unwrap();
    let authority = Authority::new().unwrap();
    let identity = authority.service_account("airflow", "x").unwrap();
    for version in [envoy::DEFAULT_VERSION, envoy::OLDEST_VERSION] {
        let mut spec = Spec::new(Node::new("module", "airflow", "x"), &identity);
        spec.version = version.to_owned();
        spec.concurrency = 2;
        spec.inbound = Some(Inbound::permissive(app.address()));
        spec.plugin = Some(Plugin::new(&module.path, &observing("one")));
        let mut sidecar = Sidecar::start(spec.clone()).unwrap();
        let client = Client::plain(sidecar.inbound().unwrap());
        assert_eq!(client.send(&Request::get("a", "/")).unwrap().status, 200);
        assert_eq!(sidecar.update(&observing("two")).unwrap(), Update::Taken);
        assert_eq!(client.send(&Request::get("a", "/")).unwrap().status, 200);

        spec.plugin = Some(Plugin::new(Path::new("no-such.wasm"), ""));
        let error = Sidecar::start(spec).unwrap_err().to_string();
        assert!(
            error.contains("Envoy refused the plugin") && error.contains("no-such.wasm"),
            "{error}"
        );
    }
}

#[test]
fn a_crash_leaves_a_stack_with_names() {
    let module = module::crashing().unwrap();
    let app = Upstream::echo().unwrap();
    let authority = Authority::new().unwrap();
    let identity = authority.service_account("airflow", "x").unwrap();
    let mut spec = Spec::new(Node::new("stack", "airflow", "x"), &identity);
    spec.inbound = Some(Inbound::permissive(app.address()));
    spec.plugin = Some(Plugin::new(&module.path, &observing("one")));
    let sidecar = Sidecar::start(spec).unwrap();
    // Over HTTP/1.1 the proxy drops trailers.
    let client = Client::plain(sidecar.inbound().unwrap()).http2();
    let crash = Request::new("POST", "a", "/").body("x").trailer("x-crash", "1");
    assert_eq!(client.send(&crash).unwrap().status, 503);
    wait::until("the stack in the log", Duration::from_secs(10), || {
        let log = sidecar.process().output()?;
        Ok(log.contains("- proxy_on_request_trailers").then_some(()))
    })
    .unwrap();
}

//! Tasks reach the broker and not the database (`examples/database/database.yaml`), in pods of the shape that the Helm
//! chart gives them.
//!
//! NetworkPolicies have no controller here. `tests/examples/chart.rs` compares the selectors of
//! `examples/database/network-policy.yaml` with the chart.

use std::collections::BTreeMap;
use std::time::Duration;

use dagward_shipped::chart::{Combination, Executor, Facts, Object, Pods};
use dagward_testbed::client::Client;
use dagward_workbench::wait;

use crate::airflow::SOON;
use crate::files::text;
use crate::objects::{of_chart, service_of_chart};
use crate::scene::Scene;

const NAMESPACE: &str = "database";

/// Answers any bytes, without HTTP.
const SERVER: &str = "
import socketserver
import sys

class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(64)
        self.request.sendall(b'R')

socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('0.0.0.0', int(sys.argv[1])), Answer).serve_forever()
";

/// The first bytes of a PostgreSQL client.
const GREETING: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";

/// The servers, each with the secret that its clients have.
const SERVERS: [(&str, &str); 3] = [
    ("airflow-pgbouncer", "airflow-metadata"),
    ("airflow-postgresql", "airflow-metadata"),
    ("airflow-redis", "airflow-broker-url"),
];

const CALLERS: [&str; 3] = ["airflow-scheduler", "airflow-triggerer", "airflow-worker-sales"];

const QUIET: Duration = Duration::from_secs(5);

#[test]
fn a_task_reaches_the_broker_and_not_the_database() {
    let facts = Facts::kept().unwrap();
    let celery =
        |combination: &Combination| combination.executor == Executor::Celery && !combination.is_airflow_2();
    let (_, objects) = facts
        .renderings()
        .find(|(combination, _)| celery(combination))
        .unwrap();
    let found: BTreeMap<_, _> = objects
        .iter()
        .filter_map(|object| Some((&*object.name, object.pods()?)))
        .collect();

    let scene = Scene::shared();
    let accounts: Vec<_> = found.values().map(|pods| &*pods.account).collect();
    let accounts = accounts.into_iter().filter(|account| *account != "default");
    scene.namespace(NAMESPACE, &accounts.collect::<Vec<_>>());
    let is_server = |object: &&&Object| SERVERS.iter().any(|(name, _)| *name == object.name);
    let services = objects.iter().filter(is_server);
    let services = services.filter_map(|object| service_of_chart(NAMESPACE, object));
    let servers = SERVERS.iter().map(|(name, _)| {
        let port = found[name].containers[0].ports[0].number.to_string();
        of_chart(NAMESPACE, name, found[name], &["python3", "-c", SERVER, &port])
    });
    let callers = CALLERS
        .iter()
        .map(|name| of_chart(NAMESPACE, name, found[name], &["sleep", "infinity"]));
    scene.apply(&services.chain(servers).chain(callers).collect::<Vec<_>>());
    for (server, _) in SERVERS {
        scene.cluster.pod(NAMESPACE, server).unwrap();
    }
    let callers = CALLERS.map(|caller| (caller, scene.cluster.pod(NAMESPACE, caller).unwrap()));
    let expect = |allowed: &dyn Fn(&Pods, &str) -> bool| {
        for (server, secret) in SERVERS {
            let address = scene.cluster.service(NAMESPACE, server).unwrap();
            for (name, caller) in &callers {
                let client = Client::plain(address).from(&caller.netns);
                let expected: &[u8] = if allowed(found[name], secret) { b"R" } else { b"" };
                wait::until(&format!("{server} and {name}: {expected:?}"), SOON, || {
                    let answer = client.raw(GREETING, QUIET).unwrap_or_default();
                    Ok((answer == expected).then_some(()))
                })
                .unwrap();
            }
        }
    };

    // Without the policy Istio lets each pod of the mesh through.
    expect(&|_, _| true);
    let policies = text("examples/database/database.yaml");
    let policies = policies
        .replace("namespace: airflow", &format!("namespace: {NAMESPACE}"))
        .replace("/ns/airflow/", &format!("/ns/{NAMESPACE}/"));
    scene.cluster.kubernetes().apply(&policies).unwrap();
    expect(&|pods, secret| pods.secrets().any(|found| found.starts_with(secret)));
}

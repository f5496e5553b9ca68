//! The limit of series. Envoy never frees series, so a proxy makes a limited number, and each caller gets a share.

use dagward::metrics::ledger::{MAX_SERIES, OTHER};
use dagward_testbed::admin::Sample;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::load::Load;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, enforce};
use crate::setup::Setup;

/// More requests than any share allows.
const FLOOD: u64 = MAX_SERIES as u64 + 100;

/// The label sets that one caller can create with ids that only it claims.
const CLAIMED: usize = MAX_SERIES as usize / 40;

/// The label sets that one caller can create with unproven ids.
const OF_CALLER: usize = MAX_SERIES as usize / 16;

/// Requests with a task id of their own. `proof` says how well the id is proven.
fn requests(count: u64, path: &str, proof: &str) -> Vec<Request> {
    let request = |number| {
        Request::get(API_SERVER, path)
            .header("x-airflow-dag-id", format!("{proof}_{number}"))
            .header("x-airflow-proof", proof)
    };
    (0..count).map(request).collect()
}

fn send(client: &Client, requests: Vec<Request>) {
    let count = requests.len() as u64;
    let load = Load {
        requests,
        ..Load::new(client, Request::get(API_SERVER, "/"), 4, count)
    };
    let report = load.run().unwrap();
    assert_eq!((report.errors, report.count()), (0, count));
}

fn of_caller<'s>(series: &'s [Sample], account: &str) -> Vec<&'s Sample> {
    let is_of = |sample: &&Sample| sample.label("caller").ends_with(account);
    series.iter().filter(is_of).collect()
}

/// Two workers, because both must reach the same decision on each series.
#[test]
fn no_caller_takes_the_series_of_another() {
    let document = json!([{"name": "some", "action": "ALLOW", "rules": [
        {"to": [{"surfaces": ["health"]}, {"paths": ["/allowed"]}]},
    ]}]);
    let server = Server::start(Setup::ALL[3], &enforce(&document));
    let thief = server.peer("elsewhere", "thief");
    let mut sent = 0;
    for path in ["/api/v2/monitor/health", "/allowed", "/denied"] {
        send(&thief, requests(FLOOD, path, "pod"));
        sent += FLOOD;
        server.counted(sent);
    }
    let series = server.counted(sent);
    let all = of_caller(&series, "/thief");
    // A pod that is not a stamper can only claim, with any headers. One of its label sets is that of health.
    let own = all
        .iter()
        .filter(|sample| sample.label("dag_id").starts_with("pod_"));
    assert_eq!(own.count(), CLAIMED - 1);
    assert!(all.len() <= OF_CALLER, "{}", all.len());
    let health: Vec<_> = all
        .iter()
        .filter(|sample| sample.label("action") == "health:read")
        .collect();
    assert!(
        matches!(health[..], [one] if one.label("dag_id").is_empty() && one.value == FLOOD as f64),
        "{health:?}"
    );
    let total: f64 = all.iter().map(|sample| sample.value).sum();
    assert_eq!(total, sent as f64, "every request counts once");
    let dropped = server
        .sidecar
        .admin()
        .metric("dagward_series_dropped_total", &[])
        .unwrap();
    assert_eq!(dropped, (2 * FLOOD) as f64 - (CLAIMED - 1) as f64);

    // Honest callers' requests still get their own series.
    let worker = server.peer("airflow", "airflow-worker");
    let half = u64::from(MAX_SERIES) / 2;
    send(&worker, requests(half + 10, "/allowed", "pod"));
    send(&worker, requests(10, "/allowed", "claimed"));
    let series = server.counted(sent + half + 20);
    let own = |proof: &str| {
        let of_worker = of_caller(&series, "/airflow-worker");
        of_worker
            .iter()
            .filter(|sample| sample.label("dag_id").starts_with(proof))
            .count()
    };
    assert_eq!((own("pod_"), own("claimed_")), (half as usize, 10));
    let others = of_caller(&series, "/airflow-worker");
    let [other] = others
        .into_iter()
        .filter(|sample| sample.label("dag_id") == OTHER)
        .collect::<Vec<_>>()[..]
    else {
        panic!("one series takes what is over the share");
    };
    assert_eq!(other.value, 10.0);
    server.assert_unharmed();
}

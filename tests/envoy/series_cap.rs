//! Series are never freed, so a proxy has so many and no more.

use dagward::measure::ledger::{MAX_SERIES, OTHER};
use dagward_lab::client::Request;
use dagward_lab::load::Load;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, enforce};
use crate::setup::Setup;

/// How many labels are one too many, refused and allowed.
const OVER: u64 = 100;

/// Two workers, as both have to come to the same verdict on each series.
#[test]
fn more_series_than_the_cap_are_one() {
    let document = json!([{"name": "some", "action": "ALLOW", "rules": [{"to": [{"paths": ["/allowed"]}]}]}]);
    let server = Server::start(Setup::ALL[3], &enforce(&document));
    let peer = server.peer("airflow", "airflow-worker");
    let half = u64::from(MAX_SERIES) / 2;
    let mut sent = 0;
    for path in ["/denied", "/allowed"] {
        let requests = (0..half + OVER)
            .map(|number| Request::get(API_SERVER, path).header("x-airflow-dag-id", format!("dag_{number}")))
            .collect();
        let load = Load {
            requests,
            ..Load::new(&peer, Request::get(API_SERVER, "/"), 4, half + OVER)
        };
        let report = load.run().unwrap();
        assert_eq!((report.errors, report.count()), (0, half + OVER));
        sent += half + OVER;
        server.counted(sent);
    }
    // Those refused may take half of the series, so that nobody who forges ids takes them all.
    let series = server.counted(sent);
    for decision in ["deny", "allow"] {
        let (others, own): (Vec<_>, Vec<_>) = series
            .iter()
            .filter(|series| series.label("decision") == decision)
            .partition(|series| series.label("dag_id") == OTHER);
        assert_eq!(own.len() as u64, half, "{decision}");
        let [other] = others.try_into().unwrap();
        assert!(
            other.carries(&[("caller", OTHER), ("task_id", OTHER)]),
            "{other:?}"
        );
        assert_eq!(other.value, OVER as f64, "{decision}");
    }
    let dropped = server
        .sidecar
        .admin()
        .metric("dagward_series_dropped_total", &[])
        .unwrap();
    assert_eq!(dropped, 2.0 * OVER as f64);
    server.assert_unharmed();
}

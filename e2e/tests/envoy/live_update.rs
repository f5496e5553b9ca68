//! Changes of the policy while requests arrive.

use std::thread;

use dagward_testbed::client::Request;
use dagward_testbed::load::Load;
use dagward_testbed::sidecar::Update;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, enforce};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(no_request_is_lost_or_let_through);

const RATE: f64 = 500.0;

const SECONDS: u64 = 3;

/// A document that allows reading DAG `etl`, and in one variant also DAG `flips`.
fn document(flips: bool) -> Value {
    let dags = if flips {
        json!(["etl", "flips"])
    } else {
        json!(["etl"])
    };
    enforce(&json!([{"name": "some", "action": "ALLOW", "rules": [{"to": [{"dags": dags}]}]}]))
}

fn no_request_is_lost_or_let_through(setup: Setup) {
    let mut server = Server::start(setup, &document(true));
    let count = RATE as u64 * SECONDS;
    let load = Load {
        requests: ["etl", "pay", "flips"]
            .map(|dag_id| Request::get(API_SERVER, &format!("/api/v2/dags/{dag_id}")))
            .into(),
        rate: Some(RATE),
        ..Load::new(
            &server.peer("airflow", "airflow-worker"),
            Request::get(API_SERVER, "/"),
            8,
            count,
        )
    };
    let running = thread::spawn(move || load.run().unwrap());
    let mut updates = 0;
    while !running.is_finished() {
        let configuration = document(updates % 2 == 1).to_string();
        assert_eq!(server.sidecar.update(&configuration).unwrap(), Update::Taken);
        updates += 1;
    }
    let report = running.join().unwrap();
    assert!(updates >= 4, "only {updates} updates in {:?}", report.elapsed);
    assert_eq!((report.errors, report.count()), (0, count));
    let statuses = |index: usize| -> Vec<u16> {
        let of = |((request, status), _): (&(usize, u16), &u64)| (*request == index).then_some(*status);
        report.statuses.iter().filter_map(of).collect()
    };
    assert_eq!(statuses(0), [200], "both documents allow it");
    assert_eq!(statuses(1), [403], "both documents deny it");
    assert_eq!(statuses(2), [200, 403], "the documents differ on it");
    server.counted(count);
    println!("{updates} updates, p99 {:?}", report.percentile(0.99));
    server.assert_unharmed();
}

//! Learned facts survive new code and a crash of the VM: the proxy keeps them, not the VM.

use std::time::Duration;

use dagward_build as module;
use dagward_testbed::client::Client;
use dagward_testbed::sidecar::Update;
use dagward_testbed::upstream::Upstream;
use dagward_workbench::wait;

use crate::mesh::{Server, ask};
use crate::setup::Setup;
use crate::tasks::{OTHER_TASK, TASK, airflow, code, run, teams, xcom};

const SOON: Duration = Duration::from_secs(60);

/// Uses HTTP/2, because over HTTP/1.1 the proxy drops the trailers that cause the crash.
#[test]
fn newest_envoy_keeps_what_was_learned() {
    keeps_what_was_learned(Setup::ALL[1]);
}

#[test]
fn oldest_envoy_keeps_what_was_learned() {
    keeps_what_was_learned(Setup::ALL[2]);
}

fn keeps_what_was_learned(setup: Setup) {
    let app = Upstream::with(airflow).unwrap();
    let mut server = Server::before(app, setup, &teams().to_string());
    let [sales, finance] =
        ["sales", "finance"].map(|team| server.peer("airflow", &format!("airflow-worker-{team}")));
    ask(&sales, &run(TASK));
    assert_known(&sales, &finance);

    let crashing = module::crashing().unwrap().path;
    assert_eq!(server.sidecar.load(&crashing).unwrap(), Update::Taken);
    // The old code answers until the worker has the new one. The new one loses a request that ends in trailers.
    let crash = xcom("sales_daily", TASK).body("x").trailer("x-crash", "1");
    wait::until("the new code", SOON, || {
        Ok((ask(&sales, &crash).status == 503).then_some(()))
    })
    .unwrap();
    // A worker makes its new VM with its next request, at least a second after the last VM.
    wait::until("a new VM", SOON, || {
        ask(&sales, &xcom("sales_daily", TASK));
        let reloads = server.sidecar.admin().stats("vm_reload_success")?;
        Ok((reloads.values().sum::<u64>() == 1).then_some(()))
    })
    .unwrap();
    assert_known(&sales, &finance);

    // The new VM also continues to learn and to count.
    let counted = requests(&server);
    ask(&sales, &run(OTHER_TASK));
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", OTHER_TASK))), "allowed");
    wait::until("the requests to be counted", SOON, || {
        Ok((requests(&server) >= counted + 2.0).then_some(()))
    })
    .unwrap();
    let learned = server.sidecar.admin().metric("dagward_learned_tasks", &[]);
    assert_eq!(learned.unwrap(), 2.0);
}

/// Asserts that the proxy knows the task's DAG, and the owner of its token.
fn assert_known(owner: &Client, other: &Client) {
    assert_eq!(code(&ask(owner, &xcom("sales_daily", TASK))), "allowed");
    assert_eq!(
        code(&ask(other, &xcom("sales_daily", TASK))),
        "token_owned_by_another"
    );
}

fn requests(server: &Server) -> f64 {
    let admin = server.sidecar.admin();
    admin.metric("dagward_requests_total", &[]).unwrap()
}

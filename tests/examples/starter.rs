//! `wasm-plugin.yaml`: the team policy, and one more policy for the time before there are teams.

use std::fs;

use dagward::authorize::Code;
use dagward::policy::Mode;
use dagward_shipped::manifest;
use dagward_workbench::paths;

use crate::asking::{API_SERVER, Asked, GATEWAY, HEARTBEAT, LOG, PAYMENTS, RUN, SCHEDULER, WORKER};
use crate::files::{policy_in, ruleset};
use crate::sites::{Sites, everywhere};

fn starter() -> Sites {
    everywhere("wasm-plugin.yaml")
}

#[test]
fn it_is_the_team_policy_but_for_its_mode_and_its_first_policy() {
    let mut starter = policy_in("wasm-plugin.yaml").unwrap();
    assert_eq!(starter["mode"], "shadow");
    starter["mode"] = "enforce".into();
    let policies = starter["policies"].as_array_mut().unwrap();
    assert_eq!(policies.remove(0)["name"], "until-each-team-has-an-account");
    assert_eq!(starter, policy_in("examples/policies/two-teams.yaml").unwrap());
}

/// A folder for `kubectl apply -k` cannot contain a file from above it.
#[test]
fn the_base_has_the_plugin_of_the_root() {
    let [root, base] = ["wasm-plugin.yaml", "examples/istio/wasm-plugin.yaml"]
        .map(|file| fs::read_to_string(paths::workspace().join(file)).unwrap());
    assert!(root == base, "copy it: `cp wasm-plugin.yaml examples/istio/`");
}

/// The plugin by itself fails closed, in each mode.
#[test]
fn the_plugin_alone_fails_closed() {
    let plugin = manifest::read("wasm-plugin.yaml").unwrap();
    assert_eq!(plugin["spec"]["failStrategy"], "FAIL_RELOAD");
    assert_eq!(plugin["spec"]["pluginName"], "dagward");
}

#[test]
fn an_airflow_of_the_chart_works() {
    let starter = starter();
    assert_eq!(ruleset("wasm-plugin.yaml").mode(), Mode::Shadow);
    for (peer, request) in [
        (WORKER, RUN),
        (WORKER, HEARTBEAT),
        (SCHEDULER, RUN),
        (WORKER, "GET /execution/variables/region"),
        (WORKER, "POST /execution/xcoms/etl/r/extract/return_value"),
        (WORKER, "GET /execution/task-instances/states?dag_id=etl"),
        (GATEWAY, "GET /"),
        (GATEWAY, "HEAD /dags/etl/runs/r?tab=code"),
        (GATEWAY, "GET /static/assets/index.js"),
        (GATEWAY, "GET /ui/dags"),
        (GATEWAY, "POST /api/v2/dags/etl/dagRuns"),
        (GATEWAY, "POST /auth/token"),
        (API_SERVER, LOG),
        (PAYMENTS, "GET /api/v2/monitor/health"),
    ] {
        assert_eq!(
            Asked::of(peer, request).refused(&starter),
            None,
            "{peer} {request}"
        );
    }
}

#[test]
fn only_tasks_use_the_task_s_api() {
    let starter = starter();
    for (peer, request) in [
        (WORKER, "POST /api/v2/dags/etl/dagRuns"),
        (WORKER, LOG),
        (GATEWAY, RUN),
        (PAYMENTS, "GET /execution/connections/warehouse"),
    ] {
        let refused = Asked::of(peer, request).refused(&starter);
        assert_eq!(refused, Some(Code::NoRuleAllows), "{peer} {request}");
    }
}

//! The shipped policies, all of them in enforce mode except the one that observes.

use dagward_build as module;
use dagward_shipped::manifest;
use dagward_testbed::sidecar::Plugin;
use serde_json::{Value, json};

/// The policy to begin with.
pub(crate) fn starter() -> Plugin {
    enforced("wasm-plugin.yaml")
}

/// The policy for teams that have their own workers.
pub(crate) fn two_teams() -> Plugin {
    enforced("examples/policies/two-teams.yaml")
}

/// The policy for one team, with a service account for each component.
pub(crate) fn components() -> Plugin {
    enforced("examples/policies/components.yaml")
}

/// The policy for DAGs whose tasks all run under one service account.
pub(crate) fn one_account() -> Plugin {
    enforced("examples/policies/one-account.yaml")
}

/// The same policy, in which a task writes only its own XComs. The task must be known from its pod.
pub(crate) fn one_account_by_task() -> Plugin {
    let mut plugin = one_account();
    let mut policy: Value = serde_json::from_str(&plugin.configuration).unwrap();
    let rule = policy.pointer_mut("/policies/2/rules/1").unwrap();
    for side in ["from", "to"] {
        rule[side][0]["tasks"] = json!(["{task}"]);
    }
    plugin.configuration = policy.to_string();
    plugin
}

/// The policy for Airflow's own teams.
pub(crate) fn airflow_teams() -> Plugin {
    enforced("examples/policies/airflow-teams.yaml")
}

/// The policy of a service that is not Airflow.
pub(crate) fn business_service() -> Plugin {
    enforced("examples/policies/business-service.yaml")
}

/// The policy of the first day, unchanged.
pub(crate) fn first_day() -> Plugin {
    let manifest = manifest::read("examples/policies/observe-first-day.yaml").unwrap();
    let policy = manifest::policy(&manifest).unwrap();
    Plugin::new(&module::build().unwrap().path, &policy.to_string())
}

fn enforced(file: &str) -> Plugin {
    let module = module::build().unwrap();
    Plugin::new(&module.path, &manifest::enforced(file).unwrap())
}

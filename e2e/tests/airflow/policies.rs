//! The shipped policies, all of them in enforce mode except the one that observes.

use dagward_build as module;
use dagward_shipped::manifest;
use dagward_testbed::sidecar::Plugin;

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

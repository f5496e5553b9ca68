//! The shipped policies, in enforce mode.

use dagward_lab::sidecar::Plugin;
use dagward_lab::{manifest, module};

/// The policy of `wasm-plugin.yaml`, as it is once the user goes on from shadow mode.
pub(crate) fn starter() -> Plugin {
    enforced("wasm-plugin.yaml")
}

/// The policy for teams with workers of their own.
pub(crate) fn two_teams() -> Plugin {
    enforced("examples/policies/two-teams.yaml")
}

fn enforced(file: &str) -> Plugin {
    let manifest = manifest::read(file).unwrap();
    let mut policy = manifest::policy(&manifest).unwrap().clone();
    policy["mode"] = "enforce".into();
    Plugin::new(&module::build().unwrap().path, &policy.to_string())
}

//! The shipped policies, in enforce mode.

use dagward_lab::sidecar::Plugin;
use dagward_lab::{manifest, module};

/// The policy to begin with.
pub(crate) fn starter() -> Plugin {
    enforced("wasm-plugin.yaml")
}

/// The policy for teams with workers of their own.
pub(crate) fn two_teams() -> Plugin {
    enforced("examples/policies/two-teams.yaml")
}

fn enforced(file: &str) -> Plugin {
    let module = module::build().unwrap();
    Plugin::new(&module.path, &manifest::enforced(file).unwrap())
}

//! One configuration of the plugin, which all its streams share.

use dagward::configuration::Configuration;
use dagward::exchange::Setting;
use dagward::learn;
use dagward::token::TokenVerifiers;

use super::keys::Keys;
use super::node::Node;
use super::random::random;
use super::tokens::Verification;

/// The state that all streams of one plugin configuration share.
pub(super) struct Plugin {
    pub(super) configuration: Configuration,
    pub(super) node: Node,
    pub(super) verification: Verification,
    pub(super) keys: Keys,
    /// The key under which learned tasks are stored.
    pub(super) key: learn::Key,
}

impl Plugin {
    /// The facts about the proxy that the engine needs for the current event.
    pub(super) fn setting(&self) -> Setting<'_> {
        Setting {
            ruleset: self.configuration.ruleset(),
            pod: self.node.pod.as_ref(),
            label: &self.node.label,
            key: self.key,
            verifiers: self.verifiers(),
            random,
        }
    }

    /// The verifiers of the current request's tokens; `None` if the policy names no issuers.
    fn verifiers(&self) -> Option<TokenVerifiers<'_>> {
        let ruleset = self.configuration.ruleset()?;
        (!ruleset.issuers().is_empty()).then(|| self.verification.verifiers(&self.keys))
    }
}

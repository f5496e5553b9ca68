//! One configuration of the plugin, which all its streams share.

use dagward::configuration::Configuration;
use dagward::exchange::Setting;
use dagward::learn;
use dagward::token::TokenVerifiers;

use super::keys::Keys;
use super::node::Node;
use super::random::random;
use super::tokens::Verification;

/// What all streams of one plugin configuration share.
pub(super) struct Plugin {
    pub(super) configuration: Configuration,
    pub(super) node: Node,
    pub(super) verification: Verification,
    pub(super) keys: Keys,
    /// The key by which learned tasks are kept.
    pub(super) key: learn::Key,
}

impl Plugin {
    /// What the rooms need to know of the proxy for the event that is being handled.
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

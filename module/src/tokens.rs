//! Verification of requests' tokens, in this proxy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dagward::token::{BadMetadata, Claims, Clock, TokenVerifiers, Tokens, verified_by_istio};

use super::signature::Verifier;
use super::{Plugin, abi, random};

/// The state that stays the same while a policy is in force.
pub(super) struct Verification {
    tokens: Tokens,
    verifier: Verifier,
    clock: Clock,
}

impl Verification {
    /// The state before the first token.
    pub(super) fn new(verifier: Verifier) -> Self {
        Self {
            tokens: Tokens::new(random()),
            verifier,
            clock: Clock::new(abi::uptime(), wall_clock()),
        }
    }
}

impl Plugin {
    /// The verifiers of the current request's tokens; `None` if the policy names no issuers.
    pub(super) fn verifiers(&self) -> Option<TokenVerifiers<'_>> {
        let ruleset = self.configuration.ruleset()?;
        (!ruleset.issuers().is_empty()).then(|| TokenVerifiers {
            tokens: &self.verification.tokens,
            keys: &self.keys,
            signatures: &self.verification.verifier,
            istio: &heard,
            now: self.verification.clock.seconds(abi::uptime(), wall_clock),
        })
    }
}

/// The claims that Istio has verified, from the request's dynamic metadata.
fn heard() -> Result<Vec<Claims>, BadMetadata> {
    verified_by_istio(&abi::property(b"metadata").unwrap_or_default())
}

/// The time since the epoch. If the clock is before the epoch, every token counts as not yet issued.
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

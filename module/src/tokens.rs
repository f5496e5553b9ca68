//! Verification of requests' tokens, in this proxy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dagward::token::{BadMetadata, Claims, Clock, TokenVerifiers, Tokens, verified_by_istio};

use super::abi;
use super::keys::Keys;
use super::random::random;
use super::signature::Verifier;

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

impl Verification {
    /// The verifiers of the current request's tokens.
    pub(super) fn verifiers<'v>(&'v self, keys: &'v Keys) -> TokenVerifiers<'v> {
        TokenVerifiers {
            tokens: &self.tokens,
            keys,
            signatures: &self.verifier,
            istio: &heard,
            now: self.clock.seconds(abi::uptime(), wall_clock),
        }
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

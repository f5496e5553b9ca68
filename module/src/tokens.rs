//! Who judges the tokens of requests, in this proxy.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dagward::token::{BadMetadata, Claims, Kind, TokenResult, TokenVerifiers, Tokens, verified_by_istio};

use super::host::Host;
use super::meter::ledger;
use super::signature::Verifier;
use super::{Plugin, abi, random};

/// For so long the monotonic clock stands for the other, which may be set meanwhile.
const TRUSTED: Duration = Duration::from_secs(10);

/// What stays the same while a policy is in force.
pub(super) struct Verification {
    tokens: Tokens,
    verifier: Verifier,
    clock: Clock,
}

/// The time of day, without asking the host for each request: the uptime when it was asked last, and
/// its answer.
struct Clock(Cell<(Duration, Duration)>);

impl Verification {
    /// Nothing is known yet.
    pub(super) fn new(verifier: Verifier) -> Self {
        Self {
            tokens: Tokens::new(random()),
            verifier,
            clock: Clock(Cell::new((abi::uptime(), wall_clock()))),
        }
    }
}

impl Plugin {
    /// The judges of the current request's tokens; `None` where the policy names no issuers.
    pub(super) fn verifiers(&self) -> Option<TokenVerifiers<'_>> {
        let ruleset = self.configuration.ruleset.as_ref()?;
        (!ruleset.issuers().is_empty()).then(|| TokenVerifiers {
            tokens: &self.verification.tokens,
            keys: &self.keys,
            signatures: &self.verification.verifier,
            istio: &heard,
            now: self.verification.clock.seconds(),
        })
    }
}

/// The claims that Istio has verified, from the request's dynamic metadata.
fn heard() -> Result<Vec<Claims>, BadMetadata> {
    verified_by_istio(&abi::property(b"metadata").unwrap_or_default())
}

impl Clock {
    /// The seconds since the epoch.
    fn seconds(&self) -> u64 {
        let (asked, said) = self.0.get();
        let uptime = abi::uptime();
        match uptime.checked_sub(asked) {
            Some(past) if past < TRUSTED => (said + past).as_secs(),
            Some(_) | None => {
                let now = wall_clock();
                self.0.set((uptime, now));
                now.as_secs()
            }
        }
    }
}

/// The time since the epoch. A clock before it lets no token be issued yet.
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Counts what came of tokens.
pub(super) fn count(results: &[TokenResult]) {
    if !results.is_empty() {
        ledger(|ledger| {
            for results in results {
                let kind = results.kind.map_or("unknown", Kind::as_str);
                ledger.token(kind, results.result(), &mut Host);
            }
        });
    }
}

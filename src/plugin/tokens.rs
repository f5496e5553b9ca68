//! Who judges the tokens of requests, in this proxy.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::token::{BadMetadata, Claims, Judged, Judges, Kind, Tokens, verified_by_istio};

use super::decided::ledger;
use super::meter::Host;
use super::signature::Verifier;
use super::{Plugin, abi, random};

/// For so long the monotonic clock stands for the other, which may be set meanwhile.
const TRUSTED: Duration = Duration::from_secs(10);

/// What stays the same while a policy is in force.
pub(super) struct Judging {
    tokens: Tokens,
    verifier: Verifier,
    clock: Clock,
}

/// What time it is, without asking the host for each request: when it was asked last, and what it said.
struct Clock(Cell<(Instant, Duration)>);

impl Judging {
    /// Nothing is known yet.
    pub(super) fn new(verifier: Verifier) -> Self {
        Self {
            tokens: Tokens::new(random()),
            verifier,
            clock: Clock(Cell::new((Instant::now(), wall_clock()))),
        }
    }
}

impl Plugin {
    /// Who judges the tokens of the current request, which came at `since`; `None` where the policy names no issuers.
    pub(super) fn judges(&self, since: Instant) -> Option<Judges<'_>> {
        let ruleset = self.configuration.ruleset.as_ref()?;
        (!ruleset.issuers().is_empty()).then(|| Judges {
            tokens: &self.judging.tokens,
            keys: &self.keys,
            signatures: &self.judging.verifier,
            istio: &heard,
            now: self.judging.clock.at(since),
        })
    }
}

/// The claims that Istio has verified, from the request's dynamic metadata.
fn heard() -> Result<Vec<Claims>, BadMetadata> {
    verified_by_istio(&abi::property(b"metadata").unwrap_or_default())
}

impl Clock {
    /// The second since the epoch at `instant`.
    fn at(&self, instant: Instant) -> u64 {
        let (asked, said) = self.0.get();
        match instant.checked_duration_since(asked) {
            Some(past) if past < TRUSTED => (said + past).as_secs(),
            Some(_) | None => {
                let now = wall_clock();
                self.0.set((Instant::now(), now));
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
pub(super) fn count(judged: &[Judged]) {
    if !judged.is_empty() {
        ledger(|ledger| {
            for judged in judged {
                let kind = judged.kind.map_or("unknown", Kind::as_str);
                ledger.token(kind, judged.result(), &mut Host);
            }
        });
    }
}

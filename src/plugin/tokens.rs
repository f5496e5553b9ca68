//! Who judges the tokens of requests, in this proxy.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::token::{Claims, Judged, Judges, Kind, Tokens, verified_by_istio};

use super::decided::ledger;
use super::meter::Host;
use super::signature::Verifier;
use super::{Plugin, abi, random};

/// What stays the same while a policy is in force.
pub(super) struct Judging {
    tokens: Tokens,
    verifier: Verifier,
}

impl Judging {
    /// Nothing is known yet.
    pub(super) fn new(verifier: Verifier) -> Self {
        Self {
            tokens: Tokens::new(random()),
            verifier,
        }
    }
}

impl Plugin {
    /// Who judges the tokens of the current request; `None` where the policy names no issuers.
    pub(super) fn judges(&self) -> Option<Judges<'_>> {
        let ruleset = self.configuration.ruleset.as_ref()?;
        (!ruleset.issuers().is_empty()).then(|| Judges {
            tokens: &self.judging.tokens,
            keys: &self.keys,
            signatures: &self.judging.verifier,
            istio: &heard,
            now: now(),
        })
    }
}

/// The claims that Istio has verified, from the request's dynamic metadata.
fn heard() -> Vec<Claims> {
    verified_by_istio(&abi::property(b"metadata").unwrap_or_default())
}

/// Seconds since the epoch. A clock before it lets no token be issued yet.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
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

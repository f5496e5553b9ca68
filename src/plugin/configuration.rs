//! The policy in force: the document given, or the last good one.

use log::{error, info};

use crate::policy::{self, LoadError, Ruleset};
use crate::token::Issuer;

use super::abi;
use super::host::Host;
use super::meter::ledger;
use super::signature::Verifier;

/// The most errors that are logged line by line.
const MAX_LINES: usize = 100;

/// The policy in force.
pub(super) struct Configuration {
    /// `None` where no document was ever good: nothing passes.
    pub(super) ruleset: Option<Ruleset>,
}

impl Configuration {
    /// Loads a document. A bad one leaves the last good one of this plugin in force, which the VMs
    /// of the proxy share and a VM that was reloaded finds again.
    pub(super) fn load(document: Vec<u8>, verifier: Verifier) -> Self {
        let key = format!("dagward.policy.{}", abi::text(b"plugin_name").unwrap_or_default());
        match policy::read(&document) {
            Ok(draft) => {
                // Not compared with what is there: that would take the document's size again in a
                // memory that never shrinks.
                abi::set_shared(&key, &document, 0);
                drop(document);
                let ruleset = draft.compile();
                info!(
                    "dagward {}: mode {}, {} policies, {} rules",
                    env!("CARGO_PKG_VERSION"),
                    ruleset.mode(),
                    ruleset.policies(),
                    ruleset.rules()
                );
                Self::show(Some(&ruleset), "current", verifier);
                Self {
                    ruleset: Some(ruleset),
                }
            }
            Err(errors) => {
                let last = abi::shared(&key).and_then(|(document, _)| policy::load(&document).ok());
                log_all(&errors, last.is_some());
                Self::show(
                    last.as_ref(),
                    if last.is_some() {
                        "update_refused"
                    } else {
                        "refused"
                    },
                    verifier,
                );
                Self { ruleset: last }
            }
        }
    }

    /// The issuers whose tokens it knows.
    pub(super) fn issuers(&self) -> &[Issuer] {
        self.ruleset.as_ref().map_or(&[], Ruleset::issuers)
    }

    fn show(ruleset: Option<&Ruleset>, status: &str, verifier: Verifier) {
        let mode = ruleset.map_or("none", |ruleset| ruleset.mode().as_str());
        ledger(|ledger| ledger.configured(mode, status, verifier.as_str(), &mut Host));
    }
}

fn log_all(errors: &[LoadError], last_good: bool) {
    let what_now = match last_good {
        true => "the last good one stays in force",
        false => "every request is refused until a good one comes",
    };
    error!(
        "dagward: the policy document is refused, {what_now}; {} errors:",
        errors.len()
    );
    for error in errors.iter().take(MAX_LINES) {
        error!("dagward: {error}");
    }
    if let Some(more) = errors.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
        error!("dagward: and {more} more; `dagward validate` shows them all");
    }
}

//! The policy in force: the document given, or the last good one.

use log::{error, info};

use dagward::policy::{self, LoadError, Mode, Ruleset};
use dagward::token::Issuer;

use super::abi;
use super::host::Host;
use super::meter::ledger;
use super::signature::Verifier;

/// The most errors that are logged line by line.
const MAX_LINES: usize = 100;

/// The `pluginName` under which a document that does not load refuses nothing.
///
/// The document cannot say this itself, as it may not be readable. Envoy shows the name anew with each
/// update; the variables of a VM that runs it changes since 1.39 only.
const OPEN: &str = "dagward-open";

/// The policy of an open plugin that never had a good document.
const OBSERVE: &[u8] = br#"{"apiVersion":"dagward/v1","mode":"observe","policies":[]}"#;

/// The policy in force.
pub(super) struct Configuration {
    /// `None` where no document was ever good and the plugin is not open: nothing passes.
    pub(super) ruleset: Option<Ruleset>,
}

impl Configuration {
    /// Loads a document. A bad one leaves the last good one of this plugin in force, which the VMs
    /// of the proxy share and a VM that was reloaded finds again. An open plugin keeps none that
    /// enforces: it may be what a rollback is to end.
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
                let open = abi::text(b"plugin_root_id").is_some_and(|name| name == OPEN);
                let last = abi::shared(&key)
                    .and_then(|(document, _)| policy::load(&document).ok())
                    .filter(|last| !open || last.mode() != Mode::Enforce);
                let (status, what_now, mode) = match (&last, open) {
                    // It may be of an open plugin, and refuse nothing where this one is to enforce.
                    (Some(last), _) => (
                        "update_refused",
                        "the last good one stays in force with mode ",
                        last.mode().as_str(),
                    ),
                    (None, true) => ("passing", "every request passes until a good one comes", ""),
                    (None, false) => ("refused", "every request is refused until a good one comes", ""),
                };
                log_all(&errors, what_now, mode);
                let ruleset = match open {
                    true => last.or_else(|| policy::load(OBSERVE).ok()),
                    false => last,
                };
                Self::show(ruleset.as_ref(), status, verifier);
                Self { ruleset }
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

fn log_all(errors: &[LoadError], what_now: &str, mode: &str) {
    error!(
        "dagward: the policy document is refused, {what_now}{mode}; {} errors:",
        errors.len()
    );
    for error in errors.iter().take(MAX_LINES) {
        error!("dagward: {error}");
    }
    if let Some(more) = errors.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
        error!("dagward: and {more} more; `dagward validate` shows them all");
    }
}

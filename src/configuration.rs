//! The policy in force: the given document, or the last good one.

use crate::policy::{self, LoadError, Mode, Ruleset};
use crate::store::Shared;
use crate::token::Issuer;

/// The most errors that are logged line by line.
const MAX_LINES: usize = 100;

/// The `pluginName` under which a document that does not load refuses no request.
///
/// The document cannot contain this setting, because it may not be readable. Envoy passes the name again with
/// each update, but the variables of a running VM only since 1.39.
const OPEN: &str = "dagward-open";

/// The policy of an open plugin that never had a good document.
const OBSERVE: &[u8] = br#"{"apiVersion":"dagward/v1","mode":"observe","policies":[]}"#;

/// The names of the plugin in the proxy.
#[derive(Debug, Clone, Copy, Default)]
pub struct PluginNames<'p> {
    /// The name of its resource, which is unique in the proxy.
    pub name: &'p str,
    /// Its `pluginName`.
    pub root_id: &'p str,
}

/// The policy in force.
#[derive(Debug)]
pub struct Configuration {
    ruleset: Option<Ruleset>,
    status: Status,
    errors: Vec<LoadError>,
}

/// The origin of the policy in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The given document.
    Current,
    /// The last good document, because the given one is invalid.
    UpdateRefused,
    /// There is no good document, but the plugin is open: every request passes.
    Passing,
    /// There is no good document: every request is refused.
    Refused,
}

impl Configuration {
    /// Loads a document. If it is invalid, this plugin's last good one stays in force. The VMs of the proxy
    /// share that one, and a VM that was reloaded finds it again. An open plugin keeps no document that
    /// enforces: a rollback may be meant to end exactly that.
    pub fn load(document: Vec<u8>, plugin: PluginNames<'_>, store: &mut impl Shared) -> Self {
        let key = format!("dagward.policy.{}", plugin.name);
        let errors = match policy::read(&document) {
            Ok(draft) => {
                // Written without comparing it with the stored value: that would need the document's size
                // again, in a memory that never shrinks.
                store.write(&key, &document);
                drop(document);
                return Self {
                    ruleset: Some(draft.compile()),
                    status: Status::Current,
                    errors: Vec::new(),
                };
            }
            Err(errors) => errors,
        };
        let open = plugin.root_id == OPEN;
        let last = store
            .read(&key)
            .and_then(|(document, _)| policy::load(&document).ok())
            .filter(|last| !open || last.mode() != Mode::Enforce);
        let (ruleset, status) = match (last, open) {
            (Some(last), _) => (Some(last), Status::UpdateRefused),
            (None, true) => (policy::load(OBSERVE).ok(), Status::Passing),
            (None, false) => (None, Status::Refused),
        };
        Self {
            ruleset,
            status,
            errors,
        }
    }

    /// The policy; `None` if no document was ever good and the plugin is not open. Then no request passes.
    pub fn ruleset(&self) -> Option<&Ruleset> {
        self.ruleset.as_ref()
    }

    /// The issuers in the policy.
    pub fn issuers(&self) -> &[Issuer] {
        self.ruleset().map_or(&[], Ruleset::issuers)
    }

    /// The origin of the policy.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The policy's mode as a metric's label.
    pub fn mode(&self) -> &'static str {
        self.ruleset().map_or("none", |ruleset| ruleset.mode().as_str())
    }

    /// The lines for the log: a summary of the policy if the status is [`Status::Current`], otherwise a heading
    /// and one line for each error.
    pub fn lines(&self) -> Vec<String> {
        let Some(what_now) = self.status.what_now() else {
            let ruleset = self.ruleset().map(|ruleset| {
                let (mode, policies, rules) = (ruleset.mode(), ruleset.policies(), ruleset.rules());
                format!("mode {mode}, {policies} policies, {rules} rules")
            });
            let version = env!("CARGO_PKG_VERSION");
            return vec![format!("dagward {version}: {}", ruleset.unwrap_or_default())];
        };
        // The last good document may come from an open plugin and refuse no request, although this plugin must
        // enforce. So the line names the mode.
        let mode = match self.status {
            Status::UpdateRefused => format!(" with mode {}", self.mode()),
            Status::Current | Status::Passing | Status::Refused => String::new(),
        };
        let count = self.errors.len();
        let mut lines = vec![format!(
            "dagward: the policy document is refused, {what_now}{mode}; {count} errors:"
        )];
        let shown = self.errors.iter().take(MAX_LINES);
        lines.extend(shown.map(|error| format!("dagward: {error}")));
        if let Some(more) = count.checked_sub(MAX_LINES).filter(|more| *more > 0) {
            lines.push(format!(
                "dagward: and {more} more; `dagward validate` shows them all"
            ));
        }
        lines
    }
}

impl Status {
    /// The value of the metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::UpdateRefused => "update_refused",
            Self::Passing => "passing",
            Self::Refused => "refused",
        }
    }

    /// The consequence for requests if the document is invalid.
    fn what_now(self) -> Option<&'static str> {
        match self {
            Self::Current => None,
            Self::UpdateRefused => Some("the last good one stays in force"),
            Self::Passing => Some("every request passes until a good one comes"),
            Self::Refused => Some("every request is refused until a good one comes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    const CLOSED: PluginNames<'_> = PluginNames {
        name: "airflow.dagward",
        root_id: "dagward",
    };
    const OPENED: PluginNames<'_> = PluginNames {
        root_id: OPEN,
        ..CLOSED
    };

    fn document(mode: &str) -> Vec<u8> {
        format!(r#"{{"apiVersion":"dagward/v1","mode":"{mode}","policies":[]}}"#).into_bytes()
    }

    fn load(document: &[u8], plugin: PluginNames<'_>, store: &mut Memory) -> (Status, &'static str) {
        let loaded = Configuration::load(document.to_vec(), plugin, store);
        assert_eq!(loaded.status() == Status::Current, loaded.errors.is_empty());
        (loaded.status(), loaded.mode())
    }

    #[test]
    fn a_bad_document_leaves_the_last_good_one_in_force() {
        let store = &mut Memory::default();
        assert_eq!(load(b"{", CLOSED, store), (Status::Refused, "none"));
        for mode in ["shadow", "enforce"] {
            assert_eq!(load(&document(mode), CLOSED, store), (Status::Current, mode));
            // A new VM finds it as well.
            assert_eq!(load(b"{", CLOSED, store), (Status::UpdateRefused, mode));
        }
        // Another plugin has documents of its own.
        let other = PluginNames {
            name: "airflow.other",
            ..CLOSED
        };
        assert_eq!(load(b"{", other, store), (Status::Refused, "none"));
    }

    #[test]
    fn an_open_plugin_enforces_no_document_but_the_one_that_is_given() {
        let store = &mut Memory::default();
        assert_eq!(load(b"{", OPENED, store), (Status::Passing, "observe"));
        assert_eq!(
            load(&document("enforce"), OPENED, store),
            (Status::Current, "enforce")
        );
        assert_eq!(load(b"{", OPENED, store), (Status::Passing, "observe"));
        assert_eq!(
            load(&document("shadow"), OPENED, store),
            (Status::Current, "shadow")
        );
        assert_eq!(load(b"{", OPENED, store), (Status::UpdateRefused, "shadow"));
    }

    #[test]
    fn the_log_says_which_policy_is_in_force_and_what_is_wrong() {
        let store = &mut Memory::default();
        let lines = |document: &[u8], store: &mut Memory| {
            Configuration::load(document.to_vec(), CLOSED, store).lines()
        };
        let good = lines(&document("shadow"), store);
        let expected = "mode shadow, 0 policies, 0 rules";
        assert!(
            matches!(good.as_slice(), [line] if line.ends_with(expected)),
            "{good:?}"
        );
        let unknown: Vec<_> = (0..103).map(|number| format!(r#""x{number}":1"#)).collect();
        let bad = format!(
            r#"{{"apiVersion":"dagward/v1","policies":[],{}}}"#,
            unknown.join(",")
        );
        let lines = lines(bad.as_bytes(), store);
        assert_eq!(lines.len(), 1 + MAX_LINES + 1);
        assert_eq!(
            lines[0],
            "dagward: the policy document is refused, the last good one stays in force with mode shadow; 103 errors:"
        );
        assert_eq!(
            lines[101],
            "dagward: and 3 more; `dagward validate` shows them all"
        );
    }
}

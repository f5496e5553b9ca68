//! The tasks that the proxy has learned of, in the store that its VMs share, and from whom.

use crate::learn::{Learned, Tasks};
use crate::measure::Direction;
use crate::policy::Ruleset;

use super::Plugin;
use super::connection::upstream;
use super::decided::ledger;
use super::meter::Host;

/// What is known of a task instance from what was answered in this direction.
pub(super) fn known(direction: Direction, task: &str) -> Option<Learned> {
    Tasks::new(&mut Host, direction).get(task)
}

/// Changes what is known of a task instance.
pub(super) fn learn(direction: Direction, task: &str, change: impl Fn(&mut Learned)) {
    if let Some(count) = Tasks::new(&mut Host, direction).change(task, change) {
        ledger(|ledger| ledger.learned(count, &mut Host));
    }
}

impl Plugin {
    /// Whether what Airflow answers on the way out teaches.
    pub(super) fn learns_outbound(&self) -> bool {
        let ruleset = self.configuration.ruleset.as_ref();
        ruleset.is_some_and(Ruleset::names_api_servers)
    }

    /// Whether the answer to a request that came to `listener` is Airflow's: on the way in it is that
    /// of the app behind the proxy. On the way out it may be that of a server which a task has
    /// started itself; an api-server shows its certificate.
    pub(super) fn is_answered_by_airflow(&self, listener: Direction) -> bool {
        let Some(ruleset) = &self.configuration.ruleset else {
            return false;
        };
        match listener {
            Direction::Inbound => true,
            Direction::Outbound => {
                upstream().is_some_and(|upstream| ruleset.lists_api_server(upstream.as_str()))
            }
        }
    }
}

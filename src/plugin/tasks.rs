//! The tasks that the proxy has learned of, in the store that its VMs share.

use crate::learn::{Learned, Tasks};

use super::decided::ledger;
use super::meter::Host;

/// What is known of a task instance.
pub(super) fn known(task: &str) -> Option<Learned> {
    Tasks::new(&mut Host).get(task)
}

/// Changes what is known of a task instance.
pub(super) fn learn(task: &str, change: impl Fn(&mut Learned)) {
    if let Some(count) = Tasks::new(&mut Host).change(task, change) {
        ledger(|ledger| ledger.learned(count, &mut Host));
    }
}

//! The VM's ledger of metrics.

use std::cell::RefCell;

use dagward::metrics::Ledger;

/// Runs `then` with the VM's ledger. All plugins in the VM share one, because to define a metric twice takes
/// memory twice.
pub(super) fn ledger(then: impl FnOnce(&mut Ledger)) {
    thread_local! {
        static LEDGER: RefCell<Ledger> = RefCell::default();
    }
    LEDGER.with_borrow_mut(then);
}

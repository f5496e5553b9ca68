//! The number of a proxy's series that each caller may open.
//!
//! | requests | all callers together | one caller |
//! |---|---|---|
//! | allowed ones of tasks that the pod or Airflow names | 3/4 | 1/2 |
//! | all others, refused ones among them | 1/4 | 1/16 |
//! | of these, with a DAG or a task that only the caller names | in the same 1/4 | 1/40, in its 1/16 |
//!
//! All fractions are of the proxy's series.
//!
//! So no caller can use up the series of other callers' tasks, whatever ids it claims, whatever routes it
//! tries and however many DAGs it has.

use super::admission::{PROVEN, UNPROVEN, admit, may_admit, share_of};
use super::catalog::REQUESTS;
use crate::store::Shared;
use crate::verdict::Decision;

/// The labels that decide whether a request may open a series.
pub(super) struct Opening<'a> {
    /// The labels of `dagward_requests_total`.
    pub(super) labels: [&'a str; 7],
    /// The caller among them.
    pub(super) caller: &'a str,
    /// Whether more than a claim proves the DAG and the task.
    pub(super) proven: bool,
    /// Whether the labels have a DAG or a task that only the caller names.
    pub(super) claim: bool,
    /// The decision on the request.
    pub(super) decision: Decision,
}

/// The number of label sets that each party may open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    proven: u32,
    proven_of_caller: u32,
    unproven: u32,
    unproven_of_caller: u32,
    claims_of_caller: u32,
}

impl Shares {
    /// The shares of `max_series`.
    pub(super) fn of(max_series: u32) -> Self {
        Self {
            proven: max_series - max_series / 4,
            proven_of_caller: max_series / 2,
            unproven: max_series / 4,
            unproven_of_caller: max_series / 16,
            claims_of_caller: max_series / 40,
        }
    }

    /// Whether the series of these labels is open or may be opened.
    pub(super) fn admit(self, opening: &Opening<'_>, store: &mut impl Shared) -> bool {
        let series = REQUESTS.series(opening.labels);
        let (room, limit, of_caller) = match opening.proven && opening.decision == Decision::Allow {
            true => (PROVEN, self.proven, self.proven_of_caller),
            false if opening.claim => (UNPROVEN, self.unproven, self.claims_of_caller),
            false => (UNPROVEN, self.unproven, self.unproven_of_caller),
        };
        // The full room is checked first. Otherwise callers without limit would fill the store with rooms.
        may_admit(store, room, &series, limit)
            && admit(store, &share_of(opening.caller, room), &series, of_caller)
            && admit(store, room, &series, limit)
    }
}

//! What a hostile task, worker, neighbour or agent can try on real Airflow 3.3.2 with Celery, behind real sidecars.
//!
//! Each attempt is made twice on one Airflow: without the filter, where it succeeds unless its place says why
//! it cannot, and with the filter and the shipped policies, where it is refused, changes nothing in Airflow's
//! database, and disturbs nobody. `story.rs` tells it once; each family's file has its attempts and its tests.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod agents;
mod attempt;
mod bodies;
mod credentials;
mod deferred;
mod headers;
mod lock_out;
mod logs;
mod outcome;
mod paths;
mod plugins;
mod proof;
mod queue;
mod queued_token;
mod renewal;
mod runner;
mod scene;
mod story;
mod task;
mod theft;
mod unverified;
mod victims;

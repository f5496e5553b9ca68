//! The attempts of a hostile task, worker, neighbour or agent on real Airflow 3.3.2 with Celery, behind real sidecars.
//!
//! Each attempt is made twice on one Airflow. Without the filter it succeeds, unless a comment beside it says why it
//! cannot. With the filter and the shipped policies it is refused, changes nothing in Airflow's database, and has no
//! effect on other tasks. `story.rs` runs it all once. The file of each family has its attempts and its tests.

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

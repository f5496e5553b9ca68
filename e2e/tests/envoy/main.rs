//! The filter in real Envoys: between sidecars as Istio configures them, nothing mocked.
//!
//! Behaviour that every proxy must have is tested on each of [`setup::Setup`]'s four setups. A test that depends on
//! only one part of the proxy runs on the first.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod mesh;
mod setup;
mod tasks;

mod airflow_proof;
mod airflow_teams;
mod answers;
mod bodies;
mod callbacks;
mod configuration;
mod credentials;
mod deciding_bodies;
mod foreign_answers;
mod identity;
mod labels;
mod learned;
mod learned_for_long;
mod learned_outbound;
mod learning_floods;
mod live_update;
mod malformed;
mod metrics;
mod modes;
mod names;
mod odd_input;
mod outside;
mod protocols;
mod renewed_tokens;
mod replicas;
mod request_ids;
mod series_cap;
mod shipped;
mod task_headers;
mod token_keys;
mod tokens;
mod unenforced;
mod unverified_tokens;
mod waypoint;

//! The filter in a whole Istio: the real API server, istiod and its webhooks, injected sidecars with captured traffic,
//! and the files that users apply.
//!
//! `applied`: the API server and istiod accept all files. `steps`: the steps of `docs/guides/roll-out.md`, from
//! install to uninstall. `admission`: the rules for the creators of pods. `protocols`: no request passes by the
//! sidecars. `executor`: Airflow itself, each task in a pod of its own. `chart`: the official Helm chart's objects,
//! from install to enforce. `node`: the behaviour of the lab's own node.
//!
//! Tests that leave the control plane alone share one cluster, each with namespaces of its own, so they can run at
//! once. A test that stops a part of the cluster has its own.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod airflow;
mod figures;
mod files;
mod objects;
mod scene;

mod admission;
mod applied;
mod business;
mod chart;
mod crash;
mod database;
mod decisions;
mod definitions;
mod executor;
mod forgetting;
mod forms;
mod identity;
mod kept;
mod kustomized;
mod live_add;
mod manifests;
mod node;
mod outages;
mod private_registry;
mod protocols;
mod rejected;
mod steps;
mod teams;
mod tokens;
mod updates;
mod versions;

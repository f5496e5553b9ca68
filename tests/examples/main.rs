//! The files that users copy: each loads, and its policy decides as its comments say.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod ai_agents;
mod airflow_teams;
mod asking;
mod business_service;
mod callbacks;
mod chart;
mod components;
mod document;
mod files;
mod gateway;
mod one_account;
mod pages;
mod sites;
mod starter;
mod team_map;
mod tokens;
mod two_teams;

use dagward::metrics::catalog;
use dagward::policy::Mode;
use files::{policy_in, ruleset, stat_tags, tag_names, yaml_files};
use sites::everywhere;

#[test]
fn every_policy_loads() {
    let with_policy: Vec<_> = yaml_files()
        .into_iter()
        .filter(|file| policy_in(file).is_some())
        .collect();
    assert_eq!(
        with_policy,
        [
            "examples/company/payments.yaml",
            "examples/company/policy.yaml",
            "examples/istio/traffic-extension.yaml",
            "examples/istio/wasm-plugin.yaml",
            "examples/istio/waypoint.yaml",
            "examples/policies/ai-agents.yaml",
            "examples/policies/airflow-teams.yaml",
            "examples/policies/business-service.yaml",
            "examples/policies/components.yaml",
            "examples/policies/names-in-names.yaml",
            "examples/policies/observe-first-day.yaml",
            "examples/policies/one-account.yaml",
            "examples/policies/teams-list.yaml",
            "examples/policies/two-teams.yaml",
            "wasm-plugin.yaml",
        ]
    );
    for file in with_policy {
        // One decision for each installation.
        everywhere(&file);
        let ruleset = ruleset(&file);
        assert_eq!(ruleset.policies() == 0, ruleset.mode() == Mode::Observe, "{file}");
    }
}

#[test]
fn the_stat_tags_are_the_labels() {
    let mut labels: Vec<&str> = catalog::ALL
        .iter()
        .flat_map(|(_, _, labels)| *labels)
        .copied()
        .collect();
    labels.sort_unstable();
    labels.dedup();
    let patch = "/spec/template/metadata/annotations";
    for (file, mut tags) in [
        ("examples/istio/proxy-config.yaml", patch),
        ("examples/helm/values.yaml", "/airflowPodAnnotations"),
    ]
    .map(|(file, annotations)| (file, stat_tags(file, annotations)))
    .into_iter()
    .chain([(
        "examples/func-e/envoy.yaml",
        tag_names("examples/func-e/envoy.yaml"),
    )]) {
        tags.sort_unstable();
        assert_eq!(tags, labels, "{file}");
    }
}

//! Tokens for tasks of team sales that Airflow has not signed, sent to routes on which it does not verify tokens:
//! health routes, pages and documentation. Its answer must not bind the tokens to their senders, or the filter would
//! refuse sales' own worker.

use anyhow::Result;
use dagward_testbed::airflow::{Component, Deployment};
use dagward_testbed::client::{Client, Request};

use crate::lock_out::forged;
use crate::outcome::Outcome;
use crate::story::STORY;

const HOST: &str = "airflow-api-server:8080";

/// Routes that Airflow answers with 200, with any token.
const OPEN: [&str; 6] = [
    "/api/v2/monitor/health",
    "/api/v2/version",
    "/execution/health",
    "/execution/health/ping",
    "/execution/docs",
    "/",
];

/// The senders: a task of team ml behind its sidecar, a workload without one, and any client that comes through the
/// ingress.
const SENDERS: [&str; 3] = ["a task of ml", "an agent", "the gateway"];

/// The outcome of one of them.
#[derive(Debug)]
pub(crate) struct Shown {
    sender: &'static str,
    path: &'static str,
    /// Whether the token's task has begun.
    runs: bool,
    outcome: Outcome,
}

/// Sends all of them, for a running task and for a queued one.
pub(crate) fn show(d: &Deployment, running: &str, queued: &str) -> Result<Vec<Shown>> {
    let peer = |namespace, account| -> Result<Client> {
        let identity = d.authority().service_account(namespace, account)?;
        d.client_as(&identity, Component::ApiServer)
    };
    let clients = [
        d.client_in(Component::Worker("ml"))?,
        peer("ai-agents", "assistant")?,
        peer("istio-ingress", "gateway")?,
    ];
    let mut all = Vec::new();
    for (sender, client) in SENDERS.into_iter().zip(&clients) {
        for path in OPEN {
            for (task, runs) in [(running, true), (queued, false)] {
                let token = format!("Bearer {}", forged(task));
                let answer = client.send(&Request::get(HOST, path).header("authorization", token))?;
                all.push(Shown {
                    sender,
                    path,
                    runs,
                    outcome: Outcome::answered(&answer),
                });
            }
        }
    }
    Ok(all)
}

#[test]
fn airflow_alone_answers_them_all() {
    let shown = &STORY.open.unverified;
    assert_eq!(shown.len(), SENDERS.len() * OPEN.len() * 2);
    for shown in shown {
        assert_eq!(shown.outcome.status, Some(200), "{shown:?}");
    }
}

#[test]
fn below_execution_they_are_refused_and_elsewhere_they_prove_nothing() {
    for shown in &STORY.guarded.unverified {
        let code = match (shown.path, shown.sender) {
            (path, _) if path.starts_with("/execution/") && shown.runs => "(token_owned_by_another)",
            (path, _) if path.starts_with("/execution/") => "(token_owner_unknown)",
            ("/api/v2/monitor/health", _) | (_, "the gateway") => "",
            _ => "(no_rule_allows)",
        };
        let status = if code.is_empty() { 200 } else { 403 };
        assert_eq!(shown.outcome.status, Some(status), "{shown:?}");
        assert!(shown.outcome.body.contains(code), "{shown:?}");
    }
}

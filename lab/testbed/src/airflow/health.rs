//! Checks whether a component works.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use super::component::Component;
use super::rest::HOST;
use crate::client::{Client, Request};
use dagward_releases::Release;

/// A Celery worker's message once it takes tasks.
const WORKING: &str = " ready.";

/// Asks the api-server, which reads the heartbeats of the others.
#[derive(Debug)]
pub(super) struct Health {
    client: Client,
    path: &'static str,
}

impl Health {
    pub(super) fn new(release: Release, api_server: SocketAddr) -> Self {
        let path = if release.is_airflow_2() {
            "/health"
        } else {
            "/api/v2/monitor/health"
        };
        Self {
            client: Client::plain(api_server),
            path,
        }
    }

    /// Whether `component`, whose process writes to `log`, works.
    pub(super) fn is_good(&self, component: Component, log: &Path) -> bool {
        let name = match component {
            Component::ApiServer | Component::Replica => "metadatabase",
            Component::Scheduler => "scheduler",
            Component::DagProcessor => "dag_processor",
            Component::Triggerer => "triggerer",
            // Airflow stores no heartbeats of Celery's workers.
            Component::Worker(_) => return fs::read_to_string(log).is_ok_and(|log| log.contains(WORKING)),
        };
        let answer = self.client.send(&Request::get(HOST, self.path));
        let health = answer.and_then(|answer| answer.json());
        health.is_ok_and(|health| {
            let status = health.get(name).and_then(|component| component.get("status"));
            status.is_some_and(|status| status == "healthy")
        })
    }
}

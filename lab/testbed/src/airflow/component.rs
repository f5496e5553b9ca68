//! The components of Airflow as its Helm chart defines them: the identity, the command and the port
//! of each.

use std::fmt;

use super::executor::Executor;
use dagward_releases::Release;

/// A pod of Airflow, with a service account of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// API and user interface; Airflow 2 calls it the webserver.
    ApiServer,
    /// A second api-server pod with the same account.
    Replica,
    /// The scheduler; with LocalExecutor it also runs all tasks.
    Scheduler,
    /// Parses DAG files; in Airflow 2 the scheduler does this.
    DagProcessor,
    /// Waits for deferred tasks.
    Triggerer,
    /// The Celery worker of a team, for the queue with the team's name.
    Worker(&'static str),
}

/// The teams that have a Celery worker.
pub const TEAMS: [&str; 2] = ["sales", "ml"];

/// Processes of a Celery worker.
const CONCURRENCY: &str = "4";

impl Component {
    /// All components of a deployment.
    pub(super) fn all(release: Release, executor: Executor) -> Vec<Self> {
        let mut all = vec![Self::ApiServer, Self::Scheduler, Self::Triggerer];
        if !release.is_airflow_2() {
            all.push(Self::DagProcessor);
        }
        if executor == Executor::Celery {
            all.extend(TEAMS.map(Self::Worker));
        }
        all
    }

    /// Its service account.
    pub fn account(self) -> String {
        match self {
            Self::ApiServer | Self::Replica => "airflow-api-server".to_owned(),
            Self::Scheduler => "airflow-scheduler".to_owned(),
            Self::DagProcessor => "airflow-dag-processor".to_owned(),
            Self::Triggerer => "airflow-triggerer".to_owned(),
            Self::Worker(team) => format!("airflow-worker-{team}"),
        }
    }

    /// Its name in the mesh: the name of its service, or the replica's own name.
    pub(super) fn name(self) -> String {
        match self {
            Self::Replica => "airflow-api-server-replica".to_owned(),
            _ => self.account(),
        }
    }

    /// Its port in the mesh, if it takes requests.
    pub(super) fn port(self, executor: Executor) -> Option<u16> {
        match self {
            Self::ApiServer | Self::Replica => Some(8080),
            Self::Worker(_) => Some(8793),
            Self::Scheduler => (executor == Executor::Local).then_some(8793),
            Self::Triggerer => Some(8794),
            Self::DagProcessor => None,
        }
    }

    /// The command line, without the program; the api-server listens on `port`.
    pub(super) fn arguments(self, release: Release, port: u16) -> Vec<String> {
        let server = if release.is_airflow_2() {
            "webserver"
        } else {
            "api-server"
        };
        let host = if release.is_airflow_2() {
            "--hostname"
        } else {
            "--host"
        };
        let port = port.to_string();
        let name = format!("celery@{}", self.account());
        let arguments: &[&str] = match self {
            Self::ApiServer | Self::Replica => {
                &[server, host, "127.0.0.1", "--port", &port, "--workers", "1"]
            }
            Self::Scheduler => &["scheduler"],
            Self::DagProcessor => &["dag-processor"],
            Self::Triggerer => &["triggerer"],
            Self::Worker(team) => &[
                "celery",
                "worker",
                "--queues",
                team,
                "--concurrency",
                CONCURRENCY,
                "--celery-hostname",
                &name,
            ],
        };
        arguments.iter().map(|&argument| argument.to_owned()).collect()
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

//! Settings of Airflow that add requests around a task: remote logs, providers' hooks, a Git bundle, OpenLineage,
//! StatsD, a secrets backend, callbacks, setup and teardown. Real DAGs run with all of them, under the shipped
//! policies.

use std::collections::BTreeMap;
use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::Duration;

use dagward_releases::{Installation, Release};
use dagward_testbed::airflow::{Airflow, Component, Deployment, Executor, Mesh, Pod, Rest, Setup, providers};
use dagward_testbed::s3::S3;
use dagward_testbed::sidecar::Destination;
use dagward_testbed::upstream::{Answer, Upstream};
use dagward_workbench::{paths, wait};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::policies;

mod airflow_2;

const RUN: &str = "one";

/// The bucket of the remote logs.
const BUCKET: &str = "logs";

/// The connection in `[logging] remote_log_conn_id`.
const LOG_STORE: &str = "remote_logs";

const LINEAGE: &str = "lineage.example.com";

/// The file with the connections of the secrets backend.
const CONNECTIONS: &str = "connections.json";

const LIMIT: Duration = Duration::from_secs(60);

/// Tasks of `sales_hooks`, each with a log.
const TASKS: [&str; 7] = [
    "begin",
    "buckets",
    "cluster",
    "end",
    "from_backend",
    "other_database",
    "work",
];

static RAN: LazyLock<Ran> = LazyLock::new(Ran::run);

/// The results of the run.
struct Ran {
    /// The state in which the run of each DAG ended.
    runs: BTreeMap<&'static str, String>,
    /// The return values of tasks of `sales_hooks`.
    results: BTreeMap<&'static str, Value>,
    /// The requests to the api-server.
    requests: Vec<Value>,
    /// The objects in the bucket for logs, as S3 lists them.
    objects: String,
    /// The log of a task as people read it.
    log: String,
    /// The paths of the events that reached the lineage service.
    lineage: Vec<String>,
    /// The size in bytes of the first metric that StatsD got.
    metric: usize,
    /// `airflow dags test` without the database and with it: its output and exit status, and the number of its
    /// requests.
    by_hand: [(Output, usize); 2],
}

/// The servers and files outside Airflow that the settings name. They end with their handle.
struct Parts {
    store: S3,
    lineage: Upstream,
    statsd: UdpSocket,
    repository: TempDir,
    /// Files that the pods keep: connections of the secrets backend.
    kept: TempDir,
}

impl Parts {
    fn start() -> Self {
        let kept = paths::scratch("kept").unwrap();
        let connections = r#"{"sales_kept": "http://kept.example.com"}"#;
        fs::write(kept.path().join(CONNECTIONS), connections).unwrap();
        let statsd = UdpSocket::bind("127.0.0.1:0").unwrap();
        statsd.set_read_timeout(Some(LIMIT)).unwrap();
        Self {
            store: S3::start(BUCKET).unwrap(),
            lineage: Upstream::with(|_| Answer::json(200, &json!({}))).unwrap(),
            statsd,
            repository: repository(),
            kept,
        }
    }

    /// All settings together.
    fn environment(&self, release: Release) -> Vec<(&'static str, String)> {
        let kept = self.kept.path().join(CONNECTIONS);
        let mut environment = remote_logs(release, &self.store);
        environment.extend(further(self.repository.path(), &self.statsd, &kept));
        environment
    }

    fn destinations(&self) -> Vec<Destination> {
        let lineage = Destination::external(LINEAGE, 80, self.lineage.address());
        vec![outside(&self.store), lineage]
    }

    /// Creates the connections to the log store and of another team.
    fn connect(&self, people: &Rest) {
        connect(people, &log_store(&self.store));
        let of_ml = json!({"connection_id": "ml_db", "conn_type": "http", "host": "ml"});
        connect(people, &of_ml);
    }

    /// The size in bytes of the first metric that StatsD gets.
    fn metric(&self) -> usize {
        self.statsd.recv(&mut [0; 1024]).unwrap()
    }
}

/// A repository with the DAG `sales_git`.
fn repository() -> TempDir {
    let directory = paths::scratch("repository").unwrap();
    let dag = "from airflow.sdk import dag, task\n\n\n@dag(schedule=None, default_args={\"queue\": \"sales\"})\ndef sales_git():\n    \
               @task\n    def load():\n        return 1\n\n    load()\n\n\nsales_git()\n";
    fs::write(directory.path().join("sales_git.py"), dag).unwrap();
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .arg("-C")
            .arg(directory.path())
            .args(["-c", "user.name=lab", "-c", "user.email=lab@example.com"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "--quiet", "--initial-branch", "main"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "a DAG"]);
    directory
}

/// Settings that send logs to `store`. Pods have a role of their own there.
fn remote_logs(release: Release, store: &S3) -> Vec<(&'static str, String)> {
    let lab = paths::workspace().join("lab/airflow");
    let folder = providers(release).unwrap();
    vec![
        ("PYTHONPATH", format!("{}:{}", lab.display(), folder.display())),
        ("AWS_ACCESS_KEY_ID", "pod".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "pod".to_owned()),
        ("AWS_DEFAULT_REGION", "eu-central-1".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{}", store.address())),
        ("AIRFLOW__LOGGING__REMOTE_LOGGING", "True".to_owned()),
        (
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER",
            format!("s3://{BUCKET}/all"),
        ),
        ("AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID", LOG_STORE.to_owned()),
    ]
}

/// All other settings: a bundle from `repository`, lineage, metrics to `statsd`, and connections `kept` in a file.
fn further(repository: &Path, statsd: &UdpSocket, kept: &Path) -> Vec<(&'static str, String)> {
    let bundles = json!([
        {"name": "dags-folder", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle", "kwargs": {}},
        {"name": "git", "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
         "kwargs": {"repo_url": repository.display().to_string(), "tracking_ref": "main"}},
    ]);
    let lineage = json!({"type": "http", "url": format!("http://{LINEAGE}"), "endpoint": "api/v1/lineage"});
    let backend = json!({"connections_file_path": kept.display().to_string()});
    let port = statsd.local_addr().unwrap().port();
    vec![
        (
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST",
            bundles.to_string(),
        ),
        ("AIRFLOW__OPENLINEAGE__TRANSPORT", lineage.to_string()),
        ("AIRFLOW__METRICS__STATSD_ON", "True".to_owned()),
        ("AIRFLOW__METRICS__STATSD_HOST", "127.0.0.1".to_owned()),
        ("AIRFLOW__METRICS__STATSD_PORT", port.to_string()),
        (
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend".to_owned(),
        ),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", backend.to_string()),
    ]
}

/// Creates a connection in Airflow.
fn connect(people: &Rest, connection: &Value) {
    let (version, status) = if people.token().is_some() {
        (2, 201)
    } else {
        (1, 200)
    };
    let path = format!("/api/v{version}/connections");
    let made = people.post(&path, connection).unwrap();
    assert_eq!(made.status, status, "{}", made.text());
}

/// The connection to the log store.
fn log_store(store: &S3) -> Value {
    let extra = json!({"endpoint_url": format!("http://{}", store.address()), "region_name": "eu-central-1"});
    json!({"connection_id": LOG_STORE, "conn_type": "aws", "login": "logs", "password": "logs", "extra": extra.to_string()})
}

/// The destination of a server outside the mesh.
fn outside(store: &S3) -> Destination {
    let at = store.address();
    Destination::external(&at.ip().to_string(), at.port(), at)
}

/// The objects in the bucket, once this number of tasks has a log there: Airflow reports a task's end before.
fn stored(store: &S3, tasks: usize) -> String {
    wait::until("the logs in the bucket", LIMIT, || {
        let listed = store.list(BUCKET)?;
        Ok((listed.matches("/attempt=1.log").count() >= tasks).then_some(listed))
    })
    .unwrap()
}

/// Runs `airflow dags test sales_hooks` in the pod of team sales' worker, with the pod's settings from the shipped
/// values, or with a database that no scheduler uses: a scheduler would take the run's tasks too.
fn by_hand(deployment: &Deployment, database: Option<&Path>) -> (Output, usize) {
    let asked = || {
        let requests = deployment.requests(Component::ApiServer).unwrap();
        let of_tasks = requests.iter().filter(|request| {
            let path = request["path"].as_str().unwrap_or_default();
            // The tasks of the other runs can send their last requests after these runs have ended.
            path.starts_with("/execution") && request["dagward_run_id"] != RUN
        });
        of_tasks.count()
    };
    let before = asked();
    let mut test = deployment.command(Component::Worker("sales")).unwrap();
    test.args(["dags", "test", "sales_hooks"]);
    let uri = database.map(|file| format!("sqlite:///{}", file.display()));
    test.envs(uri.map(|uri| ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", uri)));
    let output = test.output().unwrap();
    (output, asked() - before)
}

impl Ran {
    fn run() -> Self {
        let release = Release::V3_3;
        let parts = Parts::start();
        let deployment = Deployment::start(Setup {
            destinations: parts.destinations(),
            environment: parts.environment(release),
            ..Setup::new(release, Executor::Celery, Some(&policies::two_teams()))
        })
        .unwrap();
        let people = deployment.gateway().unwrap();
        parts.connect(&people);
        let dags = ["sales_hooks", "sales_git"];
        for dag in dags {
            people.trigger(dag, RUN, &json!({})).unwrap();
        }
        let runs = dags.map(|dag| (dag, people.finished(dag, RUN).unwrap()));
        let results = ["buckets", "cluster", "from_backend", "other_database"];
        let results = results.map(|task| (task, people.result("sales_hooks", RUN, task).unwrap()));
        let database = parts.kept.path().join("airflow.db");
        fs::copy(Installation::ensure(release).unwrap().database, &database).unwrap();
        Self {
            by_hand: [None, Some(&*database)].map(|database| by_hand(&deployment, database)),
            runs: runs.into(),
            results: results.into(),
            objects: stored(&parts.store, TASKS.len() + 1),
            log: people.task_log("sales_hooks", RUN, "work").unwrap(),
            requests: deployment.requests(Component::ApiServer).unwrap(),
            lineage: parts
                .lineage
                .received()
                .iter()
                .map(|event| event.path.clone())
                .collect(),
            metric: parts.metric(),
        }
    }

    /// The requests of tasks to this path.
    fn asked(&self, path: &str) -> Vec<&Value> {
        self.requests
            .iter()
            .filter(|request| request["path"] == path)
            .collect()
    }
}

#[test]
fn every_run_succeeds_with_all_of_them() {
    for (dag, state) in &RAN.runs {
        assert_eq!(state, "success", "{dag}");
    }
    assert!(RAN.metric > 0);
    assert!(
        RAN.lineage.iter().any(|path| path == "/api/v1/lineage"),
        "{:?}",
        RAN.lineage
    );
    assert_eq!(RAN.results["from_backend"], "kept.example.com");
}

#[test]
fn logs_go_to_the_store_and_come_from_it() {
    for task in TASKS {
        let object = format!("all/dag_id=sales_hooks/run_id={RUN}/task_id={task}/attempt=1.log");
        assert!(RAN.objects.contains(&object), "{object}: {}", RAN.objects);
    }
    assert!(RAN.log.contains("s3://logs/all/"), "{}", RAN.log);
    assert!(RAN.log.contains("called back for work"), "{}", RAN.log);
    let asked = RAN.asked(&format!("/execution/connections/{LOG_STORE}"));
    for request in &asked {
        assert_eq!(request["dagward_decision"], "allowed", "{request}");
        assert_eq!(request["response_code_details"], "via_upstream", "{request}");
    }
    // Before `run` no task acts. Since 3.2.2 Airflow itself refuses that read, continues, and asks again. A worker's
    // process keeps the result.
    let (before, after): (Vec<_>, Vec<_>) = asked
        .into_iter()
        .partition(|request| request["dagward_dag_id"].is_null());
    assert!(!before.is_empty() && !after.is_empty());
    for request in after {
        assert_eq!(request["response_code"], 200, "{request}");
    }
}

#[test]
fn hooks_without_their_default_connection_use_what_the_pod_has() {
    assert_eq!(RAN.results["buckets"], json!([BUCKET]));
    assert_eq!(RAN.results["cluster"], json!({}));
    for id in ["aws_default", "git_default", "kubernetes_default"] {
        let asked = RAN.asked(&format!("/execution/connections/{id}"));
        assert!(!asked.is_empty(), "{id}");
        for request in asked {
            assert_eq!(request["dagward_decision"], "no_rule_allows", "{request}");
            assert_eq!(request["response_code"], 404, "{request}");
        }
    }
}

#[test]
fn a_connection_of_another_team_is_refused_and_said_to_be() {
    let said = RAN.results["other_database"].as_str().unwrap();
    assert!(said.contains("Access denied for connection 'ml_db'"), "{said}");
}

/// Without a database the command does not begin. With one it sends no request to a policy.
#[test]
fn a_run_by_hand_asks_the_database_alone() {
    let [without, with] = &RAN.by_hand;
    assert!(!without.0.status.success(), "{:?}", without.0);
    assert!(with.0.status.success(), "{:?}", with.0);
    assert_eq!((without.1, with.1), (0, 0));
}

#[test]
fn nothing_else_is_refused() {
    let expected = ["aws_default", "git_default", "kubernetes_default", "ml_db"]
        .map(|id| json!(format!("/execution/connections/{id}")));
    let refused = RAN
        .requests
        .iter()
        .filter(|request| request["dagward_decision"] != "allowed");
    for request in refused {
        assert!(expected.contains(&request["path"]), "{request}");
    }
}

/// Airflow 3.0 and 3.1 start no task if the connection of the log store is refused or missing.
#[test]
fn remote_logs_let_tasks_start_on_airflow_3_1() {
    let release = Release::V3_1;
    let store = S3::start(BUCKET).unwrap();
    let deployment = Deployment::start(Setup {
        destinations: vec![outside(&store)],
        environment: remote_logs(release, &store),
        ..Setup::new(release, Executor::Local, Some(&policies::starter()))
    })
    .unwrap();
    let people = deployment.gateway().unwrap();
    connect(&people, &log_store(&store));
    people.trigger("sales_daily", RUN, &json!({})).unwrap();
    assert_eq!(people.finished("sales_daily", RUN).unwrap(), "success");
    assert!(stored(&store, 2).contains("task_id=load"));
}

/// As with KubernetesExecutor: the stamp of the pod's sidecar counts before `run`, too.
#[test]
fn remote_logs_let_tasks_start_in_pods_of_their_own() {
    let store = S3::start(BUCKET).unwrap();
    let airflow = Airflow::with(&remote_logs(Release::V3_3, &store)).unwrap();
    let pods = ["extract", "load"].map(|task| Pod::new("sales", "sales_daily", RUN, task));
    let plugin = policies::two_teams();
    let mesh = Mesh::start_among(&airflow, &pods, Some(&plugin), &[outside(&store)]).unwrap();
    let people = airflow.rest().unwrap();
    connect(&people, &log_store(&store));
    people.trigger("sales_daily", RUN, &json!({})).unwrap();
    assert_eq!(people.finished("sales_daily", RUN).unwrap(), "success");
    assert!(stored(&store, 2).contains("task_id=load"));
    let path = format!("/execution/connections/{LOG_STORE}");
    let asked = wait::until("both tasks' requests for the store", LIMIT, || {
        let log = mesh.server().access_log()?;
        let asked: Vec<_> = log
            .into_iter()
            .filter(|request| request["path"] == *path)
            .collect();
        Ok((asked.len() >= pods.len()).then_some(asked))
    });
    for request in asked.unwrap() {
        assert_eq!(request["dagward_decision"], "allowed", "{request}");
        assert_eq!(request["dagward_dag_id"], "sales_daily", "{request}");
    }
}

//! The main job on real Airflow: two teams work side by side, and a task of one team goes rogue.
//!
//! The demo runs once and records plain facts, which the command prints and the tests check;
//! Airflow and the sidecars end with the run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use dagward_testbed::admin::Sample;
use dagward_testbed::airflow::{Airflow, Mesh, Pod, Rest};
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::sidecar::Plugin;

mod report;

/// The policy: each team runs only its own DAGs, as its own service account; one rule for all
/// teams.
pub const POLICY: &str = include_str!("../../airflow/policy.json");

/// The run in which both teams do their work.
pub const FIRST: &str = "first";

/// The run of `sales_daily` that continues while `ml_rogue` attacks.
pub const SECOND: &str = "second";

/// The run of `ml_rogue`.
pub const ATTACK: &str = "attack";

/// The run of `sales_daily` that `ml_rogue` tries to start.
pub const FORGED: &str = "forged";

/// The run of `ml_rogue` in a pod of team sales with annotations of team sales.
pub const SMUGGLED: &str = "smuggled";

/// The run of `ml_rogue` in a pod of team sales without annotations.
pub const QUEUED: &str = "queued";

/// The facts of the demo.
#[derive(Debug)]
pub struct Demo {
    /// With the filter in all sidecars.
    pub guarded: Guarded,
    /// The same attack on the same Airflow, without the filter.
    pub unguarded: Attack,
    /// The task in the other team's pod, without the filter.
    pub unguarded_smuggled: Smuggled,
}

/// The facts from the part with the filter in all sidecars.
#[derive(Debug)]
pub struct Guarded {
    /// The end state of each honest run, by DAG and run.
    pub runs: BTreeMap<(String, String), String>,
    /// The results of the attack.
    pub attack: Attack,
    /// The answer to a pod of the other team that reads an XCom of `sales_daily`, as its own DAG.
    pub stranger: Response,
    /// The answer to the same request from a pod whose author gave it the annotations of
    /// `sales_daily`.
    pub impostor: Response,
    /// A task of `ml_rogue` as a worker of team sales, in a pod with the annotations of `sales_daily`.
    pub smuggled: Smuggled,
    /// The same in a pod without annotations, as when the DAG chooses the other team's queue.
    pub queued: Smuggled,
    /// The access log of the api-server's sidecar.
    pub requests: Vec<Value>,
    /// The metrics of the api-server's sidecar.
    pub metrics: Vec<Sample>,
    /// The lines of Airflow's own log that name a request.
    pub airflow_log: Vec<Value>,
}

/// The result of a task in a pod of the other team.
#[derive(Debug)]
pub struct Smuggled {
    /// The end state of its run.
    pub run: String,
    /// The return value of its code, if it ran.
    pub result: Option<Value>,
}

/// The results of the rogue task.
#[derive(Debug)]
pub struct Attack {
    /// The end state of its run.
    pub run: String,
    /// Its own record of each attempt: `read` and `trigger`.
    pub outcomes: Value,
    /// Its log, as Airflow shows it.
    pub log: String,
    /// The state of the run that it tried to start; `None` if it does not exist.
    pub forged: Option<String>,
}

impl Demo {
    /// Starts Airflow and runs the whole demo, with the filter at `module`.
    pub fn run(module: &Path) -> Result<Self> {
        let airflow = Airflow::start()?;
        let rest = airflow.rest()?;
        Ok(Self {
            guarded: Guarded::run(&airflow, &rest, &Plugin::new(module, POLICY))?,
            unguarded: unguarded(&airflow, &rest)?,
            unguarded_smuggled: unguarded_smuggled(&airflow, &rest)?,
        })
    }
}

impl Guarded {
    fn run(airflow: &Airflow, rest: &Rest, plugin: &Plugin) -> Result<Self> {
        let stranger = Pod::new("ml", "ml_train", "stranger", "features");
        // With KubernetesExecutor's `pod_override`, an author can set any annotation.
        let impostor = Pod::new("ml", "sales_daily", "impostor", "load");
        let pods = [
            Pod::new("sales", "sales_daily", FIRST, "extract"),
            Pod::new("sales", "sales_daily", FIRST, "load"),
            Pod::new("ml", "ml_train", FIRST, "features"),
            Pod::new("ml", "ml_train", FIRST, "train"),
            Pod::new("sales", "sales_daily", SECOND, "extract"),
            Pod::new("sales", "sales_daily", SECOND, "load"),
            Pod::new("ml", "ml_rogue", ATTACK, "steal"),
            stranger.clone(),
            impostor.clone(),
            in_pod_of_sales(SMUGGLED).annotated("sales_daily", SMUGGLED, "load"),
            in_pod_of_sales(QUEUED).unannotated(),
        ];
        let mesh = Mesh::start(airflow, &pods, Some(plugin))?;

        let honest = [("sales_daily", FIRST), ("ml_train", FIRST)];
        for (dag, run) in honest {
            rest.trigger(dag, run, &json!({}))?;
        }
        let mut runs = BTreeMap::new();
        for (dag, run) in honest {
            runs.insert((dag.to_owned(), run.to_owned()), rest.finished(dag, run)?);
        }

        rest.trigger("sales_daily", SECOND, &json!({}))?;
        let attack = Attack::run(rest, ATTACK, FORGED)?;
        let second = rest.finished("sales_daily", SECOND)?;
        runs.insert(("sales_daily".to_owned(), SECOND.to_owned()), second);

        let stranger = read_xcom_of_sales(&mesh, &stranger)?;
        let impostor = read_xcom_of_sales(&mesh, &impostor)?;
        let smuggled = Smuggled::run(rest, SMUGGLED)?;
        let queued = Smuggled::run(rest, QUEUED)?;
        Ok(Self {
            runs,
            attack,
            stranger,
            impostor,
            smuggled,
            queued,
            requests: complete_log(&mesh)?,
            metrics: mesh.server().admin().metrics()?,
            airflow_log: airflow.request_log()?,
        })
    }
}

impl Attack {
    fn run(rest: &Rest, run: &str, forged: &str) -> Result<Self> {
        let conf = json!({"victim_run": FIRST, "forged_run": forged});
        rest.trigger("ml_rogue", run, &conf)?;
        Ok(Self {
            run: rest.finished("ml_rogue", run)?,
            outcomes: rest.result("ml_rogue", run, "steal")?,
            log: rest.task_log("ml_rogue", run, "steal")?,
            forged: rest.run_state("sales_daily", forged)?,
        })
    }
}

impl Smuggled {
    fn run(rest: &Rest, run: &str) -> Result<Self> {
        rest.trigger("ml_rogue", run, &json!({"victim_run": FIRST, "forged_run": run}))?;
        Ok(Self {
            run: rest.finished("ml_rogue", run)?,
            result: rest.result("ml_rogue", run, "steal").ok(),
        })
    }
}

/// The pod of the rogue task, running as a worker of the other team.
fn in_pod_of_sales(run: &str) -> Pod {
    Pod::new("sales", "ml_rogue", run, "steal")
}

fn unguarded_smuggled(airflow: &Airflow, rest: &Rest) -> Result<Smuggled> {
    let run = "unguarded-smuggled";
    let _mesh = Mesh::start(airflow, &[in_pod_of_sales(run)], None)?;
    Smuggled::run(rest, run)
}

/// Shows that the attack works without the filter: nothing else stops it.
fn unguarded(airflow: &Airflow, rest: &Rest) -> Result<Attack> {
    let run = "unguarded";
    let _mesh = Mesh::start(airflow, &[Pod::new("ml", "ml_rogue", run, "steal")], None)?;
    Attack::run(rest, run, "forged-unguarded")
}

fn read_xcom_of_sales(mesh: &Mesh, from: &Pod) -> Result<Response> {
    let path = format!("/execution/xcoms/sales_daily/{FIRST}/extract/return_value");
    let client = Client::plain(mesh.sidecar(from)?.outbound()?);
    client.send(&Request::get("airflow-api-server:8080", &path))
}

/// The access log of the api-server's sidecar, with every request whose answer the peers' sidecars
/// have seen. Envoy writes in the background, so the last entries come late.
fn complete_log(mesh: &Mesh) -> Result<Vec<Value>> {
    let mut sent = 0;
    for (_, sidecar) in mesh.pods() {
        let stats = sidecar.admin().stats("downstream_rq_completed")?;
        let outbound = stats.iter().filter(|(name, _)| name.starts_with("http.outbound"));
        sent += outbound.map(|(_, completed)| completed).sum::<u64>();
    }
    mesh.server().access_log_of(usize::try_from(sent)?)
}

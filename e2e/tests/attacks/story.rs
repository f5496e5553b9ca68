//! One run of all attempts: first without the filter, then with it, on the same Airflow.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use dagward_build as module;
use dagward_releases::Release;
use dagward_testbed::admin::Sample;
use dagward_testbed::airflow::{Component, Deployment, Executor, Rest, Setup};
use dagward_testbed::client::Client;
use dagward_testbed::sidecar::Plugin;
use dagward_workbench::paths as lab_paths;
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::runner::{Batch, Names, send};
use crate::theft::Victims;
use crate::{
    agents, bodies, deferred, headers, lock_out, logs, paths, plugins, proof, queue, queued_token, scene,
    task, theft, unverified,
};

pub(crate) static STORY: LazyLock<Story> =
    LazyLock::new(|| Story::run().unwrap_or_else(|error| panic!("{error:#}")));

/// The results of the run.
pub(crate) struct Story {
    /// Without the filter.
    pub(crate) open: Phase,
    /// With the filter and the shipped policies.
    pub(crate) guarded: Phase,
}

/// The results of one phase.
#[derive(Default)]
pub(crate) struct Phase {
    pub(crate) outcomes: BTreeMap<&'static str, Outcome>,
    /// The states in which the victims' runs ended, by DAG and run.
    pub(crate) runs: BTreeMap<(&'static str, String), String>,
    /// The task of ml in the worker of sales.
    pub(crate) smuggled: queue::Smuggled,
    /// Whether the triggerer has run a command of ml's task.
    pub(crate) commanded: bool,
    /// The task of sales that ml starts first.
    pub(crate) robbed: queued_token::Robbed,
    /// The state in which the agent's own run ended.
    pub(crate) agents_run: String,
    /// The outcomes of tokens that Airflow does not verify.
    pub(crate) unverified: Vec<unverified::Shown>,
    /// The answers to forged tokens, by their task instance.
    pub(crate) forged: BTreeMap<String, Vec<u16>>,
    /// The number of the flood's requests that were refused.
    pub(crate) flooded: usize,
    /// The number of tasks that the api-server's proxy knows, before the flood and after.
    pub(crate) learned: [f64; 2],
    /// The access log of the api-server's sidecar.
    pub(crate) requests: Vec<Value>,
    /// The metrics of the api-server's sidecar.
    pub(crate) metrics: Vec<Sample>,
    airflow_log: String,
}

impl Story {
    fn run() -> Result<Self> {
        let module = module::build()?;
        let shipped = scene::policy(&[])?;
        let more = scene::policy(&[bodies::rule(), proof::rule()])?;
        let mut deployment = Deployment::start(Setup::new(Release::V3_3, Executor::Celery, None))?;
        let rest = deployment.direct()?;
        scene::prepare(&rest)?;
        let open = Phase::run(&mut deployment, &rest, "open", None)?;
        // The other phase must not see the rest of the attacks.
        rest.finished("sales_daily", "robbed-open")?;
        deployment.exchange(Some(&Plugin::new(&module.path, &shipped)))?;
        let guarded = Phase::run(&mut deployment, &rest, "guarded", Some(&more))?;
        Ok(Self { open, guarded })
    }
}

impl Phase {
    /// The outcome of an attempt.
    pub(crate) fn outcome(&self, name: &str) -> &Outcome {
        let outcome = self.outcomes.get(name);
        outcome.unwrap_or_else(|| panic!("`{name}` was not tried"))
    }

    /// Whether Airflow's own log has a request.
    pub(crate) fn reached_airflow(&self, request_id: &str) -> bool {
        self.airflow_log.contains(request_id)
    }

    fn run(d: &mut Deployment, rest: &Rest, name: &str, more: Option<&str>) -> Result<Self> {
        let mut phase = Self::default();
        let files = lab_paths::scratch("tokens")?;
        let file = |file: &str| files.path().join(file);
        let run = |run: &str| format!("{run}-{name}");

        let conf = json!({"leak_to": file("stolen"), "until": file("until")});
        rest.trigger("sales_leaky", &run("stolen"), &conf)?;
        rest.trigger("sales_leaky", &run("ended"), &json!({"leak_to": file("ended")}))?;
        rest.trigger("sales_forecast", &run("cleared"), &json!({}))?;
        for variable in ["sales_draft", "sales_old"] {
            scene::variable(rest, &format!("{variable}_{name}"), "v")?;
        }
        let ended = rest.finished("sales_leaky", &run("ended"))?;
        phase.runs.insert(("sales_leaky", run("ended")), ended);
        rest.finished("sales_forecast", &run("cleared"))?;
        scene::wait_for(&file("stolen"))?;
        let stolen = scene::task_instance(d, &run("stolen"), "leak")?;
        let names: Names = vec![
            ("run", name.to_owned()),
            ("forged", lock_out::forged(&stolen)),
            ("stolen", stolen.clone()),
            (
                "asset",
                d.query("SELECT id FROM asset WHERE name = 'sales_figures'")?,
            ),
        ];

        // A task that has not begun, so that a forged token would be the first that a proxy sees.
        scene::pause(rest, true)?;
        rest.trigger("sales_daily", &run("undisturbed"), &json!({}))?;
        let queued = scene::task_instance(d, &run("undisturbed"), "extract")?;
        if more.is_some() {
            let ml = d.client_in(Component::Worker("ml"))?;
            for victim in [&stolen, &queued] {
                let statuses = lock_out::forge(&ml, victim)?;
                phase.forged.insert(victim.clone(), statuses);
            }
            let learned = || {
                d.sidecar(Component::ApiServer)?
                    .admin()
                    .metric("dagward_learned_tasks", &[])
            };
            let before = learned()?;
            phase.flooded = lock_out::flood(&ml)?;
            phase.learned = [before, learned()?];
        }
        let victims = Victims {
            running: &stolen,
            token: &file("stolen"),
            queued: &queued,
        };
        let stolen_names = theft::names(d, &names, &victims)?;
        phase.attempt_thefts(d, &stolen_names, &victims)?;
        scene::pause(rest, false)?;

        rest.trigger("ml_smuggler", &run("smuggled"), &json!({}))?;
        let mut own = task::own();
        own.extend(paths::attempts());
        own.extend(headers::from_a_task());
        own.extend(logs::attempts());
        own.extend(bodies::after_a_refusal());
        let batches = [
            Batch::start(d, rest, run("own"), own, None, &names)?,
            Batch::start(
                d,
                rest,
                run("stolen"),
                task::stolen(),
                Some(&file("stolen")),
                &names,
            )?,
            Batch::start(
                d,
                rest,
                run("replayed"),
                task::replayed(),
                Some(&file("ended")),
                &names,
            )?,
        ];
        for batch in batches {
            phase.outcomes.extend(batch.end(d, rest)?);
        }
        // Without the filter an attempt has paused the DAG, perhaps before its run was over.
        scene::pause(rest, false)?;
        fs::write(file("until"), "")?;
        let state = rest.finished("sales_leaky", &run("stolen"))?;
        phase.runs.insert(("sales_leaky", run("stolen")), state);
        let state = rest.finished("sales_daily", &run("undisturbed"))?;
        phase.runs.insert(("sales_daily", run("undisturbed")), state);
        phase.metrics = d.sidecar(Component::ApiServer)?.admin().metrics()?;
        phase.smuggled = queue::Smuggled::run(d, rest, &run("smuggled"))?;
        // This is the last one, because it ends its own task.
        let ending = Batch::start(d, rest, run("ending"), task::ending(), None, &names)?;
        phase.outcomes.extend(ending.end(d, rest)?);
        phase.commanded = deferred::run(d, rest, &names, name, &mut phase.outcomes)?;
        let (robbed, outcomes) = queued_token::Robbed::run(d, rest, &names, name)?;
        phase.robbed = robbed;
        phase.outcomes.extend(outcomes);
        phase.attempt_as_peers(d, rest, &names, more)?;
        phase.try_all(d, proof::attempts(), &stolen_names)?;

        phase.requests = scene::access_log(d)?;
        phase.airflow_log = d.process(Component::ApiServer)?.output()?;
        Ok(phase)
    }

    /// The attempts of workloads that have a certificate and no sidecar, with a user's token.
    fn attempt_as_peers(
        &mut self,
        d: &mut Deployment,
        rest: &Rest,
        names: &Names,
        more: Option<&str>,
    ) -> Result<()> {
        let mut names = names.clone();
        names.push(("token", rest.token().context("no user's token")?.to_owned()));
        let agent = d.authority().service_account("ai-agents", "assistant")?;
        let agent = d.client_as(&agent, Component::ApiServer)?;
        let worker = d.authority().service_account("airflow", "airflow-worker-ml")?;
        let worker = d.client_as(&worker, Component::ApiServer)?;
        let plain = Client::plain(d.sidecar(Component::ApiServer)?.inbound()?);

        self.agents_run = agents::run(&agent, &names, rest)?;
        for attempt in agents::attempts() {
            self.outcomes
                .insert(attempt.name, send(d, &agent, &attempt, &names)?);
        }
        let gateway = d.authority().service_account("istio-ingress", "gateway")?;
        let gateway = d.client_as(&gateway, Component::ApiServer)?;
        for (client, attempts) in [
            (&gateway, plugins::by_the_gateway()),
            (&agent, plugins::by_an_agent()),
        ] {
            for attempt in attempts {
                self.outcomes
                    .insert(attempt.name, send(d, client, &attempt, &names)?);
            }
        }
        for (who, client) in headers::PEERS.into_iter().zip([&agent, &worker]) {
            for attempt in headers::from_a_peer(who) {
                self.outcomes
                    .insert(attempt.name, send(d, client, &attempt, &names)?);
            }
        }
        for attempt in headers::in_plain_text() {
            self.outcomes
                .insert(attempt.name, send(d, &plain, &attempt, &names)?);
        }
        if let Some(more) = more {
            d.update(more)?;
        }
        bodies::allowed(&agent, &names)?;
        for attempt in bodies::attempts() {
            self.outcomes
                .insert(attempt.name, send(d, &agent, &attempt, &names)?);
        }
        Ok(())
    }
}

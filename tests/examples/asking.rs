//! Requests to a sidecar, and the decision of a policy on them.

use dagward::authorize::{self, Code, Incoming, Proxy, Token};
use dagward::caller::{Credential, Principal, TaskInstanceId, Team};
use dagward::learn::{Learned, Owner, Run};
use dagward::operation::{Body, Request};
use dagward::policy::Ruleset;
use dagward::verdict::Direction;

use crate::sites::Sites;

pub(crate) const API_SERVER: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-api-server";
pub(crate) const SCHEDULER: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-scheduler";
pub(crate) const PROCESSOR: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-dag-processor";
pub(crate) const TRIGGERER: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-triggerer";
pub(crate) const WORKER: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker";
pub(crate) const SALES: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales";
pub(crate) const ML: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-ml";
pub(crate) const FINANCE: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-finance";
pub(crate) const GATEWAY: &str = "spiffe://cluster.local/ns/istio-ingress/sa/gateway";
pub(crate) const MONITORING: &str = "spiffe://cluster.local/ns/monitoring/sa/prometheus";
pub(crate) const PAYMENTS: &str = "spiffe://cluster.local/ns/billing/sa/payments";
pub(crate) const AGENT: &str = "spiffe://cluster.local/ns/ai-agents/sa/assistant";

/// A task's own routes, and a log file.
pub(crate) const RUN: &str = "PATCH /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/run";
pub(crate) const HEARTBEAT: &str =
    "PUT /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/heartbeat";
pub(crate) const LOG: &str = "GET /log/dag_id=sales_daily/run_id=r/task_id=load/attempt=1.log";

const UUID: &str = "0192f0c1-0000-7000-8000-000000000001";

/// A request to a sidecar of `own`, as its peer's sidecar sends it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) own: &'a str,
    pub(crate) peer: &'a str,
    /// Method and target.
    pub(crate) request: &'a str,
    pub(crate) body: &'a str,
    /// The DAG, the task and the proof of the task headers.
    pub(crate) acting: Option<[&'a str; 3]>,
    /// The DAG of the request's token, as Airflow's answer to `run` named it.
    pub(crate) learned: Option<&'a str>,
    /// Whether the request's token belongs to a callback.
    pub(crate) callback: bool,
    /// Whether the request's token is bound to the peer.
    pub(crate) owned: bool,
    /// Whether Airflow has answered this request.
    pub(crate) answered: bool,
    /// Airflow's teams of the DAGs whose tasks have started.
    pub(crate) teams: &'a [(&'a str, Option<&'a str>)],
}

impl<'a> Asked<'a> {
    /// A request to the api-server by a caller whose task is not known.
    pub(crate) fn of(peer: &'a str, request: &'a str) -> Self {
        Self {
            own: API_SERVER,
            peer,
            request,
            body: "",
            acting: None,
            learned: None,
            callback: false,
            owned: true,
            answered: false,
            teams: &[],
        }
    }

    /// The code with which it is refused, or would be if all were enforced; `None` if it passes. It is the same in each
    /// installation.
    pub(crate) fn refused(self, sites: &Sites) -> Option<Code> {
        let (method, target) = self.request.split_once(' ').unwrap();
        let is_airflow = self.own.contains("/ns/airflow/");
        let mut codes = Vec::new();
        for (site, ruleset) in sites.with(self.request) {
            let (own, peer) = (site.identity(self.own), site.identity(self.peer));
            let targets = match is_airflow {
                true => site.targets(target),
                false => vec![target.to_owned()],
            };
            for target in targets {
                let request = format!("{method} {target}");
                let asked = Asked {
                    own: &own,
                    peer: &peer,
                    request: &request,
                    ..self
                };
                codes.push((site, target, asked.refused_by(ruleset)));
            }
        }
        let (_, _, code) = codes[0];
        assert!(codes.iter().all(|(.., other)| *other == code), "{codes:#?}");
        code
    }

    /// The code with which this policy refuses it, or would.
    pub(crate) fn refused_by(self, ruleset: &Ruleset) -> Option<Code> {
        let (own, peer) = (principal(self.own), principal(self.peer));
        let (method, target) = self.request.split_once(' ').unwrap();
        let names = ["x-airflow-dag-id", "x-airflow-task-id", "x-airflow-proof"];
        let headers: Vec<_> = self
            .acting
            .iter()
            .flat_map(|values| names.into_iter().zip(*values))
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        let team = |dag: &str| {
            let known = self.teams.iter().find(|(other, _)| *other == dag);
            known.map_or(Team::Unknown, |(_, team)| {
                team.map_or(Team::Absent, |team| Team::Named(team.to_owned()))
            })
        };
        let learned = Learned {
            team: self.learned.map(team).unwrap_or_default(),
            run: self.learned.map(|dag| Run {
                dag_id: dag.to_owned(),
                run_id: "r".to_owned(),
            }),
            owner: self.owned.then(|| Owner {
                principal: self.peer.to_owned(),
                enforced: true,
            }),
            callback: self.callback,
            ..Learned::default()
        };
        // A task uses its own token on its own routes.
        let credential = match self.learned.is_some() || self.callback || target.contains(UUID) {
            true => Credential::Task(TaskInstanceId::parse(UUID).unwrap()),
            false => Credential::Absent,
        };
        let request = Request {
            method,
            target,
            host: "airflow-api-server",
            body: Body::Whole(self.body.as_bytes()),
        };
        let incoming = Incoming {
            peer: Ok(Some(&peer)),
            port: "8080",
            token: Token {
                credential,
                learned: Some(&learned),
                answered: self.answered,
                ..Token::default()
            },
            ..Incoming::new(Direction::Inbound, request, &headers)
        };
        let proxy = Proxy {
            identity: Some(&own),
            pod: None,
        };
        let verdict =
            authorize::authorize_knowing(Some(ruleset), proxy, &incoming, &mut |dag| team(dag)).verdict;
        match (verdict.objection(), verdict.code()) {
            (Some(objection), _) => Some(objection.code()),
            (None, Code::Allowed) => None,
            (None, code) => Some(code),
        }
    }
}

fn principal(id: &str) -> Principal {
    Principal::parse(id).unwrap()
}

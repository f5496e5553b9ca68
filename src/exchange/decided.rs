//! The facts about a decided request that its answer and its metrics need.

use std::rc::Rc;
use std::time::Duration;

use super::connection::Connection;
use super::effect::Effect;
use super::host::Host;
use super::incoming::answerer;
use super::setting::Setting;
use crate::authorize::{Code, Incoming, Objection, Outcome, Ownership};
use crate::caller::{Acting, Proof, TaskInstanceId, Team};
use crate::learn::{DagTeams, Learned, Owner, Run, Tasks};
use crate::metrics::Traffic;
use crate::operation::Operation;
use crate::verdict::{Decision, Direction};

/// The label in place of the acting task's id when a deadline's callback acts.
pub(super) const CALLBACK: &str = "__callback__";

/// A request that has been decided.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) connection: Rc<Connection>,
    /// The time at which the request's headers arrived.
    pub(super) since: Duration,
    /// The bytes of the request so far, with headers and without trailers.
    pub(super) request_bytes: u64,
    /// The bytes of the answer so far, with headers and without trailers.
    pub(super) answer_bytes: u64,
    /// The answer's status; 0 before the answer.
    pub(super) status: u16,
    pub(super) request_id: String,
    pub(super) decision: Decision,
    pub(super) code: Code,
    /// The description of the malformed part.
    pub(super) problem: Option<String>,
    /// The policy that refused the request, or would have.
    policy: String,
    /// The reason why the request would have been refused.
    shadow: Option<Code>,
    dag_id: String,
    task_id: String,
    /// Whether more than a claim proves the acting DAG and task.
    proven: bool,
    action: &'static str,
    /// Whether the request reads a connection or starts a task with a task's token that has no owner here.
    pub(super) is_unowned: bool,
    /// Whether the request reads a connection that hooks look up by themselves.
    pub(super) reads_default: bool,
    /// The token with which the peer starts a task, if it does.
    start: Option<Start>,
}

/// A token with which a task starts.
#[derive(Debug, Clone)]
struct Start {
    /// The task instance or callback that the token is for.
    task: TaskInstanceId<String>,
    /// Whether the token is for a callback.
    callback: bool,
    /// The peer's ownership of the token, once Airflow has accepted it.
    ownership: Option<Ownership>,
}

impl Decided {
    pub(super) fn new(
        outcome: &Outcome<'_>,
        incoming: &Incoming<'_>,
        connection: Rc<Connection>,
        request_id: &str,
        since: Duration,
    ) -> Self {
        let verdict = &outcome.verdict;
        let acting = outcome.recorded_acting();
        let text = |field: fn(&Acting) -> Option<&str>| acting.and_then(field).unwrap_or_default().to_owned();
        let operation = outcome.operation.as_ref();
        let task = incoming.token.task().filter(|task| {
            // If the path names a task or callback, it must be the token's own.
            operation.is_some_and(|operation| {
                operation.starts() && operation.own_id().is_none_or(|named| named == task.text())
            })
        });
        Self {
            connection,
            since,
            request_bytes: 0,
            answer_bytes: 0,
            status: 0,
            request_id: request_id.to_owned(),
            decision: verdict.decision(),
            code: verdict.code(),
            problem: verdict
                .objection()
                .and_then(Objection::problem)
                .map(str::to_owned),
            policy: verdict.by().map_or("", |by| by.policy).to_owned(),
            shadow: verdict.shadow().map(Objection::code),
            dag_id: text(|acting| Some(&acting.dag_id)),
            task_id: match outcome.actor.is_callback() {
                true => CALLBACK.to_owned(),
                false => text(|acting| acting.task_id.as_deref()),
            },
            proven: acting.is_some_and(|acting| acting.proof > Proof::Claimed),
            action: operation.map_or("", |operation| operation.action_label()),
            is_unowned: operation.is_some_and(|operation| operation.reads_connection() || operation.starts())
                && incoming.token.is_unowned(),
            reads_default: operation.is_some_and(Operation::reads_default_connection),
            start: task.map(|task| Start {
                task: task.into_owned(),
                callback: operation.is_some_and(Operation::starts_callback),
                ownership: verdict.ownership(),
            }),
        }
    }

    /// The same request, decided again.
    pub(super) fn again(&self, outcome: &Outcome<'_>, incoming: &Incoming<'_>) -> Self {
        let connection = Rc::clone(&self.connection);
        Self {
            request_bytes: self.request_bytes,
            answer_bytes: self.answer_bytes,
            status: self.status,
            ..Self::new(outcome, incoming, connection, &self.request_id, self.since)
        }
    }

    /// Whether the request starts a task, so that the filter learns from Airflow's answer.
    pub(super) fn starts(&self) -> bool {
        self.start.is_some()
    }

    /// Records the run that Airflow has named, and its team if that is known.
    pub(super) fn learn_run(&self, run: &Run, team: &Team, setting: &Setting<'_>, host: &mut impl Host) {
        self.learn(setting, host, |learned, _| {
            learned.run = Some(run.clone());
            learned.team = team.clone();
        });
        // Requests about other DAGs are decided where they arrive.
        if setting.asks_airflow_for_teams() && self.connection.listener == Direction::Inbound {
            let peer = self.connection.peer_id();
            DagTeams::new(host, setting.key).learn(answerer(&self.connection), &run.dag_id, peer, team);
        }
    }

    /// Records the team of the run that Airflow has named.
    pub(super) fn learn_team(&self, team: &Team, setting: &Setting<'_>, host: &mut impl Host) {
        self.learn(setting, host, |learned, _| learned.team = team.clone());
    }

    /// Records that the token is a callback's, if the request has started one.
    pub(super) fn learn_callback(&self, setting: &Setting<'_>, host: &mut impl Host) {
        if self.start.as_ref().is_some_and(|start| start.callback) {
            self.learn(setting, host, |learned, _| learned.callback = true);
        }
    }

    /// Binds the token to the peer, if both Airflow and the policy have accepted the request.
    pub(super) fn bind(&self, setting: &Setting<'_>, host: &mut impl Host) {
        let ownership = self.start.as_ref().and_then(|start| start.ownership);
        let accepted = (200..300).contains(&self.status) && self.decision == Decision::Allow;
        let Some(ownership) = ownership.filter(|_| accepted) else {
            return;
        };
        self.learn_of_peer(setting, host, |learned, peer| {
            learned.belongs_to(&Owner {
                principal: peer.to_owned(),
                enforced: ownership.enforced,
            });
            learned.barred.remove(peer);
        });
    }

    /// Records that Airflow lets the peer start the token's task but has not named its DAG yet. The answer's
    /// headers carry the next token, and a peer that cuts the answer short must not gain from it. If the
    /// policy is not enforced, nothing is recorded against the peer.
    pub(super) fn hold_until_named(&self, setting: &Setting<'_>, host: &mut impl Host) {
        let ownership = self.start.as_ref().and_then(|start| start.ownership);
        if ownership.is_some_and(|ownership| ownership.enforced) {
            self.learn_of_peer(setting, host, |learned, peer| {
                if learned.run.is_none() {
                    learned.barred.add(peer);
                }
            });
        }
    }

    /// Records that the peer was refused the token's task after Airflow had let it start.
    pub(super) fn mark_refused(&self, setting: &Setting<'_>, host: &mut impl Host) {
        self.learn_of_peer(setting, host, |learned, peer| {
            learned.barred.add(peer);
        });
    }

    /// Changes the facts about the token's task and the peer. An outgoing request has no peer.
    fn learn_of_peer(
        &self,
        setting: &Setting<'_>,
        host: &mut impl Host,
        change: impl Fn(&mut Learned, &str),
    ) {
        if self.connection.listener == Direction::Inbound && !self.connection.peer_id().is_empty() {
            self.learn(setting, host, change);
        }
    }

    fn learn(&self, setting: &Setting<'_>, host: &mut impl Host, change: impl Fn(&mut Learned, &str)) {
        let Some(Start { task, .. }) = &self.start else {
            return;
        };
        let peer = self.connection.peer_id();
        let answerer = answerer(&self.connection);
        let uptime = host.uptime();
        let count =
            Tasks::new(host, setting.key, uptime)
                .change(answerer, task.as_deref(), peer, |learned| change(learned, peer));
        if let Some(count) = count {
            host.carry_out(Effect::ShowLearned(count));
        }
    }

    /// The finished request, for the metrics.
    pub(super) fn traffic<'t>(&'t self, caller: &'t str, uptime: Duration) -> Traffic<'t> {
        let reason = self.code.as_str();
        let duration = uptime.saturating_sub(self.since);
        Traffic {
            direction: self.connection.listener,
            caller,
            dag_id: &self.dag_id,
            task_id: &self.task_id,
            proven: self.proven,
            action: self.action,
            decision: self.decision,
            status: self.status,
            request_bytes: self.request_bytes,
            response_bytes: self.answer_bytes,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            denied: (self.decision != Decision::Allow).then_some((self.policy.as_str(), reason)),
            shadow_denied: self.shadow.map(|code| (self.policy.as_str(), code.as_str())),
        }
    }
}

//! What is kept of a request that was decided, for its answer and its measures.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use crate::caller::{Acting, Proof};
use crate::learn::Learned;
use crate::measure::{Decision, Direction, Ledger, Traffic};
use crate::operation::{Operation, Surface};
use crate::walk::{Code, Outcome};

use super::connection::Connection;
use super::meter::Host;
use super::tasks;

/// Runs `then` with the VM's ledger. There is one for all plugins in the VM, as defining a metric
/// twice takes memory twice.
pub(super) fn ledger(then: impl FnOnce(&mut Ledger)) {
    thread_local! {
        static LEDGER: RefCell<Ledger> = RefCell::default();
    }
    LEDGER.with_borrow_mut(then);
}

/// What is kept of a request for its answer and its measures.
pub(super) struct Decided {
    pub(super) connection: Rc<Connection>,
    /// When the request's headers were there.
    pub(super) since: Instant,
    /// The bytes of the request so far, headers included, trailers not.
    pub(super) request_bytes: u64,
    /// The bytes of the answer so far, headers included, trailers not.
    pub(super) response_bytes: u64,
    /// The answer's status; 0 until there is one.
    pub(super) status: u16,
    pub(super) request_id: String,
    pub(super) decision: Decision,
    pub(super) code: Code,
    /// What is malformed.
    pub(super) problem: Option<String>,
    /// The policy that refused, or would have.
    pub(super) policy: String,
    /// Why it would have been refused.
    pub(super) shadow: Option<Code>,
    pub(super) dag_id: String,
    pub(super) task_id: String,
    /// Whether more than a claim names the acting DAG and task.
    pub(super) proven: bool,
    pub(super) action: &'static str,
    /// The task instance that its token is for.
    pub(super) task: Option<String>,
    /// Whether it is known whose that token is.
    pub(super) bound: bool,
    /// Whether it is the peer's once Airflow has accepted it.
    binds: bool,
}

impl Decided {
    pub(super) fn new(
        outcome: &Outcome<'_>,
        connection: Rc<Connection>,
        request_id: &str,
        since: Instant,
    ) -> Self {
        let refusing = match outcome.shadow {
            Some((policy, _)) => policy,
            None => outcome.by.map_or("", |(policy, _)| policy),
        };
        // Any pod may ask for health, in any task's name.
        let is_task = |operation: &Operation<'_>| operation.surface != Surface::Health;
        let acting = outcome.acting.as_deref();
        let acting = acting.filter(|_| outcome.operation.as_ref().is_none_or(is_task));
        let text = |field: fn(&Acting) -> Option<&str>| acting.and_then(field).unwrap_or_default().to_owned();
        Self {
            connection,
            since,
            request_bytes: 0,
            response_bytes: 0,
            status: 0,
            request_id: request_id.to_owned(),
            decision: outcome.decision,
            code: outcome.code,
            problem: outcome.problem.clone(),
            policy: refusing.to_owned(),
            shadow: outcome.shadow.map(|(_, code)| code),
            dag_id: text(|acting| Some(&acting.dag_id)),
            task_id: text(|acting| acting.task_id.as_deref()),
            proven: acting.is_some_and(|acting| acting.proof > Proof::Claimed),
            task: None,
            bound: false,
            binds: outcome.binds,
            action: outcome
                .operation
                .as_ref()
                .map_or("", |operation| operation.action_label()),
        }
    }

    /// The same request, decided again.
    pub(super) fn again(&self, outcome: &Outcome<'_>) -> Self {
        Self {
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            status: self.status,
            task: self.task.clone(),
            bound: self.bound,
            ..Self::new(outcome, Rc::clone(&self.connection), &self.request_id, self.since)
        }
    }

    /// Takes note that Airflow has accepted the token, so that it belongs to the peer. A forged one
    /// gets no 2xx, and so locks nobody out.
    pub(super) fn bind(&mut self) {
        if self.binds && !self.bound {
            self.learn_of_peer(|learned, peer| {
                learned.peer.get_or_insert_with(|| peer.to_owned());
            });
            self.bound = true;
        }
    }

    /// Takes note that Airflow lets the peer start the token's task, and has not said which DAG's it is. The next token
    /// is in the answer's headers, and whoever then cuts the answer short must gain nothing by it.
    pub(super) fn suspend(&self) {
        self.learn_of_peer(|learned, peer| {
            if learned.run.is_none() {
                learned.refused = Some(peer.to_owned());
            }
        });
    }

    /// Takes note that the peer may have the task that Airflow has named.
    pub(super) fn acquit(&self) {
        self.learn_of_peer(|learned, peer| {
            learned.refused.take_if(|refused| refused == peer);
        });
    }

    /// Takes note that the peer was refused the token's task when Airflow had let it start.
    pub(super) fn disown(&self) {
        self.learn_of_peer(|learned, peer| learned.refused = Some(peer.to_owned()));
    }

    /// Changes what is known of the token's task and the peer. On the way out there is no peer.
    fn learn_of_peer(&self, change: impl Fn(&mut Learned, &str)) {
        let Connection { listener, peer, .. } = &*self.connection;
        if let (Direction::Inbound, Ok(Some(peer)), Some(task)) = (listener, peer, &self.task) {
            tasks::learn(Direction::Inbound, task, |learned| change(learned, peer.as_str()));
        }
    }

    /// Counts the request, once it is over.
    pub(super) fn count(&self, caller: &str) {
        let reason = self.code.as_str();
        let denied = (self.decision != Decision::Allow).then_some((self.policy.as_str(), reason));
        let shadow_denied = self.shadow.map(|code| (self.policy.as_str(), code.as_str()));
        let traffic = Traffic {
            direction: self.connection.listener,
            caller,
            dag_id: &self.dag_id,
            task_id: &self.task_id,
            proven: self.proven,
            action: self.action,
            decision: self.decision,
            code: self.status,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            duration_ms: u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            denied,
            shadow_denied,
        };
        ledger(|ledger| ledger.record(&traffic, &mut Host));
    }
}

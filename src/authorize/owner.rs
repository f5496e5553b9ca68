//! The owner of a task's token.
//!
//! Many parties can read a task's token: it is in the broker, or in the arguments of a pod, and is valid for
//! all of the Execution API. So the filter binds it to the principal that has started the task with it. Each
//! api-server's proxy records that for itself. At another api-server's proxy the caller's own sidecar must
//! vouch for the token. It does so if Airflow's answer to the task's `run` has passed through it. A thief of
//! the token has no such sidecar.

use super::{Code, Incoming, Token};
use crate::caller::{Acting, Principal, Proof, TaskInstanceId};
use crate::operation::Operation;
use crate::stamp::Edit;
use crate::wire::Header;

/// The header of a bearer token (RFC 6750 §2.1).
const AUTHORIZATION: &str = "authorization";

/// The document's settings that matter for the owners of tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Whether sidecars can tell which answers are Airflow's, so that they can vouch for a token.
    pub(super) vouching: bool,
    /// Whether the policy is enforced.
    pub(super) enforced: bool,
}

impl Token<'_> {
    /// The reason why `caller` must not use this token for `operation`. `stamped` is the task that its
    /// sidecar has stamped. The answer is the same on every route below `/execution`, because Airflow renews
    /// a token on all of them.
    pub(super) fn not_the_owner(
        &self,
        caller: Option<&Principal>,
        operation: &Operation<'_>,
        stamped: Option<&Acting>,
        terms: Terms,
    ) -> Option<Code> {
        if !operation.below_execution || self.task().is_none() {
            return None;
        }
        let vouched = terms.vouching && self.is_vouched_for(stamped);
        if self.is_of_another(
            caller,
            self.owner(terms.enforced),
            operation.awaits_answer || vouched,
        ) {
            return Some(Code::TokenOwnedByAnother);
        }
        if self.is_for_another_task(operation) {
            return Some(Code::TokenForAnotherTask);
        }
        // A task reads connections before `run`, too. A rule must allow that to the caller, whatever token it
        // presents.
        let early = operation.starts() || operation.reads_connection();
        let unknown = !early && self.is_of_unknown_owner(stamped, terms);
        unknown.then_some(Code::TokenOwnerUnknown)
    }

    /// Whether facts about the token's task count for the caller. They count on routes where Airflow verifies
    /// the token, except for a read of a connection with a token whose owner is not known yet.
    pub(super) fn tells_task(
        &self,
        operation: &Operation<'_>,
        stamped: Option<&Acting>,
        terms: Terms,
    ) -> bool {
        let early = operation.reads_connection() && self.is_of_unknown_owner(stamped, terms);
        operation.verifies_token() && !early
    }

    /// Whether the token is a task's and has no owner here under an enforced policy.
    pub fn is_unowned(&self) -> bool {
        self.task().is_some() && self.owner(true).is_none()
    }

    /// The owner that this proxy knows, if it counts when the policy is `enforced`.
    fn owner(&self, enforced: bool) -> Option<&str> {
        self.learned.and_then(|learned| learned.owner(enforced))
    }

    /// Whether sidecars vouch for tokens, but neither this proxy nor the caller's sidecar knows the owner of
    /// this one.
    fn is_of_unknown_owner(&self, stamped: Option<&Acting>, terms: Terms) -> bool {
        terms.vouching && self.owner(terms.enforced).is_none() && !self.is_vouched_for(stamped)
    }

    /// Whether the token has an `owner` other than `caller`, or `caller` was refused its task. `named` tells
    /// whether an answer of Airflow names the task's DAG outside this proxy's record: the answer to this
    /// request will, or the caller's sidecar has received one. A recorded refusal does not count then, as
    /// long as no answer has named the DAG here.
    fn is_of_another(&self, caller: Option<&Principal>, owner: Option<&str>, named: bool) -> bool {
        let caller = caller.map(Principal::as_str);
        self.learned.is_some_and(|learned| {
            let of_another = owner.is_some() && owner != caller;
            let open = self.answered || (named && learned.run.is_none());
            of_another || (!open && learned.barred.contains(caller))
        })
    }

    /// Whether the path names a task instance or callback other than the one that the token is for. Airflow
    /// compares the two on a task's own routes, but not on each of them in each release: before 3.3 it
    /// accepts any token for any task's reschedules.
    fn is_for_another_task(&self, operation: &Operation<'_>) -> bool {
        let named = operation.own_id();
        named.is_some_and(|named| self.task().is_some_and(|own| own.text() != named))
    }

    /// Whether the caller's sidecar has received Airflow's answer to `run` for exactly this task or callback.
    /// No other source has this proof.
    fn is_vouched_for(&self, stamped: Option<&Acting>) -> bool {
        let of_callback = self.callback.is_some() && self.callback == self.task().map(TaskInstanceId::text);
        let of_task = |stamped: &Acting| {
            stamped.proof == Proof::Airflow
                && stamped.ti_id.as_deref() == self.task().map(TaskInstanceId::text)
        };
        of_callback || stamped.is_some_and(of_task)
    }
}

/// Adds an edit that removes the token from a request to a route that needs none.
pub(super) fn without_token<'a>(mut edits: Vec<Edit<'a>>, incoming: &Incoming<'a>) -> Vec<Edit<'a>> {
    let carries = |(name, _): &Header<'_>| *name == AUTHORIZATION.as_bytes();
    if incoming.headers.iter().any(carries) {
        edits.push(Edit::Remove(AUTHORIZATION));
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::{Credential, Team};
    use crate::learn::{Barred, Learned, Owner, Run};
    use crate::operation::{self, Body, Request, Site};

    const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";
    const OTHER: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809113";

    const RUN: &str = "PATCH /execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";
    const VARIABLE: &str = "GET /execution/variables/sales_key";
    const STATE: &str = "PATCH /execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/state";
    const TEST: &str = "/execution/connection-tests/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

    fn worker(team: &str) -> Principal {
        Principal::parse(&format!("spiffe://td/ns/airflow/sa/worker-{team}")).unwrap()
    }

    fn operation(request: &str) -> Operation<'_> {
        let (method, target) = request.split_once(' ').unwrap();
        let request = Request {
            method,
            target,
            host: "api",
            body: Body::Pending,
        };
        operation::classify(&request, &Site::default()).unwrap()
    }

    fn run() -> Option<Run> {
        Some(Run {
            dag_id: "sales_daily".to_owned(),
            run_id: "r".to_owned(),
        })
    }

    fn barred(peer: &Principal) -> Barred {
        let mut barred = Barred::default();
        barred.add(peer.as_str());
        barred
    }

    fn of(peer: &Principal) -> Learned {
        Learned {
            run: run(),
            owner: Some(Owner {
                principal: peer.as_str().to_owned(),
                enforced: true,
            }),
            ..Learned::default()
        }
    }

    fn token(learned: Option<&Learned>) -> Token<'_> {
        Token {
            credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
            learned,
            ..Token::default()
        }
    }

    fn terms(vouching: bool) -> Terms {
        Terms {
            vouching,
            enforced: true,
        }
    }

    fn stamped(ti_id: Option<&str>, proof: Proof) -> Acting {
        Acting {
            dag_id: "sales_daily".to_owned(),
            run_id: None,
            task_id: None,
            map_index: None,
            try_number: None,
            ti_id: ti_id.map(str::to_owned),
            team: Team::Unknown,
            proof,
        }
    }

    #[test]
    fn a_task_s_own_routes_are_for_its_own_token() {
        let ml = worker("ml");
        let of_ml = of(&ml);
        let routes = operation::rows().filter(|row| row.template().contains("{task_instance_id}"));
        let mut tried = 0;
        for row in routes {
            for (named, expected) in [
                (TASK, None),
                (OTHER, Some(Code::TokenForAnotherTask)),
                // Airflow writes UUIDs in lower case, and compares them as texts.
                (&TASK.to_uppercase(), Some(Code::TokenForAnotherTask)),
            ] {
                let path = row.template().replace("{task_instance_id}", named);
                let request = format!("{} {}", row.method(), path.replace("{key:path}", "key"));
                let operation = operation(&request);
                for vouching in [false, true] {
                    let code =
                        token(Some(&of_ml)).not_the_owner(Some(&ml), &operation, None, terms(vouching));
                    assert_eq!(code, expected, "{request}");
                }
                // Without a token Airflow answers 401.
                assert_eq!(
                    Token::default().not_the_owner(Some(&ml), &operation, None, terms(true)),
                    None
                );
                tried += 1;
            }
        }
        assert!(tried > 30, "{tried}");
    }

    #[test]
    fn a_token_is_of_whom_airflow_answered_first() {
        let (sales, ml) = (worker("sales"), worker("ml"));
        let of_sales = of(&sales);
        let token = token(Some(&of_sales));
        let variable = operation(VARIABLE);
        let vouched = stamped(Some(TASK), Proof::Airflow);
        for vouching in [false, true] {
            let asks = |caller, stamped| token.not_the_owner(caller, &variable, stamped, terms(vouching));
            assert_eq!(asks(Some(&sales), None), None);
            for stranger in [Some(&ml), None] {
                assert_eq!(asks(stranger, None), Some(Code::TokenOwnedByAnother));
                assert_eq!(asks(stranger, Some(&vouched)), Some(Code::TokenOwnedByAnother));
            }
        }
        let run = token.not_the_owner(Some(&ml), &operation(RUN), None, terms(true));
        assert_eq!(run, Some(Code::TokenOwnedByAnother));
    }

    #[test]
    fn an_owner_counts_on_every_route_below_execution_and_on_no_other() {
        let (sales, ml) = (worker("sales"), worker("ml"));
        let of_sales = of(&sales);
        let token = token(Some(&of_sales));
        for (request, code) in [
            ("GET /execution/health", Some(Code::TokenOwnedByAnother)),
            ("GET /execution/docs", Some(Code::TokenOwnedByAnother)),
            ("GET /execution", Some(Code::TokenOwnedByAnother)),
            ("GET /execution/a/new/route", Some(Code::TokenOwnedByAnother)),
            ("GET /executions", None),
            ("GET /api/v2/variables/sales_key", None),
            ("GET /elsewhere", None),
        ] {
            let asked = token.not_the_owner(Some(&ml), &operation(request), None, terms(false));
            assert_eq!(asked, code, "{request}");
        }
    }

    #[test]
    fn an_owner_of_another_mode_refuses_no_request_that_is_enforced() {
        let (sales, ml) = (worker("sales"), worker("ml"));
        let mut shadowed = of(&sales);
        if let Some(owner) = &mut shadowed.owner {
            owner.enforced = false;
        }
        let token = token(Some(&shadowed));
        for (enforced, code) in [(true, None), (false, Some(Code::TokenOwnedByAnother))] {
            let terms = Terms {
                vouching: false,
                enforced,
            };
            let asked = token.not_the_owner(Some(&ml), &operation(VARIABLE), None, terms);
            assert_eq!(asked, code);
        }
    }

    #[test]
    fn where_sidecars_do_not_vouch_a_token_that_is_new_is_anybody_s() {
        let nobodys = Learned {
            run: run(),
            ..Learned::default()
        };
        for learned in [None, Some(&nobodys)] {
            let ml = worker("ml");
            for request in [RUN, VARIABLE, STATE] {
                let code = token(learned).not_the_owner(Some(&ml), &operation(request), None, terms(false));
                assert_eq!(code, None, "{request}");
            }
        }
    }

    #[test]
    fn where_they_do_it_is_whose_sidecar_says_so() {
        let sales = worker("sales");
        let unknown = Some(Code::TokenOwnerUnknown);
        for (stamped, code) in [
            (None, unknown),
            (Some(stamped(Some(TASK), Proof::Airflow)), None),
            (Some(stamped(Some(TASK), Proof::Pod)), unknown),
            (Some(stamped(Some(TASK), Proof::Claimed)), unknown),
            (Some(stamped(Some(OTHER), Proof::Airflow)), unknown),
            (Some(stamped(None, Proof::Airflow)), unknown),
        ] {
            for request in [VARIABLE, STATE] {
                let asks = |token: Token<'_>| {
                    token.not_the_owner(Some(&sales), &operation(request), stamped.as_ref(), terms(true))
                };
                assert_eq!(asks(token(None)), code, "{request} {stamped:?}");
                // A refusal of another caller, or a known DAG, does not make it owned.
                let refused = Learned {
                    run: run(),
                    barred: barred(&worker("ml")),
                    ..Learned::default()
                };
                assert_eq!(asks(token(Some(&refused))), code, "{request} {stamped:?}");
            }
        }
    }

    #[test]
    fn what_a_token_is_used_for_first_needs_no_word() {
        let sales = worker("sales");
        let fetch = format!("GET {TEST}/connection");
        let report = format!("PATCH {TEST}");
        for request in [RUN, &fetch, &report, "GET /execution/connections/shared_logs"] {
            let operation = operation(request);
            assert_eq!(
                token(None).not_the_owner(Some(&sales), &operation, None, terms(true)),
                None,
                "{request}"
            );
        }
        // A request without a task's token, and a request for which Airflow does not accept such a token.
        let variable = operation(VARIABLE);
        assert_eq!(
            Token::default().not_the_owner(Some(&sales), &variable, None, terms(true)),
            None
        );
        let rest = operation("GET /api/v2/variables/sales_key");
        assert_eq!(
            token(None).not_the_owner(Some(&sales), &rest, None, terms(true)),
            None
        );
    }

    #[test]
    fn until_airflow_has_named_the_dag_a_token_is_good_for_run_alone() {
        let ml = worker("ml");
        let (runs, variable) = (operation(RUN), operation(VARIABLE));
        let suspended = Learned {
            barred: barred(&ml),
            ..Learned::default()
        };
        let open = token(Some(&suspended));
        for vouching in [false, true] {
            let asks = |token: &Token<'_>, operation| {
                token.not_the_owner(Some(&ml), operation, None, terms(vouching))
            };
            assert_eq!(asks(&open, &variable), Some(Code::TokenOwnedByAnother));
            assert_eq!(asks(&open, &runs), None);
            let refused = Learned {
                run: run(),
                ..suspended.clone()
            };
            let told = token(Some(&refused));
            assert_eq!(asks(&told, &runs), Some(Code::TokenOwnedByAnother));
            let answered = Token {
                answered: true,
                ..told
            };
            assert_eq!(asks(&answered, &runs), None);
        }
    }
}

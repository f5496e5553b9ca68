//! The acting task of a caller, from everything that the request and the proxy say about it.

use std::borrow::Cow;

use super::incoming::{Incoming, Proxy};
use super::token::Token;
use crate::caller::{Acting, Principal, Proof, TaskInstanceId, headers};
use crate::operation::Operation;
use crate::policy::Ruleset;
use crate::stamp::task_headers::Own;

/// The caller's sidecar and Airflow's answer name different DAGs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conflict;

/// Whether this peer's word about its own task is trusted, because the peer runs dagward. Without a list in
/// the document, peers in the proxy's own namespace and trust domain are trusted.
pub(super) fn is_stamper(ruleset: &Ruleset, proxy: Proxy<'_>, peer: &Principal) -> bool {
    ruleset.lists_stamper(peer.as_str()).unwrap_or_else(|| {
        proxy.identity.is_some_and(|own| {
            own.namespace().is_some()
                && (own.trust_domain(), own.namespace()) == (peer.trust_domain(), peer.namespace())
        })
    })
}

/// The acting callback, if a trusted sidecar of the caller names one. Used only if the token is not known to
/// be a task's.
pub(super) fn callback_said<'a>(incoming: &Incoming<'a>, believed: bool) -> Option<&'a str> {
    let token = incoming.token;
    let is_task_s = token.learned.is_some_and(|learned| learned.run.is_some());
    let asks = believed && token.task().is_some() && !is_task_s;
    asks.then(|| headers::callback(incoming.headers)).flatten()
}

/// The acting task of an incoming request: the task that the caller's sidecar stamped, unless Airflow's
/// answer proves more.
pub(super) fn learned(stamped: Option<Acting>, token: &Token<'_>) -> Result<Option<Acting>, Conflict> {
    let Some(acting) = token.acting(stamped.as_ref()) else {
        return Ok(stamped);
    };
    let conflicts = |stamped: Acting| stamped.proof > Proof::Claimed && stamped.dag_id != acting.dag_id;
    match stamped.is_some_and(conflicts) {
        true => Err(Conflict),
        false => Ok(Some(acting)),
    }
}

/// The actor of a callback. Only its pod can name its DAG, and no task acts.
pub(super) fn of_callback(stamped: Acting) -> Option<Acting> {
    // Airflow's word on a DAG is about a task's token, and a claim is only the callback's own word.
    (stamped.proof == Proof::Pod).then_some(Acting {
        task_id: None,
        map_index: None,
        try_number: None,
        ti_id: None,
        ..stamped
    })
}

/// The acting task of an outgoing request: from Airflow's answer, else from the pod's metadata. If the two
/// name different DAGs, the request carries the pod's word unchanged. The api-server's sidecar, which knows
/// both, then finds the conflict and refuses. Airflow's word in its place would hide the conflict.
pub(super) fn leaving<'a>(pod: Option<&'a Acting>, token: &Token<'a>) -> Option<Own<'a>> {
    let agrees = |acting: &Acting| pod.is_none_or(|pod| pod.dag_id == acting.dag_id);
    let callback = || {
        token
            .task()
            .filter(|_| token.learned.is_some_and(|learned| learned.callback))
    };
    match (token.acting(pod).filter(agrees), pod) {
        (Some(acting), _) => Some(Own::Task(Cow::Owned(acting))),
        (None, Some(pod)) => Some(Own::Task(Cow::Borrowed(pod))),
        (None, None) => callback().map(|callback| Own::Callback(callback.text())),
    }
}

/// Sets the DAG of the task instance in the path, if the request's own token identifies it.
pub(super) fn resolve_task_instance(operation: &mut Operation<'_>, token: &Token<'_>) {
    let of_token = operation.task_instance.is_some()
        && operation.task_instance.as_deref() == token.task().map(TaskInstanceId::text);
    let run = token
        .learned
        .filter(|_| of_token)
        .and_then(|learned| learned.run.as_ref());
    match run {
        Some(run) => operation.belongs_to(Some((&run.dag_id, &run.run_id))),
        None if operation.awaits_answer && of_token && !token.answered && !token.elsewhere => {}
        None => operation.belongs_to(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::{Credential, Team};
    use crate::learn::{Learned, Run};

    const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

    fn known() -> Learned {
        Learned {
            run: Some(Run {
                dag_id: "sales_daily".to_owned(),
                run_id: "r".to_owned(),
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

    fn stamped(dag: &str, proof: Proof) -> Option<Acting> {
        Some(Acting {
            dag_id: dag.to_owned(),
            run_id: None,
            task_id: Some("load".to_owned()),
            map_index: Some(3),
            try_number: Some(1),
            ti_id: None,
            team: Team::Unknown,
            proof,
        })
    }

    #[test]
    fn what_airflow_said_stands_above_a_claim() {
        let known = known();
        for claim in [
            None,
            stamped("ml_train", Proof::Claimed),
            stamped("sales_daily", Proof::Claimed),
        ] {
            let acting = learned(claim, &token(Some(&known))).unwrap().unwrap();
            assert_eq!(
                (acting.dag_id.as_str(), acting.run_id.as_deref()),
                ("sales_daily", Some("r"))
            );
            assert_eq!(
                (acting.proof, acting.ti_id.as_deref()),
                (Proof::Airflow, Some(TASK))
            );
            // Only the application has named the task itself.
            assert_eq!((acting.task_id, acting.map_index), (None, None));
        }
    }

    #[test]
    fn a_pod_that_airflow_agrees_with_says_which_task() {
        let known = known();
        let acting = learned(stamped("sales_daily", Proof::Pod), &token(Some(&known)));
        let acting = acting.unwrap().unwrap();
        assert_eq!(
            (acting.task_id.as_deref(), acting.proof),
            (Some("load"), Proof::Airflow)
        );
    }

    #[test]
    fn a_pod_that_airflow_disagrees_with_is_a_conflict() {
        let known = known();
        for proof in [Proof::Pod, Proof::Airflow] {
            let stamped = stamped("ml_train", proof);
            assert_eq!(learned(stamped.clone(), &token(Some(&known))), Err(Conflict));
            assert_eq!(learned(stamped.clone(), &token(None)), Ok(stamped));
        }
    }

    #[test]
    fn what_leaves_says_what_airflow_said_unless_the_pod_contradicts() {
        let known = known();
        let token = token(Some(&known));
        let task = |own| match own {
            Some(Own::Task(acting)) => acting.into_owned(),
            other => panic!("{other:?}"),
        };
        let alone = task(leaving(None, &token));
        assert_eq!((alone.proof, alone.task_id.as_deref()), (Proof::Airflow, None));
        let same = stamped("sales_daily", Proof::Pod);
        let same = task(leaving(same.as_ref(), &token));
        assert_eq!(
            (same.proof, same.task_id.as_deref()),
            (Proof::Airflow, Some("load"))
        );
        let other = stamped("ml_train", Proof::Pod);
        assert_eq!(Some(task(leaving(other.as_ref(), &token))), other);
        assert_eq!(leaving(None, &Token::default()), None);
    }
}

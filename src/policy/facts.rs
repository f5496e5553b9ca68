//! The view of a request that a rule evaluates: one fact for each field.

use std::rc::Rc;

use crate::caller::{Acting, Principal};
use crate::fact::Fact;
use crate::operation::{Access, Action, Operation};
use crate::token::Verified;

use super::effect::Effect;
use super::field::Field;
use super::likeness::Likeness;

/// One fact for each field of the policy language, and the request's tokens. A request may carry several.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    values: [Fact<&'a str>; Field::COUNT],
    tokens: &'a [Rc<Verified>],
    /// Whether the path lies under one of Airflow's prefixes but no route is known for it.
    unclassified: bool,
}

impl<'a> Facts<'a> {
    /// The facts of one access: the caller, the acting task, the tokens, and the object. A caller whose acting
    /// task is not known may still act for one, so that fact is unknown and never absent. Tokens are always
    /// known, because a request with an invalid token is refused before.
    pub fn new(
        principal: Option<&'a Principal>,
        acting: Fact<&'a Acting>,
        tokens: &'a [Rc<Verified>],
        operation: &'a Operation<'a>,
        access: &'a Access<'a>,
    ) -> Self {
        let values = Field::ALL.map(|field| match field {
            Field::Principals => principal.map(Principal::as_str).into(),
            Field::Namespaces => principal.and_then(Principal::namespace).into(),
            Field::ServiceAccounts => principal.and_then(Principal::service_account).into(),
            Field::ActingTeams | Field::Teams => Fact::Unknown,
            Field::ActingDags => acting.map(|acting| acting.dag_id.as_str()),
            Field::ActingRuns => part(acting, |acting| acting.run_id.as_deref()),
            Field::ActingTasks => part(acting, |acting| acting.task_id.as_deref()),
            Field::Proof => acting.map(|acting| acting.proof.as_str()),
            Field::RequestPrincipals | Field::Claims => Fact::Unknown,
            Field::Surfaces => Fact::Known(operation.surface.as_str()),
            Field::Actions => access.action.map(Action::as_str),
            Field::Dags => access.dag.as_ref().map(|text| &**text),
            Field::Runs => access.run.as_ref().map(|text| &**text),
            Field::Tasks => access.task.as_ref().map(|text| &**text),
            Field::Connections => access.connection.as_ref().map(|text| &**text),
            Field::Variables => access.variable.as_ref().map(|text| &**text),
            Field::Pools => access.pool.as_ref().map(|text| &**text),
            Field::XcomKeys => access.xcom_key.as_ref().map(|text| &**text),
            Field::Assets => access.asset.as_ref().map(|text| &**text),
            Field::Triggers => access.trigger.as_ref().map(|text| &**text),
            Field::Queues => access.queue.as_ref().map(|text| &**text),
            Field::Methods => Fact::Known(operation.method),
            Field::Paths => operation.path.as_ref().map(|text| &**text),
            Field::Hosts => Fact::Known(operation.host),
        });
        Self {
            values,
            tokens,
            unclassified: operation.is_unclassified(),
        }
    }

    /// These facts with the teams of the caller and of the object. Without them both are unknown.
    #[must_use]
    pub fn with_teams(mut self, of_caller: Fact<&'a str>, of_object: Fact<&'a str>) -> Self {
        for (field, fact) in [(Field::ActingTeams, of_caller), (Field::Teams, of_object)] {
            if let Some(value) = self.values.get_mut(field as usize) {
                *value = fact;
            }
        }
        self
    }

    /// The facts that all `accesses` share, and `open` where they differ. All must be of the same request.
    pub(super) fn common(accesses: &[Self], open: Fact<&'a str>) -> Self {
        let Some((first, others)) = accesses.split_first() else {
            return Self {
                values: [open; Field::COUNT],
                tokens: &[],
                unclassified: false,
            };
        };
        let values = Field::ALL.map(|field| {
            let value = first.fact(field);
            match others.iter().all(|other| other.fact(field) == value) {
                true => value,
                false => open,
            }
        });
        Self {
            values,
            tokens: first.tokens,
            unclassified: first.unclassified,
        }
    }

    /// The verified tokens of the request.
    pub(super) fn tokens(&self) -> &'a [Rc<Verified>] {
        self.tokens
    }

    /// The fact for `field`. Never one of a token.
    pub fn fact(&self, field: Field) -> Fact<&'a str> {
        self.values.get(field as usize).copied().unwrap_or(Fact::Unknown)
    }

    /// The fact for `field` as rules of `effect` see it. An unclassified request's action has a name but may
    /// be any action. An ALLOW must give the name, and in a DENY the action is unknown.
    pub(super) fn seen(&self, field: Field, effect: Effect) -> Fact<&'a str> {
        match self.unclassified && field == Field::Actions && effect == Effect::Deny {
            true => Fact::Unknown,
            false => Likeness::seen(field, effect, self.fact(field)),
        }
    }

    /// Whether the caller showed no certificate.
    pub(super) fn is_anonymous(&self) -> bool {
        self.fact(Field::Principals) == Fact::Absent
    }

    /// Whether the path lies under one of Airflow's prefixes but on no known route.
    pub(super) fn is_unclassified(&self) -> bool {
        self.unclassified
    }
}

/// A part of the acting task. A part that is not known may still have any value.
fn part<'a>(acting: Fact<&'a Acting>, of: impl FnOnce(&'a Acting) -> Option<&'a str>) -> Fact<&'a str> {
    match acting {
        Fact::Known(acting) => of(acting).map_or(Fact::Unknown, Fact::Known),
        other => other.map(|_| ""),
    }
}

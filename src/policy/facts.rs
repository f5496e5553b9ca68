//! What a rule sees of a request: one fact for each field.

use crate::caller::{Acting, Principal};
use crate::fact::Fact;
use crate::operation::{Ask, Operation, Surface};

use super::field::Field;

/// One fact for each field of the policy language.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    values: [Fact<&'a str>; Field::COUNT],
}

impl<'a> Facts<'a> {
    /// The facts of one ask: who asks, acting for what, for what. On a mesh of tasks an acting task
    /// always exists, so it is never absent.
    pub fn new(
        principal: Option<&'a Principal>,
        acting: Fact<&'a Acting>,
        operation: &'a Operation<'a>,
        ask: &'a Ask<'a>,
    ) -> Self {
        let values = Field::ALL.map(|field| match field {
            Field::Principals => principal.map(Principal::as_str).into(),
            Field::Namespaces => principal.and_then(Principal::namespace).into(),
            Field::ServiceAccounts => principal.and_then(Principal::service_account).into(),
            Field::ActingDags => acting.map(|acting| acting.dag_id.as_str()),
            Field::ActingTasks => match acting {
                Fact::Known(acting) => acting.task_id.as_deref().map_or(Fact::Unknown, Fact::Known),
                nobody => nobody.map(|_| ""),
            },
            Field::Proof => acting.map(|acting| acting.proof.as_str()),
            Field::Surfaces => Fact::Known(operation.surface.as_str()),
            Field::Actions => ask.action,
            Field::Dags => ask.dag.as_ref().map(|text| &**text),
            Field::Tasks => ask.task.as_ref().map(|text| &**text),
            Field::Connections => ask.connection.as_ref().map(|text| &**text),
            Field::Variables => ask.variable.as_ref().map(|text| &**text),
            Field::Pools => ask.pool.as_ref().map(|text| &**text),
            Field::XcomKeys => ask.xcom_key.as_ref().map(|text| &**text),
            Field::Assets => ask.asset.as_ref().map(|text| &**text),
            Field::Methods => Fact::Known(operation.method),
            Field::Paths => operation.path.as_ref().map(|text| &**text),
            Field::Hosts => Fact::Known(operation.host),
        });
        Self { values }
    }

    /// What is known of `field`.
    pub fn fact(&self, field: Field) -> Fact<&'a str> {
        self.values.get(field as usize).copied().unwrap_or(Fact::Unknown)
    }

    /// Whether the request lies under one of Airflow's prefixes, but on no route that is known.
    pub(super) fn is_unclassified(&self) -> bool {
        self.fact(Field::Surfaces) == Fact::Known(Surface::Unclassified.as_str())
    }
}

//! The accesses of one request, gathered from its path, its query and the possible content of its body.

use std::borrow::Cow;
use std::collections::HashSet;

use super::body::{self, Json, MAX_NAMED, Named};
use super::query;
use super::route::{Field, Id, Param, Takes};
use super::{Access, Action, Malformed};
use crate::fact::Fact;

/// The limit on the bytes of all ids in all accesses together. Airflow's own ids have at most 250 characters.
/// Without the limit, a caller could make the filter copy an id of 50 kB for each of the other ids.
const MAX_BYTES: usize = 128 * 1024;

/// The objects that a request accesses, without the actions.
pub(super) struct Accesses<'a> {
    accesses: Vec<Access<'a>>,
    any_dag: bool,
}

impl Default for Accesses<'_> {
    fn default() -> Self {
        Self {
            accesses: vec![Access::default()],
            any_dag: false,
        }
    }
}

impl<'a> Accesses<'a> {
    /// Records the values that the request has for `id`. No value stands for all, and so does `~` for a DAG,
    /// a run or a task. Several DAGs or assets become an access each.
    pub(super) fn name(&mut self, id: Id, values: &[Cow<'a, str>]) {
        let one_by_one = matches!(id, Id::Dag | Id::Asset | Id::AssetNumber) && self.can_hold(values, 0);
        let wildcard = matches!(id, Id::Dag | Id::Run | Id::Task) && values.iter().any(|value| value == "~");
        match values {
            _ if wildcard => self.any(id),
            [value] => self.set(id, &read(id, value.clone())),
            [_, ..] if one_by_one => self.each(id, values),
            _ => self.any(id),
        }
    }

    /// Records the ids that the query names.
    pub(super) fn query(&mut self, params: &[Param], query: &'a str) -> Result<(), Malformed> {
        let (widening, naming): (Vec<&Param>, Vec<&Param>) =
            params.iter().partition(|param| param.takes == Takes::Widens);
        if !params.is_empty() {
            query::check(query)?;
        }
        for (place, param) in naming.iter().enumerate() {
            if naming.iter().take(place).any(|earlier| earlier.id == param.id) {
                continue;
            }
            let mut values = Vec::new();
            for param in naming.iter().filter(|other| other.id == param.id) {
                values.extend(query::values(query, param)?);
            }
            self.name(param.id, &values);
        }
        for param in widening {
            if !query::values(query, param)?.is_empty() {
                self.widen(param.id);
            }
        }
        Ok(())
    }

    /// Records that the request is about other objects too, beside those that it names.
    pub(super) fn widen(&mut self, id: Id) {
        self.also(id, Named::others());
    }

    /// Records that the server picks `id`, or takes all of them.
    pub(super) fn any(&mut self, id: Id) {
        self.any_dag |= id == Id::Dag;
        self.set(id, &Fact::Unknown);
    }

    /// Records that the request may be about anything, whatever path, query and body name.
    pub(super) fn anything(&mut self) {
        self.accesses.truncate(1);
        for id in [
            Id::Dag,
            Id::Run,
            Id::Task,
            Id::Connection,
            Id::Variable,
            Id::Pool,
            Id::XcomKey,
            Id::Asset,
        ] {
            self.any(id);
        }
    }

    /// Records the ids that only the body names. If the path or the query names one of them too, the body may
    /// name another, so the request accesses both.
    pub(super) fn body(&mut self, fields: &[Field], body: &Json<'_>) -> Result<(), Malformed> {
        for (place, field) in fields.iter().enumerate() {
            if fields.iter().take(place).any(|earlier| earlier.id == field.id) {
                continue;
            }
            let named = body::named(body, fields, field.id).map_err(Malformed::Body)?;
            self.also(field.id, named);
        }
        Ok(())
    }

    /// The accesses beside the row's own actions: `action` on each id that the body names at `places`. The
    /// server decides which DAGs these are about.
    pub(super) fn beside(
        action: Action,
        places: &[Field],
        body: &Json<'_>,
    ) -> Result<Vec<Access<'a>>, Malformed> {
        let mut beside = Self {
            accesses: Vec::new(),
            any_dag: false,
        };
        for place in places {
            let named = body::named(body, std::slice::from_ref(place), place.id).map_err(Malformed::Body)?;
            for value in named.values {
                let mut access = Access {
                    action: Fact::Known(action),
                    dag: Fact::Unknown,
                    ..Access::default()
                };
                access.set(place.id, &read(place.id, Cow::Owned(value.into_owned())));
                beside.accesses.push(access);
            }
        }
        beside.once_each();
        if beside.accesses.len() > MAX_NAMED {
            beside.accesses.truncate(1);
            for place in places {
                beside.any(place.id);
            }
        }
        Ok(beside.accesses)
    }

    /// Leaves the ids open that the body may name.
    pub(super) fn later(&mut self, fields: &[Field]) {
        let accesses = match fields.iter().any(|field| self.known(field.id)) {
            true => self.accesses.clone(),
            false => Vec::new(),
        };
        for field in fields {
            self.set(field.id, &Fact::Pending);
        }
        self.accesses.splice(0..0, accesses);
    }

    /// Records the values that the body has for `id`, beside those of path and query. If path and query name
    /// none and the body leaves the id open, the access is to any.
    fn also(&mut self, id: Id, named: Named<'_>) {
        let wildcard =
            matches!(id, Id::Dag | Id::Run | Id::Task) && named.values.iter().any(|value| value == "~");
        let open =
            named.widened || wildcard || (!self.known(id) && (named.missing || named.values.is_empty()));
        if !self.can_hold(&named.values, 1) {
            return self.any(id);
        }
        let known = self.known(id).then(|| self.accesses.clone());
        let values = named.values.into_iter();
        let values = values.map(|value| read(id, Cow::Owned(value.into_owned())));
        let facts: Vec<_> = values.chain(open.then_some(Fact::Unknown)).collect();
        if id == Id::Dag {
            self.any_dag = open;
        }
        let accesses = std::mem::take(&mut self.accesses);
        self.accesses = known.unwrap_or_default();
        for fact in facts {
            for mut access in accesses.iter().cloned() {
                access.set(id, &fact);
                self.accesses.push(access);
            }
        }
        self.once_each();
    }

    /// Whether the accesses stay few and short with each of `values`, and `more` beside them.
    fn can_hold(&self, values: &[Cow<'_, str>], more: usize) -> bool {
        let bytes = self.accesses.iter().map(Access::bytes).sum::<usize>();
        let of_values = values.iter().map(|value| value.len()).sum::<usize>();
        let times = values.len().saturating_add(more);
        times.saturating_mul(self.accesses.len()) <= MAX_NAMED
            && bytes.saturating_mul(times) <= MAX_BYTES
            && of_values.saturating_mul(self.accesses.len()) <= MAX_BYTES
    }

    /// Keeps the first of equal accesses.
    fn once_each(&mut self) {
        let mut seen = HashSet::with_capacity(self.accesses.len());
        let new: Vec<bool> = self.accesses.iter().map(|access| seen.insert(access)).collect();
        let mut new = new.into_iter();
        self.accesses.retain(|_| new.next().unwrap_or(true));
    }

    /// Leaves the DAG and the run open until the answer names them.
    pub(super) fn answer(&mut self) {
        self.set(Id::Dag, &Fact::Pending);
        self.set(Id::Run, &Fact::Pending);
    }

    /// Whether the path or the query names `id`.
    fn known(&self, id: Id) -> bool {
        self.accesses
            .iter()
            .any(|access| access.fact(id).known().is_some())
    }

    /// Whether the server picks the DAG, or takes all of them.
    pub(super) fn any_dag(&self) -> bool {
        self.any_dag
    }

    /// Combines each of the accesses with each of the actions. An action on runs that are not named is on any.
    pub(super) fn for_actions(mut self, actions: &[Action]) -> Vec<Access<'a>> {
        let named = self.accesses.len();
        self.accesses
            .reserve_exact(named * actions.len().saturating_sub(1));
        for _ in actions.iter().skip(1) {
            self.accesses.extend_from_within(..named);
        }
        for (accesses, action) in self.accesses.chunks_mut(named).zip(actions) {
            for access in accesses {
                access.action = Fact::Known(*action);
                if action.is_of_runs() && access.run == Fact::Absent {
                    access.run = Fact::Unknown;
                }
            }
        }
        self.accesses
    }

    fn set(&mut self, id: Id, fact: &Fact<Cow<'a, str>>) {
        for access in &mut self.accesses {
            access.set(id, fact);
        }
    }

    fn each(&mut self, id: Id, values: &[Cow<'a, str>]) {
        let accesses = std::mem::take(&mut self.accesses);
        for value in values {
            self.accesses.extend(accesses.iter().cloned().map(|mut access| {
                access.set(id, &read(id, value.clone()));
                access
            }));
        }
    }
}

/// Reads a value of the request. Airflow takes `+7`, `007` and ` 7.0` for the number 7. So a value that is
/// not written as Airflow writes a number may be any.
fn read(id: Id, value: Cow<'_, str>) -> Fact<Cow<'_, str>> {
    let is_plain = |number: u32| number.to_string() == value;
    match id {
        Id::AssetNumber if !value.parse().is_ok_and(is_plain) => Fact::Unknown,
        _ => Fact::Known(value),
    }
}

impl<'a> Access<'a> {
    /// The length of all its ids together.
    fn bytes(&self) -> usize {
        let ids = [
            &self.dag,
            &self.run,
            &self.task,
            &self.connection,
            &self.variable,
            &self.pool,
            &self.xcom_key,
            &self.asset,
        ];
        let known = ids.into_iter().filter_map(Fact::known);
        known.map(|id| id.len()).sum()
    }

    fn fact(&self, id: Id) -> &Fact<Cow<'a, str>> {
        match id {
            Id::Dag | Id::TaskInstance | Id::Callback => &self.dag,
            Id::Run => &self.run,
            Id::Task => &self.task,
            Id::Connection => &self.connection,
            Id::Variable => &self.variable,
            Id::Pool => &self.pool,
            Id::XcomKey => &self.xcom_key,
            Id::Asset | Id::AssetNumber => &self.asset,
        }
    }

    fn set(&mut self, id: Id, fact: &Fact<Cow<'a, str>>) {
        let place = match id {
            Id::Dag => &mut self.dag,
            Id::Run => &mut self.run,
            Id::Task => &mut self.task,
            Id::Connection => &mut self.connection,
            Id::Variable => &mut self.variable,
            Id::Pool => &mut self.pool,
            Id::XcomKey => &mut self.xcom_key,
            Id::Asset | Id::AssetNumber => &mut self.asset,
            // The UUID shows that there is a task instance, but not which.
            Id::TaskInstance => {
                self.dag = Fact::Unknown;
                self.run = Fact::Unknown;
                self.task = Fact::Unknown;
                self.by_uuid = true;
                return;
            }
            Id::Callback => return,
        };
        *place = fact.clone();
    }
}

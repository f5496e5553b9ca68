//! The operation of a request: path → surface → route → action on a resource, in Airflow's own words.

mod access;
mod action;
mod body;
mod classify;
mod deferral;
mod fields;
mod host;
mod malformed;
mod parameters;
mod path;
mod path_headers;
mod query;
mod route;
mod router;
mod routes;
mod site;
mod surface;

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::Hash;

use crate::fact::Fact;

pub use action::{Action, is_unclassified};
pub use body::{BadBody, Body, MAX_BODY_BYTES};
pub use classify::{classify, classify_elsewhere};
pub use host::{host_of, is_host};
pub use malformed::Malformed;
pub use path::{Ambiguity, ENCODED_SLASH, is_path, prefixes, unescaped};
pub use path_headers::check_headers;
pub use route::Line;
pub use routes::{Object, Row, rows, rows_of};
pub use site::{BadBasePath, Place, Site};
pub use surface::Surface;

/// The action of those routes of the Execution API that need no token.
const DOCUMENTATION: Action = Action::DocsRead;

/// The actions that start a task, a test of a connection or a callback.
const STARTS: [Action; 3] = [
    Action::CallbackRun,
    Action::ConnectionTest,
    Action::TaskInstanceRun,
];

/// The action with which a task reads a connection.
const CONNECTION_READ: Action = Action::ConnectionRead;

/// The end of the ids that hooks look up when a DAG's author has named no connection.
const DEFAULT_CONNECTION: &str = "_default";

/// A request line, before classification.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `:method`.
    pub method: &'a str,
    /// `:path` with its query, as the proxy has it.
    pub target: &'a str,
    /// The host of `:authority`, in lower case and without its port; see [`host_of`].
    pub host: &'a str,
    /// The body, as far as it has arrived.
    pub body: Body<'a>,
}

/// The meaning of a request in Airflow's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation<'a> {
    /// The surface that the request is for.
    pub surface: Surface,
    /// Whether the path is below `/execution`, on a known or an unknown route. Airflow's application there
    /// gives every valid task token a new token, whatever the route and the answer.
    pub below_execution: bool,
    /// The method.
    pub method: &'a str,
    /// The host, in lower case and without its port.
    pub host: &'a str,
    /// The decoded path below the base path, without its query. Unknown if two parsers could read it
    /// differently.
    pub path: Fact<Cow<'a, str>>,
    /// The route's template, for logs and explanations; `None` if no route is known.
    pub template: Option<&'static str>,
    /// Whether the server picks the DAG, or takes all of them.
    pub any_dag: bool,
    /// Whether the body may name ids and has not arrived yet.
    pub awaits_body: bool,
    /// The UUID of the task instance in the path, on a task's own route. Airflow's own check there is
    /// `ti:self`.
    pub task_instance: Option<Cow<'a, str>>,
    /// The UUID of the callback in the path. On the route that starts the callback, Airflow's own check is
    /// `cb:self`.
    pub callback: Option<Cow<'a, str>>,
    /// Whether Airflow's answer will name the DAG and the run of that task instance.
    pub awaits_answer: bool,
    /// The accesses: at least one. The policy must allow all of them.
    pub accesses: Vec<Access<'a>>,
}

impl Operation<'_> {
    /// The action as a metric's label: the first one; empty outside Airflow.
    pub fn action_label(&self) -> &'static str {
        let first = self.accesses.first().map(|access| access.action);
        first
            .and_then(|action| action.known().copied())
            .map_or("", Action::as_str)
    }

    /// Whether the path is below one of Airflow's prefixes, but on no known route.
    pub fn is_unclassified(&self) -> bool {
        self.template.is_none() && self.surface.unclassified().is_some()
    }

    /// Whether Airflow answers this route with 2xx only after it has verified a task's token. An unknown
    /// route may be open to all callers.
    pub fn verifies_token(&self) -> bool {
        let is_open = |access: &Access<'_>| access.action == Fact::Known(DOCUMENTATION);
        self.surface == Surface::Execution && self.template.is_some() && !self.accesses.iter().any(is_open)
    }

    /// Whether the route is below `/execution` and needs no token.
    pub fn takes_no_token(&self) -> bool {
        self.below_execution && self.template.is_some() && !self.verifies_token()
    }

    /// Whether the request starts a task. Airflow compares the token's subject with the UUID in the path, so
    /// its 2xx proves that the caller has the task.
    pub fn starts(&self) -> bool {
        let starts = |access: &Access<'_>| {
            access
                .action
                .known()
                .is_some_and(|action| STARTS.contains(action))
        };
        self.verifies_token() && self.accesses.iter().all(starts)
    }

    /// Whether the request only reads a connection as a task. Before `run`, Airflow's worker asks in this way
    /// for the connection of the remote log store.
    pub fn reads_connection(&self) -> bool {
        self.connection_read().is_some()
    }

    /// Whether the request reads a connection that hooks look up by themselves, such as `aws_default`. If
    /// Airflow has none, hooks continue without it, for example with the credentials of the pod.
    pub fn reads_default_connection(&self) -> bool {
        let connection = self.connection_read().and_then(Fact::known);
        connection.is_some_and(|connection| connection.ends_with(DEFAULT_CONNECTION))
    }

    fn connection_read(&self) -> Option<&Fact<Cow<'_, str>>> {
        match self.accesses.as_slice() {
            [access]
                if self.surface == Surface::Execution && access.action == Fact::Known(CONNECTION_READ) =>
            {
                Some(&access.connection)
            }
            _ => None,
        }
    }

    /// Whether the request starts a deadline's callback.
    pub fn starts_callback(&self) -> bool {
        self.callback.is_some() && self.starts()
    }

    /// The UUID in the path that Airflow compares with the token's subject: that of a task, or of a callback
    /// that starts.
    pub fn own_id(&self) -> Option<&str> {
        let callback = self.callback.as_deref().filter(|_| self.starts());
        self.task_instance.as_deref().or(callback)
    }

    /// Sets the DAG and the run of the task instance, or records that they will not be known.
    pub fn belongs_to(&mut self, run: Option<(&str, &str)>) {
        if self.task_instance.is_none() {
            return;
        }
        self.awaits_answer = false;
        let (dag, run) = match run {
            Some((dag, run)) => (
                Fact::Known(Cow::Owned(dag.to_owned())),
                Fact::Known(Cow::Owned(run.to_owned())),
            ),
            None => (Fact::Unknown, Fact::Unknown),
        };
        // The other accesses of the body are not about this task's DAG.
        for access in self.accesses.iter_mut().filter(|access| access.by_uuid) {
            access.dag = dag.clone();
            access.run = run.clone();
        }
    }

    /// The known actions in order, without repeats.
    pub fn actions(&self) -> Vec<Action> {
        distinct(
            self.accesses
                .iter()
                .filter_map(|access| access.action.known().copied()),
        )
    }

    /// The known DAGs in order, without repeats.
    pub fn dag_ids(&self) -> Vec<&str> {
        distinct(
            self.accesses
                .iter()
                .filter_map(|access| access.dag.known().map(AsRef::as_ref)),
        )
    }
}

/// One action on one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Access<'a> {
    /// The action; absent outside Airflow, `ui:unclassified` or the like if the route is unknown.
    pub action: Fact<Action>,
    /// The DAG.
    pub dag: Fact<Cow<'a, str>>,
    /// Airflow's team of that DAG; set only if the policy looks at it.
    pub team: Fact<Cow<'a, str>>,
    /// The DAG run.
    pub run: Fact<Cow<'a, str>>,
    /// The task.
    pub task: Fact<Cow<'a, str>>,
    /// The connection's id.
    pub connection: Fact<Cow<'a, str>>,
    /// The variable's key.
    pub variable: Fact<Cow<'a, str>>,
    /// The pool's name.
    pub pool: Fact<Cow<'a, str>>,
    /// The XCom's key.
    pub xcom_key: Fact<Cow<'a, str>>,
    /// The asset, by name, URI or id, as the request names it.
    pub asset: Fact<Cow<'a, str>>,
    /// The path of the class that the triggerer is to run.
    pub trigger: Fact<Cow<'a, str>>,
    /// The queue of the triggerer that is to run the class.
    pub queue: Fact<Cow<'a, str>>,
    /// Whether the access is to the task instance that the path names by UUID.
    pub by_uuid: bool,
}

impl Access<'_> {
    /// Whether the access is about no object of Airflow.
    pub fn names_nothing(&self) -> bool {
        let Self {
            action: _,
            team: _,
            by_uuid: _,
            dag,
            run,
            task,
            connection,
            variable,
            pool,
            xcom_key,
            asset,
            trigger,
            queue,
        } = self;
        let ids = [
            dag, run, task, connection, variable, pool, xcom_key, asset, trigger, queue,
        ];
        ids.into_iter().all(|id| *id == Fact::Absent)
    }
}

fn distinct<T: Copy + Eq + Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(*item)).collect()
}

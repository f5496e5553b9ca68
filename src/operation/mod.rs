//! For what: path → surface → route → action on a resource, in Airflow's own words.

mod host;

use std::borrow::Cow;

use crate::fact::Fact;

pub use host::host_of;

/// What a request line says, before anything is understood of it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `:method`.
    pub method: &'a str,
    /// `:path`, the query included, as the proxy has it.
    pub target: &'a str,
    /// `:authority`.
    pub host: &'a str,
}

/// Which of Airflow's HTTP surfaces a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Surface {
    /// `/auth`: the auth manager's routes.
    Auth,
    /// `/edge_worker/v1`: the Edge executor's worker API.
    Edge,
    /// `/execution`: the Task Execution API.
    Execution,
    /// Health and metrics routes.
    Health,
    /// `/log` of the log servers on 8793 and 8794.
    Logs,
    /// Not Airflow, as far as its path tells.
    Other,
    /// `/api/v2` and `/api/v1`: the public REST API.
    Rest,
    /// `/ui`: the routes behind the web interface.
    Ui,
    /// Under one of Airflow's prefixes, but no route that is known.
    Unclassified,
}

/// What a request asks for.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// The surface it is for.
    pub surface: Surface,
    /// The method.
    pub method: &'a str,
    /// The host without its port, as the client wrote it.
    pub host: &'a str,
    /// The decoded path, without its query. Unknown where two parsers could read it differently.
    pub path: Fact<Cow<'a, str>>,
    /// The route's template, for logs and explanations; `None` where no route is known.
    pub template: Option<&'static str>,
    /// Whether the server picks the DAG, or all of them.
    pub any_dag: bool,
    /// What it asks for: at least one, and all of them must be allowed.
    pub asks: Vec<Ask<'a>>,
}

/// One action on one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask<'a> {
    /// `resource:verb`, such as `dag_run:trigger`; absent outside Airflow, unknown where the
    /// route is not known.
    pub action: Fact<&'static str>,
    /// The DAG.
    pub dag: Fact<Cow<'a, str>>,
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
}

impl Surface {
    pub const ALL: [Self; 9] = [
        Self::Auth,
        Self::Edge,
        Self::Execution,
        Self::Health,
        Self::Logs,
        Self::Other,
        Self::Rest,
        Self::Ui,
        Self::Unclassified,
    ];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Edge => "edge",
            Self::Execution => "execution",
            Self::Health => "health",
            Self::Logs => "logs",
            Self::Other => "other",
            Self::Rest => "rest",
            Self::Ui => "ui",
            Self::Unclassified => "unclassified",
        }
    }
}
pub fn actions() -> impl Iterator<Item = &'static str> {
    [
        "dag:read",
        "dag_run:read",
        "xcom:read",
        "task_instance:run",
        "connection:read",
        "task_log:read",
    ]
    .into_iter()
}

pub struct Malformed(&'static str);
impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
pub fn read<'a>(request: &Request<'a>) -> Result<Operation<'a>, Malformed> {
    if request.target.contains("//") {
        return Err(Malformed("x"));
    }
    Ok(Operation {
        surface: Surface::Other,
        method: request.method,
        host: request.host,
        path: Fact::Known(Cow::Borrowed(
            request.target.split('?').next().unwrap_or_default(),
        )),
        template: None,
        any_dag: false,
        asks: vec![Ask::default()],
    })
}

impl Operation<'_> {
    pub fn action_label(&self) -> &'static str {
        ""
    }
}

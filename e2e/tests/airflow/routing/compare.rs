//! A comparison: dagward must classify a request as Airflow does, or more strictly.

use std::borrow::Cow;

use dagward::fact::Fact;
use dagward::operation::{Access, Body, Operation, Request, Site, Surface, classify};
use dagward_testbed::airflow::oracle::{Question, Reply, Route};

/// The result for one target.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Airflow does not serve it.
    NotServed,
    /// Airflow would serve it, and dagward refuses it as ambiguous.
    Refused,
    /// Both agree, or dagward classifies it more strictly.
    Agreed,
    /// Airflow serves a target that dagward classifies differently.
    Missed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Dag,
    Run,
    Task,
    Connection,
    Variable,
    Pool,
    XcomKey,
    Asset,
}

const KINDS: [Kind; 8] = [
    Kind::Dag,
    Kind::Run,
    Kind::Task,
    Kind::Connection,
    Kind::Variable,
    Kind::Pool,
    Kind::XcomKey,
    Kind::Asset,
];

pub(super) fn compare(site: &Site, question: &Question, reply: &Reply) -> Verdict {
    let Reply::Served(route) = reply else {
        return Verdict::NotServed;
    };
    let request = Request {
        method: question.method,
        target: &question.target,
        host: "airflow",
        body: Body::Pending,
    };
    let Ok(operation) = classify(&request, site) else {
        return Verdict::Refused;
    };
    match difference(&operation, route) {
        None => Verdict::Agreed,
        Some(difference) => Verdict::Missed(difference),
    }
}

/// Rows of API versions that the request did not select, each with the row of the selected version: the same action on
/// the same DAG or on any variable.
const OTHER_VERSIONS: [[&str; 2]; 2] = [
    [
        "/execution/dag-runs/{dag_id}/previous",
        "/execution/dag-runs/{dag_id}/{run_id}",
    ],
    [
        "/execution/variables/keys",
        "/execution/variables/{variable_key:path}",
    ],
];

fn difference(operation: &Operation<'_>, route: &Route) -> Option<String> {
    match (operation.surface, operation.template) {
        // dagward must not assign such a request to a surface other than Airflow's own.
        (surface, None) if operation.is_unclassified() && is_below(surface, &route.template) => {}
        (_, Some(ours)) if is_route(ours, &route.template) => {}
        (_, Some(ours)) if OTHER_VERSIONS.contains(&[ours, &route.template]) => {}
        (surface, ours) => {
            return Some(format!(
                "dagward has the route {ours:?} on the surface {surface:?}"
            ));
        }
    }
    for kind in KINDS {
        let values = named(route, kind);
        let missing = values.iter().find(|value| !counts(operation, kind, value));
        if let Some(value) = missing {
            return Some(format!("dagward does not count the {kind:?} {value:?}"));
        }
        let any = operation.accesses.iter().any(|ask| is_open(fact(ask, kind)));
        let known = operation.accesses.iter().find_map(|ask| fact(ask, kind).known());
        if let Some(known) = known.filter(|_| values.is_empty() && !any) {
            return Some(format!("Airflow takes any {kind:?}, and dagward only {known:?}"));
        }
    }
    let instance = route.path.get("task_instance_id").map(String::as_str);
    (!operation.is_unclassified() && instance != operation.task_instance.as_deref())
        .then(|| format!("dagward has the task instance {:?}", operation.task_instance))
}

/// Whether the first segments of one of Airflow's routes belong to a surface.
fn is_below(surface: Surface, template: &str) -> bool {
    let below = |prefix: &str| {
        let rest = template.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match surface {
        Surface::Auth => below("/auth"),
        Surface::Edge => below("/edge_worker") || below("/internal_api"),
        Surface::Execution => below("/execution"),
        Surface::Logs => below("/log"),
        Surface::Rest => below("/api"),
        // In Airflow 2 these are the web pages, which have no common prefix.
        Surface::Ui => {
            let others = [
                "/auth",
                "/edge_worker",
                "/internal_api",
                "/execution",
                "/log",
                "/api",
            ];
            !others.into_iter().any(below)
        }
        Surface::Health | Surface::Other | Surface::Pages => false,
    }
}

/// The values that Airflow reads for ids of one kind. It ignores empty values in the query.
fn named(route: &Route, kind: Kind) -> Vec<&str> {
    let path = route
        .path
        .iter()
        .filter(|(name, _)| kind_in_path(&route.template, name) == Some(kind))
        .map(|(_, value)| value.as_str());
    let query = route
        .query
        .iter()
        .filter(|(name, _)| kind_in_query(&route.template, name) == Some(kind))
        // A list can be separated by commas. dagward reads that as several values.
        .flat_map(|(name, values)| {
            values.iter().flat_map(move |value| match name.ends_with('s') {
                true => value.split(',').collect(),
                false => vec![value.as_str()],
            })
        })
        .filter(|value| !value.is_empty());
    path.chain(query).collect()
}

fn kind_in_path(template: &str, name: &str) -> Option<Kind> {
    Some(match name {
        "dag_id" => Kind::Dag,
        "run_id" | "dag_run_id" => Kind::Run,
        "task_id" => Kind::Task,
        "connection_id" => Kind::Connection,
        "variable_key" => Kind::Variable,
        "pool_name" => Kind::Pool,
        "xcom_key" => Kind::XcomKey,
        "key" if template.contains("/xcom") => Kind::XcomKey,
        "asset_id" | "uri" => Kind::Asset,
        _ => return None,
    })
}

fn kind_in_query(template: &str, name: &str) -> Option<Kind> {
    Some(match name {
        "dag_id" | "dag_ids" | "source_dag_id" => Kind::Dag,
        "run_id" | "run_ids" | "dag_run_id" | "source_run_id" => Kind::Run,
        "task_id" | "task_ids" | "source_task_id" => Kind::Task,
        "asset_id" | "dataset_id" => Kind::Asset,
        "name" | "uri" if template.contains("/by-") => Kind::Asset,
        _ => return None,
    })
}

fn counts(operation: &Operation<'_>, kind: Kind, value: &str) -> bool {
    operation.accesses.iter().any(|ask| {
        let fact = fact(ask, kind);
        is_open(fact) || fact.known().is_some_and(|known| known == value)
    })
}

fn is_open(fact: &Fact<Cow<'_, str>>) -> bool {
    matches!(fact, Fact::Unknown | Fact::Pending)
}

fn fact<'o, 'a>(ask: &'o Access<'a>, kind: Kind) -> &'o Fact<Cow<'a, str>> {
    match kind {
        Kind::Dag => &ask.dag,
        Kind::Run => &ask.run,
        Kind::Task => &ask.task,
        Kind::Connection => &ask.connection,
        Kind::Variable => &ask.variable,
        Kind::Pool => &ask.pool,
        Kind::XcomKey => &ask.xcom_key,
        Kind::Asset => &ask.asset,
    }
}

/// Whether the template `ours` matches `theirs`. A slash at the end is optional, also before an empty tail.
fn is_route(ours: &str, theirs: &str) -> bool {
    let bare = |template: &str| segments(template.strip_suffix('/').unwrap_or(template));
    same_route(&bare(ours), &bare(theirs)) || same_route(&bare(ours), &segments(theirs))
}

/// The segments of a template. Airflow 2 writes placeholders as `<converter:name>`.
fn segments(template: &str) -> Vec<String> {
    let braces = template.replace('<', "{").replace('>', "}");
    braces.split('/').map(str::to_owned).collect()
}

/// Whether `ours` equals `theirs`, apart from the names of placeholders. A tail in ours matches one or several segments
/// of theirs.
fn same_route(ours: &[String], theirs: &[String]) -> bool {
    match (ours, theirs) {
        ([], []) => true,
        ([tail, ours @ ..], [_, rest @ ..]) if tail.ends_with(":path}") => {
            (0..=rest.len()).any(|taken| same_route(ours, &rest[taken..]))
        }
        ([our, ours @ ..], [their, theirs @ ..]) => {
            (our == their || (our.starts_with('{') && their.starts_with('{'))) && same_route(ours, theirs)
        }
        _ => false,
    }
}

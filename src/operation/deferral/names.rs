//! The argument names in which Airflow's triggers say what they are about.
//!
//! They come from the classes that derive from `BaseTrigger` in Airflow 3.0 to 3.3 and in its providers for
//! Amazon, Google, Azure, Kubernetes, Databricks, Snowflake, dbt Cloud, Kafka, HTTP, SFTP, SQL and OpenAI.

use crate::operation::body::Json;

/// The kind of object that an argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connection,
    Dag,
    /// A function or class to import and call, a file with commands, or a schema to fetch.
    Code,
    TaskInstance,
}

/// The kind of object that the argument `name` names; `None` if it is about how the trigger works.
pub(super) fn kind(name: &str) -> Option<Kind> {
    let mut words = name.rsplit('_');
    let last = words.next().unwrap_or_default();
    let before = words.next().unwrap_or_default();
    match (before, last) {
        // `aws_conn_id`, `conn_id`, `source_conn`.
        (_, "conn" | "conns" | "connection" | "connections") | ("conn" | "connection", "id" | "ids") => {
            Some(Kind::Connection)
        }
        _ if name == "kafka_config_id" => Some(Kind::Connection),
        // `dag_id`, `external_dag_id`.
        (_, "dag" | "dags") | ("dag", "id" | "ids") => Some(Kind::Dag),
        ("ti", "id" | "ids") => Some(Kind::TaskInstance),
        _ if name == "task_instance_id" => Some(Kind::TaskInstance),
        (_, "function" | "callable" | "callback" | "classpath" | "cls") => Some(Kind::Code),
        _ if SCHEMA_REFERENCES.contains(&name) => Some(Kind::Code),
        _ => CODE.contains(&name).then_some(Kind::Code),
    }
}

/// The keywords by which a JSON Schema refers to another schema, sets its base URL, or chooses a draft with
/// other keywords. `HITLTrigger` validates answers against the schemas in `params`, and Python's `jsonschema`
/// fetches any URL that a schema refers to, including `file:` URLs.
const SCHEMA_REFERENCES: [&str; 5] = ["$ref", "$dynamicRef", "$recursiveRef", "$id", "$schema"];

/// Whether a field refers to a place in its own schema.
pub(super) fn is_within_schema(name: &str, value: &Json<'_>) -> bool {
    let within = matches!(value, Json::Text(place) if place.starts_with('#'));
    within && SCHEMA_REFERENCES.contains(&name)
}

/// Names of code. The first five are imported. The others configure a Kubernetes client, and such a
/// configuration can name a command for the client to run.
const CODE: [&str; 8] = [
    "auth_type",           // `HttpTrigger`
    "callback_path",       // `CallbackTrigger`
    "response_check_path", // `HttpEventTrigger`
    "response_type",       // `MSGraphTrigger`
    "serializer",          // `MSGraphTrigger`
    "config_dict",         // `KubernetesPodTrigger`
    "config_file",         // `KubernetesJobTrigger`
    "connection_extras",   // `KubernetesPodTrigger`
];

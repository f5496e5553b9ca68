//! The names by which the arguments of Airflow's triggers say what they are about.
//!
//! Taken from the classes that derive from `BaseTrigger` in Airflow 3.0 to 3.3 and in its providers
//! for Amazon, Google, Azure, Kubernetes, Databricks, Snowflake, dbt Cloud, Kafka, HTTP, SFTP, SQL
//! and OpenAI.

/// What an argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connection,
    Dag,
    /// A function or class to import and call, or a file with commands.
    Code,
    TaskInstance,
}

/// What the argument `name` names; `None` where it says how, and not what.
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
        _ => CODE.contains(&name).then_some(Kind::Code),
    }
}

/// The first five are imported. The others configure a Kubernetes client, and such a configuration
/// can name a command for the client to run.
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

//! The connections that triggers of Airflow's providers use when their arguments name none.
//!
//! `S3KeyTrigger` without `aws_conn_id` takes `aws_default`. The default is in the provider's code, so a
//! trigger that should name its connection and does not may use any.

use super::names::{Kind, kind};
use crate::operation::body::Json;

/// The argument that names the connection, by the beginning of the class path. The longest entry that fits
/// counts. `None`: these triggers use no connection.
const PARAMETERS: &[(&str, Option<&str>)] = &[
    ("airflow.providers.amazon.", Some("aws_conn_id")),
    ("airflow.providers.apache.kafka.", Some("kafka_config_id")),
    ("airflow.providers.cncf.kubernetes.", Some("kubernetes_conn_id")),
    ("airflow.providers.common.messaging.", None),
    ("airflow.providers.common.sql.", Some("conn_id")),
    ("airflow.providers.databricks.", Some("databricks_conn_id")),
    ("airflow.providers.dbt.", Some("conn_id")),
    ("airflow.providers.google.", Some("gcp_conn_id")),
    (
        "airflow.providers.google.cloud.triggers.bigquery.BigQuery",
        Some("conn_id"),
    ),
    (
        "airflow.providers.google.cloud.triggers.bigquery.BigQueryStreaming",
        Some("gcp_conn_id"),
    ),
    (
        "airflow.providers.google.cloud.triggers.bigquery.BigQueryTable",
        Some("gcp_conn_id"),
    ),
    (
        "airflow.providers.google.cloud.triggers.gcs.",
        Some("google_cloud_conn_id"),
    ),
    (
        "airflow.providers.google.cloud.triggers.vertex_ai.",
        Some("conn_id"),
    ),
    (
        "airflow.providers.google.cloud.triggers.vertex_ai.AgentEngine",
        Some("gcp_conn_id"),
    ),
    (
        "airflow.providers.google.cloud.triggers.vertex_ai.CustomJob",
        Some("gcp_conn_id"),
    ),
    ("airflow.providers.http.", Some("http_conn_id")),
    (
        "airflow.providers.microsoft.azure.triggers.compute.",
        Some("azure_conn_id"),
    ),
    (
        "airflow.providers.microsoft.azure.triggers.message_bus.",
        Some("azure_service_bus_conn_id"),
    ),
    (
        "airflow.providers.microsoft.azure.triggers.msgraph.",
        Some("conn_id"),
    ),
    (
        "airflow.providers.microsoft.azure.triggers.wasb.",
        Some("wasb_conn_id"),
    ),
    ("airflow.providers.openai.", Some("conn_id")),
    ("airflow.providers.sftp.", Some("sftp_conn_id")),
    ("airflow.providers.snowflake.", Some("snowflake_conn_id")),
    ("airflow.providers.standard.", None),
];

/// With these, `None` means no connection: the credentials of the triggerer's own pod.
const MAY_BE_NONE: [&str; 2] = ["aws_conn_id", "kubernetes_conn_id"];

/// Whether the trigger of `class` picks its connection, as `arguments` name none.
pub(super) fn is_left_to(class: &str, arguments: Option<&Json<'_>>) -> bool {
    if !class.starts_with("airflow.providers.") {
        return false;
    }
    let rows = PARAMETERS.iter().filter(|(begin, _)| class.starts_with(begin));
    match rows.max_by_key(|(begin, _)| begin.len()) {
        Some((_, None)) => false,
        Some((_, Some(parameter))) => !names(arguments, |name| name == *parameter),
        None => !names(arguments, |name| kind(name) == Some(Kind::Connection)),
    }
}

/// Whether one of the arguments that `is_it` picks has a value.
fn names(arguments: Option<&Json<'_>>, is_it: impl Fn(&str) -> bool) -> bool {
    let Some(Json::Object(fields)) = arguments else {
        return false;
    };
    // Of Airflow's two encodings one wraps the arguments.
    let value_of = |name: &str| {
        fields
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    };
    let fields = match (value_of("__type"), value_of("__var")) {
        (Some(_), Some(Json::Object(within))) => within,
        _ => fields,
    };
    fields.iter().any(|(name, value)| match value {
        Json::Text(_) => is_it(name),
        Json::Null => is_it(name) && MAY_BE_NONE.contains(&&**name),
        _ => false,
    })
}

//! Every metric of dagward. Names and labels are an interface: dashboards and alerts depend on them.
//!
//! No label carries a run's id, a task instance's id or a key: each would stay a series forever. No label's
//! name ends with another label's name, because Istio finds labels by the end of their names.

use super::host::Kind;
use super::series::Metric;

/// Requests by caller, action and result.
pub const REQUESTS: Metric<7> = Metric {
    name: "dagward_requests_total",
    kind: Kind::Counter,
    labels: [
        "direction",
        "caller",
        "dag_id",
        "task_id",
        "action",
        "decision",
        "code_class",
    ],
};

/// Bytes of requests, with headers and without trailers: the bytes that arrived, not those that
/// `content-length` promises.
pub const REQUEST_BYTES: Metric<3> = Metric {
    name: "dagward_request_bytes_total",
    kind: Kind::Counter,
    labels: ["direction", "dag_id", "task_id"],
};

/// Bytes of responses as they arrived, with headers and without trailers.
pub const RESPONSE_BYTES: Metric<3> = Metric {
    name: "dagward_response_bytes_total",
    kind: Kind::Counter,
    labels: ["direction", "dag_id", "task_id"],
};

/// Time from the arrival of a request's headers to its answer's last byte, in milliseconds.
pub const REQUEST_DURATION: Metric<2> = Metric {
    name: "dagward_request_duration_milliseconds",
    kind: Kind::Histogram,
    labels: ["direction", "dag_id"],
};

/// Requests refused.
pub const DENIED: Metric<2> = Metric {
    name: "dagward_denied_total",
    kind: Kind::Counter,
    labels: ["policy", "reason"],
};

/// Requests that a policy in shadow mode would have refused.
pub const SHADOW_DENIED: Metric<2> = Metric {
    name: "dagward_shadow_denied_total",
    kind: Kind::Counter,
    labels: ["policy", "reason"],
};

/// Requests counted under `__other__` because the proxy already has the allowed number of series.
pub const SERIES_DROPPED: Metric<0> = Metric {
    name: "dagward_series_dropped_total",
    kind: Kind::Counter,
    labels: [],
};

/// Checked tokens by kind and result. Those of a request that is decided twice count once.
pub const TOKENS: Metric<2> = Metric {
    name: "dagward_tokens_total",
    kind: Kind::Counter,
    labels: ["kind", "result"],
};

/// 1 for the configuration in force, 0 for earlier ones. `signatures` names the verifier of signatures.
pub const CONFIG_INFO: Metric<4> = Metric {
    name: "dagward_config_info",
    kind: Kind::Gauge,
    labels: ["version", "mode", "status", "signatures"],
};

/// Task instances that the proxy knows from Airflow's answers.
pub const LEARNED_TASKS: Metric<0> = Metric {
    name: "dagward_learned_tasks",
    kind: Kind::Gauge,
    labels: [],
};

/// Every metric's name, kind and labels. Istio's `extraStatTags` must list all labels.
pub const ALL: [(&str, Kind, &[&str]); 10] = [
    (REQUESTS.name, REQUESTS.kind, &REQUESTS.labels),
    (REQUEST_BYTES.name, REQUEST_BYTES.kind, &REQUEST_BYTES.labels),
    (RESPONSE_BYTES.name, RESPONSE_BYTES.kind, &RESPONSE_BYTES.labels),
    (
        REQUEST_DURATION.name,
        REQUEST_DURATION.kind,
        &REQUEST_DURATION.labels,
    ),
    (DENIED.name, DENIED.kind, &DENIED.labels),
    (SHADOW_DENIED.name, SHADOW_DENIED.kind, &SHADOW_DENIED.labels),
    (SERIES_DROPPED.name, SERIES_DROPPED.kind, &SERIES_DROPPED.labels),
    (TOKENS.name, TOKENS.kind, &TOKENS.labels),
    (CONFIG_INFO.name, CONFIG_INFO.kind, &CONFIG_INFO.labels),
    (LEARNED_TASKS.name, LEARNED_TASKS.kind, &LEARNED_TASKS.labels),
];

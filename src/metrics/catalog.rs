//! Every metric that dagward has. Names and labels are an interface: dashboards and alerts are
//! built on them.
//!
//! No label carries a run's id, a task instance's id or a key: each would be a series for ever.
//! No label's name ends with another's, since Istio finds labels by the end of their name.

use super::host::Kind;
use super::series::Metric;

/// Requests, by who asked for what and what came of it.
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

/// Bytes of requests, headers included and trailers not: those that came, not those that `content-length` promises.
pub const REQUEST_BYTES: Metric<3> = Metric {
    name: "dagward_request_bytes_total",
    kind: Kind::Counter,
    labels: ["direction", "dag_id", "task_id"],
};

/// Bytes of responses as they came, headers included, trailers not.
pub const RESPONSE_BYTES: Metric<3> = Metric {
    name: "dagward_response_bytes_total",
    kind: Kind::Counter,
    labels: ["direction", "dag_id", "task_id"],
};

/// Time from when a request's headers were there to its answer's last byte, in milliseconds.
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

/// Requests counted under `__other__` because the proxy has all the series it may have.
pub const SERIES_DROPPED: Metric<0> = Metric {
    name: "dagward_series_dropped_total",
    kind: Kind::Counter,
    labels: [],
};

/// Tokens looked at, by whose they are and what came of each. Those of a request that is decided twice count once.
pub const TOKENS: Metric<2> = Metric {
    name: "dagward_tokens_total",
    kind: Kind::Counter,
    labels: ["kind", "result"],
};

/// 1 for the configuration in force, 0 for those before it. `signatures` is who verifies them.
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

/// Every metric's name, kind and labels. All labels together are what Istio's `extraStatTags` must list.
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

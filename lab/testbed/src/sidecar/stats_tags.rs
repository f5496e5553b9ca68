//! The tag extraction of Istio's bootstrap: its own expressions, which also match our names, and
//! `extraStatTags` as `wasm-plugin.yaml` requires them.

use serde_json::{Value, json};

/// The labels of dagward's metrics, which Istio gets as `extraStatTags`.
const EXTRA: [&str; 15] = [
    "direction",
    "caller",
    "dag_id",
    "task_id",
    "action",
    "decision",
    "code_class",
    "policy",
    "reason",
    "status",
    "mode",
    "version",
    "signatures",
    "kind",
    "result",
];

/// Istio's own.
const BUILT_IN: [(&str, &str); 14] = [
    (
        "cluster_name",
        r"^cluster\.((.+?(\..+?\.svc\.cluster\.local)?)\.)",
    ),
    ("tcp_prefix", r"^tcp\.((.*?)\.)\w+?$"),
    ("response_code", r"_rq(_(\d{3}))$"),
    ("response_code_class", r"_rq(_(\dxx))$"),
    (
        "http_conn_manager_listener_prefix",
        r"^listener(?=\.).*?\.http\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)",
    ),
    (
        "http_conn_manager_prefix",
        r"^http\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)",
    ),
    (
        "listener_address",
        r"^listener\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)",
    ),
    ("cache", r"(cache\.(.+?)\.)"),
    ("component", r"(component\.(.+?)\.)"),
    ("tag", r"(tag\.(.+?);\.)"),
    ("wasm_filter", r"(wasm_filter\.(.+?)\.)"),
    ("authz_enforce_result", r"rbac(\.(allowed|denied))"),
    ("authz_dry_run_action", r"(\.istio_dry_run_(allow|deny)_)"),
    ("authz_dry_run_result", r"(\.shadow_(allowed|denied))"),
];

/// Envoy's `stats_config`.
pub(super) fn stats_config() -> Value {
    let built_in = BUILT_IN
        .iter()
        .map(|(name, regex)| json!({"tag_name": name, "regex": regex}));
    let extra = EXTRA
        .iter()
        .map(|name| json!({"tag_name": name, "regex": format!(r"({name}=\.=(.*?);\.;)")}));
    json!({
        "use_all_default_tags": false,
        "stats_tags": extra.chain(built_in).collect::<Vec<_>>(),
    })
}

//! The two listeners, with Istio's settings of the HTTP connection manager.

#![expect(clippy::indexing_slicing, reason = "an object made by `json!` takes any key")]

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::cluster::{inbound_name, service_name, socket, tls};
use super::spec::{ANY_PORT, Destination, Inbound, Spec};
use super::{Files, hbone};

/// Istio's name for the listener for peers.
pub(super) const INBOUND: &str = "virtualInbound";

/// The name of the listener for peers of the second server. Istio has one listener for all ports,
/// which selects by the called port.
pub(super) const BESIDE: &str = "virtualInbound-beside";

/// The name of the listener for the app.
pub(super) const OUTBOUND: &str = "virtualOutbound";

/// The fields of the access log.
const LOGGED: [(&str, &str); 13] = [
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(:PATH)%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("protocol", "%PROTOCOL%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("duration", "%DURATION%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER%"),
    ("peer", "%DOWNSTREAM_PEER_URI_SAN%"),
];

/// The properties that the filter sets; they are filter state under `wasm.dagward_<name>`.
const PROPERTIES: [&str; 6] = ["dag_id", "task_id", "run_id", "caller", "decision", "policy"];

/// All listeners of a sidecar.
pub(super) fn listeners(spec: &Spec, files: &Files) -> Vec<Value> {
    let address = spec.inbound_address;
    let peers = spec
        .inbound
        .iter()
        .map(|app| inbound(spec, INBOUND, address, app, files));
    let beside = spec
        .beside
        .iter()
        .map(|app| inbound(spec, BESIDE, ANY_PORT.into(), app, files));
    let takes_hbone = spec.inbound.iter().filter(|app| app.hbone);
    let hbone = takes_hbone.flat_map(|app| hbone::listeners(spec, app, files));
    let outbound = (!spec.outbound.is_empty()).then(|| outbound(spec, files));
    let added = spec.listeners.iter().cloned();
    peers
        .chain(beside)
        .chain(hbone)
        .chain(outbound)
        .chain(added)
        .collect()
}

fn inbound(spec: &Spec, name: &str, address: SocketAddr, app: &Inbound, files: &Files) -> Value {
    let mut manager = to_app(spec, app, files);
    manager["forward_client_cert_details"] = json!("APPEND_FORWARD");
    manager["set_current_client_cert_details"] = json!({"subject": true, "uri": true, "dns": true});

    let mut common = tls(&spec.identity);
    common["alpn_protocols"] = json!(["h2", "http/1.1"]);
    let mut chains = vec![json!({
        "name": "virtualInbound-mtls",
        "filter_chain_match": {"transport_protocol": "tls"},
        "transport_socket": mutual_tls(&common),
        "filters": [filter(&manager)],
    })];
    if app.permissive {
        chains.push(json!({"name": "virtualInbound-plaintext", "filters": [filter(&manager)]}));
    }
    json!({
        "name": name,
        "address": socket(address),
        "traffic_direction": "INBOUND",
        "listener_filters": [{
            "name": "envoy.filters.listener.tls_inspector",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
            },
        }],
        "filter_chains": chains,
    })
}

/// The end of the mesh's TLS, where a client must show a certificate.
pub(super) fn mutual_tls(common: &Value) -> Value {
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": true,
            "common_tls_context": common,
        },
    })
}

/// The HTTP connection manager before the app.
pub(super) fn to_app(spec: &Spec, app: &Inbound, files: &Files) -> Value {
    let services = app.services.iter().map(|service| {
        let cluster = service_name(service);
        json!({"name": cluster, "domains": [service.name, service.host()], "routes": [route(&cluster)]})
    });
    let rest = json!({
        "name": format!("inbound|http|{}", app.port),
        "domains": ["*"],
        "routes": [route(&inbound_name(app))],
    });
    let hosts: Vec<Value> = services.chain([rest]).collect();
    let routes = json!({"name": inbound_name(app), "virtual_hosts": hosts});
    manager(spec, "inbound", &routes, files)
}

fn outbound(spec: &Spec, files: &Files) -> Value {
    let hosts: Vec<Value> = spec.outbound.iter().map(virtual_host).collect();
    let routes = json!({"name": "outbound", "virtual_hosts": hosts});
    json!({
        "name": OUTBOUND,
        "address": socket(spec.outbound_address),
        "traffic_direction": "OUTBOUND",
        "filter_chains": [{"filters": [filter(&manager(spec, "outbound", &routes, files))]}],
    })
}

fn virtual_host(destination: &Destination) -> Value {
    json!({
        "name": destination.cluster,
        "domains": destination.hosts,
        "routes": [route(&destination.cluster)],
        "include_request_attempt_count": true,
    })
}

fn route(cluster: &str) -> Value {
    json!({
        "name": "default",
        "match": {"prefix": "/"},
        "route": {"cluster": cluster, "timeout": "0s"},
    })
}

/// The network filter with an HTTP connection manager.
pub(super) fn filter(manager: &Value) -> Value {
    json!({"name": "envoy.filters.network.http_connection_manager", "typed_config": manager})
}

fn manager(spec: &Spec, direction: &str, routes: &Value, files: &Files) -> Value {
    let mut filters = spec.filters.clone();
    if let Some(plugin) = &spec.plugin {
        filters.push(plugin.filter(&files.plugin));
    }
    filters.push(router());
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "codec_type": "AUTO",
        "stat_prefix": format!("{direction}_0.0.0.0"),
        "server_name": "istio-envoy",
        "use_remote_address": false,
        "normalize_path": true,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "stream_idle_timeout": "0s",
        "request_id_extension": {
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
                "use_request_id_for_trace_sampling": true,
            },
        },
        "access_log": access_log(spec, direction, files),
        "route_config": routes,
        "http_filters": filters,
    })
}

/// The last of all HTTP filters.
pub(super) fn router() -> Value {
    json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    })
}

fn access_log(spec: &Spec, direction: &str, files: &Files) -> Value {
    if !spec.access_log {
        return json!([]);
    }
    let properties = PROPERTIES.iter().map(|name| {
        (
            format!("dagward_{name}"),
            Value::from(format!("%FILTER_STATE(wasm.dagward_{name}:PLAIN)%")),
        )
    });
    let fields = LOGGED
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    let listener = ("listener".to_owned(), Value::from(direction));
    let format: Value = fields.chain(properties).chain([listener]).collect();
    json!([{
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": files.access_log,
            "log_format": {"json_format": format},
        },
    }])
}

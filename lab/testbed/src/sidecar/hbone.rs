//! Requests through HBONE, Istio's tunnel, to a waypoint or to a sidecar that accepts them.
//!
//! ztunnel, which makes the tunnels, does not run here:
//! [`Client::through`](crate::client::Client::through) replaces it. The proxy's side follows
//! istiod's configuration (`connect_terminate` and `main_internal` in
//! `pilot/pkg/networking/core/listener_waypoint.go`):
//!
//! * one listener ends the mutual TLS and the `CONNECT`, and stores the peer's identity as filter
//!   state that the next connection shares;
//! * that connection goes, within Envoy, to an internal listener with the HTTP filters. It has no
//!   TLS, and only the filter state contains the peer's identity.
//!
//! There are four differences from istiod's configuration:
//!
//! * the two principals are Envoy's plain strings, like Istio's before 1.29.2. Since then Istio's
//!   are its own hashable ones, by which Envoy keeps connections of different principals apart;
//!   here the caller's address does that, as it does there;
//! * no peer metadata are discovered;
//! * one filter chain takes all destinations, where Istio has one for each service's address;
//! * the app's cluster leads to the app, not into a second tunnel to it.

#![expect(clippy::indexing_slicing, reason = "an object made by `json!` takes any key")]

use serde_json::{Value, json};

use super::cluster::{socket, tls};
use super::spec::{Inbound, Spec};
use super::{Files, listener};

/// Istio's name for the listener where tunnels end.
pub(super) const TERMINATE: &str = "connect_terminate";

/// Istio's name for the listener that gets the tunnels' requests, and for the cluster that leads to
/// it.
const INTERNAL: &str = "main_internal";

/// The filter state that the terminating listener stores for the internal one: key, factory if the
/// key has none of its own, value.
const SHARED: [(&str, Option<&str>, &str); 4] = [
    (
        "envoy.filters.listener.original_dst.local_ip",
        None,
        "%REQ(:AUTHORITY)%",
    ),
    (
        "envoy.filters.listener.original_dst.remote_ip",
        None,
        "%DOWNSTREAM_REMOTE_ADDRESS%",
    ),
    (
        "io.istio.peer_principal",
        Some("envoy.string"),
        "%DOWNSTREAM_PEER_URI_SAN%",
    ),
    (
        "io.istio.local_principal",
        Some("envoy.string"),
        "%DOWNSTREAM_LOCAL_URI_SAN%",
    ),
];

/// The two listeners.
pub(super) fn listeners(spec: &Spec, app: &Inbound, files: &Files) -> [Value; 2] {
    [terminate(spec), internal(spec, app, files)]
}

/// Internal listeners must be enabled.
pub(super) fn bootstrap_extension() -> Value {
    json!({
        "name": "envoy.bootstrap.internal_listener",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
        },
    })
}

/// The cluster from the first listener to the second.
pub(super) fn cluster() -> Value {
    let endpoint = json!({"address": {"envoy_internal_address": {"server_listener_name": INTERNAL}}});
    json!({
        "name": INTERNAL,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": INTERNAL,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
        "transport_socket": {
            "name": "internal_upstream",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
                "transport_socket": {
                    "name": "raw_buffer",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
                    },
                },
            },
        },
    })
}

fn terminate(spec: &Spec) -> Value {
    let mut common = tls(&spec.identity);
    common["alpn_protocols"] = json!(["h2"]);
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": TERMINATE,
        "server_name": "istio-envoy",
        "use_remote_address": false,
        "forward_client_cert_details": "APPEND_FORWARD",
        "set_current_client_cert_details": {"subject": true, "uri": true, "dns": true},
        "stream_idle_timeout": "0s",
        "upgrade_configs": [{"upgrade_type": "CONNECT"}],
        "http2_protocol_options": {"allow_connect": true, "max_concurrent_streams": 100},
        "route_config": {
            "name": "default",
            "virtual_hosts": [{
                "name": "default",
                "domains": ["*"],
                "routes": [{
                    "match": {"connect_matcher": {}},
                    "route": {
                        "cluster": INTERNAL,
                        "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {}}],
                    },
                }],
            }],
        },
        "http_filters": [connect_authority(), listener::router()],
    });
    json!({
        "name": TERMINATE,
        "address": socket(([127, 0, 0, 1], 0).into()),
        "filter_chains": [{
            "name": "default",
            "transport_socket": listener::mutual_tls(&common),
            "filters": [listener::filter(&manager)],
        }],
    })
}

/// Istio's filter with that name.
fn connect_authority() -> Value {
    let values = SHARED.iter().map(|(key, factory, value)| {
        let mut shared = json!({
            "object_key": key,
            "format_string": {"text_format_source": {"inline_string": value}},
            "shared_with_upstream": "ONCE",
        });
        if let Some(factory) = factory {
            shared["factory_key"] = json!(factory);
        }
        shared
    });
    json!({
        "name": "connect_authority",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
            "on_request_headers": values.collect::<Vec<_>>(),
        },
    })
}

fn internal(spec: &Spec, app: &Inbound, files: &Files) -> Value {
    json!({
        "name": INTERNAL,
        "internal_listener": {},
        "traffic_direction": "INBOUND",
        "listener_filters": [{
            "name": "envoy.filters.listener.original_dst",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
            },
        }],
        "filter_chains": [{"filters": [listener::filter(&listener::to_app(spec, app, files))]}],
    })
}

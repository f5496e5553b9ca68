//! The clusters: the app behind the sidecar, and the destinations in the mesh and outside it.

#![expect(clippy::indexing_slicing, reason = "an object made by `json!` takes any key")]

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::hbone;
use super::spec::{Destination, Inbound, Service, Spec, Tls};
use crate::certs::Identity;

/// All clusters of a sidecar.
pub(super) fn clusters(spec: &Spec) -> Vec<Value> {
    let apps = || spec.inbound.iter().chain(&spec.beside);
    let inbound = apps().map(|inbound| cluster(&inbound_name(inbound), [inbound.app], inbound.http2));
    let services = apps().flat_map(|inbound| {
        let services = inbound.services.iter();
        services.map(|service| cluster(&service_name(service), [service.app], inbound.http2))
    });
    let destinations = spec.outbound.iter().chain(&spec.asked_by_filters);
    let outbound = destinations.map(|destination| outbound(destination, &spec.identity));
    let hbone = spec.takes_hbone().then(hbone::cluster);
    let added = spec.clusters.iter().cloned();
    inbound
        .chain(services)
        .chain(hbone)
        .chain(outbound)
        .chain(added)
        .collect()
}

/// Istio's name for the app's cluster.
pub(super) fn inbound_name(inbound: &Inbound) -> String {
    format!("inbound|{}||", inbound.port)
}

/// A waypoint's name for the cluster of a service.
pub(super) fn service_name(service: &Service) -> String {
    format!("inbound-vip|8080|http|{}", service.host())
}

fn outbound(destination: &Destination, identity: &Identity) -> Value {
    let endpoints = [destination.address]
        .into_iter()
        .chain(destination.more.iter().copied());
    let mut cluster = cluster(&destination.cluster, endpoints, destination.http2);
    let alpn = json!([if destination.http2 { "h2" } else { "http/1.1" }]);
    match &destination.tls {
        Tls::Plain => (),
        Tls::Mesh => {
            let mut common = tls(identity);
            common["alpn_protocols"] = alpn;
            cluster["transport_socket"] = upstream_tls(&destination.cluster.replace('|', "_"), &common);
        }
        Tls::Simple(authorities) => {
            let host = destination.cluster.rsplit('|').next().unwrap_or_default();
            let common = json!({
                "alpn_protocols": alpn,
                "validation_context": {"trusted_ca": {"filename": authorities}},
            });
            cluster["transport_socket"] = upstream_tls(host, &common);
        }
    }
    cluster
}

fn upstream_tls(name: &str, common: &Value) -> Value {
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": name,
            "common_tls_context": common,
        },
    })
}

fn cluster(name: &str, endpoints: impl IntoIterator<Item = SocketAddr>, http2: bool) -> Value {
    let endpoints: Vec<_> = endpoints
        .into_iter()
        .map(|address| json!({"endpoint": {"address": socket(address)}}))
        .collect();
    let protocol = if http2 {
        "http2_protocol_options"
    } else {
        "http_protocol_options"
    };
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "10s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": endpoints}],
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {protocol: {}},
            },
        },
    })
}

/// Certificate, key and root of trust, as `CommonTlsContext`.
pub(super) fn tls(identity: &Identity) -> Value {
    json!({
        "tls_certificates": [{
            "certificate_chain": {"filename": identity.certificate_file},
            "private_key": {"filename": identity.key_file},
        }],
        "validation_context": {"trusted_ca": {"filename": identity.root_file}},
    })
}

/// An address in Envoy's format.
pub(super) fn socket(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}

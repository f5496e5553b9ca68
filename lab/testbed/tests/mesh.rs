//! Two sidecars without any module: the properties of the lab itself.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

use std::time::Duration;

use dagward_testbed::certs::Authority;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::envoy;
use dagward_testbed::sidecar::{Destination, Inbound, Node, Sidecar, Spec};
use dagward_testbed::upstream::{Answer, Upstream};
use serde_json::json;

const SERVER: &str = "airflow-api-server";

fn server(authority: &Authority, inbound: Inbound, version: &str) -> Sidecar {
    let identity = authority.service_account("airflow", SERVER).unwrap();
    Sidecar::start(Spec {
        inbound: Some(inbound),
        version: version.to_owned(),
        ..Spec::new(Node::new(SERVER, "airflow", SERVER), &identity)
    })
    .unwrap()
}

#[test]
fn a_request_goes_through_both_sidecars() {
    for version in [envoy::DEFAULT_VERSION, envoy::OLDEST_VERSION] {
        let authority = Authority::new().unwrap();
        let app = Upstream::echo().unwrap();
        let outside = Upstream::echo().unwrap();
        let server = server(&authority, Inbound::strict(app.address()), version);

        let identity = authority.service_account("airflow", "airflow-worker").unwrap();
        let worker = Sidecar::start(Spec {
            version: version.to_owned(),
            outbound: vec![
                Destination::mesh(SERVER, "airflow", 8080, server.inbound().unwrap()),
                Destination::external("api.example.com", 80, outside.address()),
            ],
            ..Spec::new(
                Node::new("airflow-worker-0", "airflow", "airflow-worker"),
                &identity,
            )
        })
        .unwrap();

        let client = Client::plain(worker.outbound().unwrap());
        let request = Request::new("POST", "airflow-api-server:8080", "/api/v2/dags?x=1").body("{}");
        let response = client.send(&request).unwrap();
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.header("server"), Some("istio-envoy"));
        assert_eq!(response.json().unwrap()["body_length"], 2);

        let received = app.received();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].path, "/api/v2/dags?x=1");
        let xfcc = received[0].header("x-forwarded-client-cert").unwrap();
        assert!(
            xfcc.ends_with("URI=spiffe://cluster.local/ns/airflow/sa/airflow-worker"),
            "{xfcc}"
        );

        assert_eq!(
            client.send(&Request::get("api.example.com", "/")).unwrap().status,
            200
        );
        assert_eq!(outside.counts().completed, 1);

        let log = server.access_log_of(1).unwrap();
        assert_eq!(
            log[0]["peer"],
            "spiffe://cluster.local/ns/airflow/sa/airflow-worker"
        );
        assert_eq!(
            log[0]["upstream_cluster"],
            format!("inbound|{}||", app.address().port())
        );
    }
}

#[test]
fn who_gets_in() {
    let authority = Authority::new().unwrap();
    let app = Upstream::echo().unwrap();
    let strict = server(&authority, Inbound::strict(app.address()), envoy::DEFAULT_VERSION);
    let permissive = server(
        &authority,
        Inbound::permissive(app.address()),
        envoy::DEFAULT_VERSION,
    );
    let (strict, permissive) = (strict.inbound().unwrap(), permissive.inbound().unwrap());
    let request = Request::get(SERVER, "/").header("x_bytes", [0xff, 0x80]);

    let odd = [
        "spiffe://CLUSTER.local/ns/a/sa/b",
        "spiffe://a:443/x?y=z",
        "https://example.com/",
    ];
    let mut identities: Vec<_> = odd.iter().map(|uri| authority.uri(uri).unwrap()).collect();
    identities.push(authority.uris(&["spiffe://a/b", "spiffe://c/d"]).unwrap());
    identities.push(authority.uris(&[]).unwrap());
    for identity in &identities {
        let client = Client::mtls(strict, identity).unwrap();
        assert_eq!(client.send(&request).unwrap().status, 200, "{:?}", identity.uris);
        assert_eq!(
            client.http2().send(&request).unwrap().status,
            200,
            "{:?}",
            identity.uris
        );
    }
    assert_eq!(
        app.received()[0]
            .headers
            .iter()
            .find(|(name, _)| name == "x_bytes")
            .unwrap()
            .1,
        [0xff, 0x80]
    );

    assert!(
        Client::anonymous(strict, &identities[0])
            .unwrap()
            .send(&request)
            .is_err()
    );
    assert!(Client::plain(strict).send(&request).is_err());
    assert_eq!(Client::plain(permissive).send(&request).unwrap().status, 200);

    let stranger = Authority::new().unwrap().service_account("airflow", "x");
    assert!(
        Client::mtls(strict, &stranger.unwrap())
            .unwrap()
            .send(&request)
            .is_err()
    );
}

#[test]
fn a_request_cut_off_is_counted_as_aborted() {
    let authority = Authority::new().unwrap();
    let app = Upstream::echo().unwrap();
    let server = server(&authority, Inbound::strict(app.address()), envoy::DEFAULT_VERSION);
    let identity = authority.service_account("airflow", "x").unwrap();
    let client = Client::mtls(server.inbound().unwrap(), &identity).unwrap();

    let half = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf";
    let open = client.open(half).unwrap();
    dagward_workbench::wait::until("the app to have it", Duration::from_secs(60), || {
        Ok((app.counts().started == 1).then_some(()))
    })
    .unwrap();
    drop(open);
    let counts = dagward_workbench::wait::until("the abort", Duration::from_secs(60), || {
        Ok(Some(app.counts()).filter(|counts| counts.aborted == 1))
    });
    assert_eq!(counts.unwrap().started, 1);

    let answer = client
        .raw(b"GET / NONSENSE\r\n\r\n", Duration::from_secs(1))
        .unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 400"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[test]
fn http2_grpc_and_trailers_pass_from_end_to_end() {
    let authority = Authority::new().unwrap();
    let app = Upstream::with(|request| Answer {
        headers: vec![("content-type".to_owned(), "application/grpc".to_owned())],
        trailers: vec![("grpc-status".to_owned(), "0".to_owned())],
        ..Answer::json(200, &json!({"came": request.trailers.len()}))
    })
    .unwrap();
    let inbound = Inbound {
        http2: true,
        ..Inbound::strict(app.address())
    };
    let server = server(&authority, inbound, envoy::DEFAULT_VERSION);
    let identity = authority.service_account("airflow", "x").unwrap();

    let client = Client::mtls(server.inbound().unwrap(), &identity)
        .unwrap()
        .http2();
    let call = Request::new("POST", SERVER, "/package.Service/Method")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body([0, 0, 0, 0, 0])
        .trailer("x-last", "word");
    let response = client.send(&call).unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.trailers, [("grpc-status".to_owned(), b"0".to_vec())]);
    assert_eq!(app.received()[0].version, "HTTP/2.0");
    assert_eq!(
        app.received()[0].trailers,
        [("x-last".to_owned(), b"word".to_vec())]
    );
}

#[test]
fn a_filter_given_by_the_caller_stands_before_the_app() {
    let authority = Authority::new().unwrap();
    let app = Upstream::echo().unwrap();
    let identity = authority.service_account("airflow", SERVER).unwrap();
    let lua = "function envoy_on_request(handle) handle:headers():add('x-seen', 'lua') end";
    let sidecar = Sidecar::start(Spec {
        inbound: Some(Inbound::permissive(app.address())),
        concurrency: 2,
        cpu: Some(0),
        filters: vec![json!({
            "name": "lua",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                "default_source_code": {"inline_string": lua},
            },
        })],
        ..Spec::new(
            Node::new(SERVER, "airflow", SERVER).annotation("dag_id", "etl"),
            &identity,
        )
    })
    .unwrap();
    let client = Client::plain(sidecar.inbound().unwrap());
    assert_eq!(client.send(&Request::get(SERVER, "/")).unwrap().status, 200);
    assert_eq!(app.received()[0].header("x-seen"), Some("lua"));

    let admin = sidecar.admin();
    assert!(admin.resident_memory().unwrap() > 1 << 20);
    assert!(admin.cpu_time().unwrap() > Duration::from_millis(1));
    let classes = [("response_code_class", "2xx")];
    assert_eq!(
        admin
            .metric("envoy_http_inbound_0_0_0_0_downstream_rq", &classes)
            .unwrap(),
        1.0
    );
}

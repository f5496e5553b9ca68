//! Values in a token's location that are not one token.

use dagward_forge::jwt::{Algorithm, SigningKey};
use dagward_testbed::client::Request;
use serde_json::json;

use super::{good, issuer, reading, shown, worker};
use crate::mesh::{API_SERVER, Server};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(a_place_holds_one_token_or_nothing);

fn a_place_holds_one_token_or_nothing(setup: Setup) {
    let key = SigningKey::generate(Algorithm::EdDSA).unwrap();
    let mut company = issuer(&[&key], &[Algorithm::EdDSA]);
    company["locations"] = json!([
        {"header": "authorization", "prefix": "Bearer "}, {"header": "x-token"}, {"query": "token"}, {"cookie": "_token"},
    ]);
    let policy = json!({"apiVersion": "dagward/v1", "mode": "enforce", "tokens": [company], "policies": [
        {"name": "anyone", "action": "ALLOW", "rules": [{}]},
        {"name": "not-ml", "action": "DENY", "rules": [{"from": [{"claims": {"team.name": ["ml"]}}]}]},
    ]});
    let server = Server::start(setup, &policy);
    let (client, token) = (worker(&server), good(&key));
    let with = |name: &str, before: &[u8], after: &[u8]| {
        reading().header(name, [before, token.as_bytes(), after].concat())
    };
    let asking = |query: &str| Request::get(API_SERVER, &format!("/api/v2/dags/ml_train?{query}"));

    let denied = Err((403, "denied_by_rule".to_owned()));
    for request in [
        with("authorization", b"bearer ", b""),
        with("x-token", b"", b""),
        with("cookie", b"a=\xff; _token=\"", b"\""),
        asking(&format!("to%6ben={token}")),
    ] {
        assert_eq!(shown(&client, &request), denied, "{request:?}");
    }
    for request in [
        reading(),
        reading().header("authorization", "Basic YTpi"),
        reading().header("x-token", ""),
        asking("token="),
        reading().header("cookie", "_token_x=1; \u{a0}=1"),
    ] {
        assert_eq!(shown(&client, &request), Ok(()), "{request:?}");
    }

    let unreadable = Err((401, "token_unreadable".to_owned()));
    for request in [
        with("authorization", b"\xa0Bearer ", b""),
        with("authorization", b"Bearer\xa0", b""),
        with("authorization", b"Bearer\t", b""),
        with("authorization", b"", b""),
        with("authorization", b"Basic YTpi, Bearer ", b""),
        with("x_token", b"", b""),
        with("cookie", b"\xa0_token=", b""),
        with("cookie", b"_token\x85=", b""),
        with("cookie", b"_TOKEN=", b""),
        with("cookie", b"a=1, _token=", b""),
        asking(&format!("a=1;token={token}")),
        asking(&format!("%C2%A0token={token}")),
        asking(&format!("Token={token}")),
    ] {
        assert_eq!(shown(&client, &request), unreadable, "{request:?}");
    }
    let base64url = Err((401, "token_base64url".to_owned()));
    for request in [
        with("authorization", b"Bearer \xa0", b""),
        with("authorization", b"Bearer  ", b""),
        with("authorization", b"Bearer ", b"\x85"),
        with("cookie", b"_token=\xa0", b""),
        with("x-token", b"", b"\xa0"),
    ] {
        assert_eq!(shown(&client, &request), base64url, "{request:?}");
    }
    // HTTP/1.1 trims blanks that HTTP/2 keeps.
    let blank = with("authorization", b"\tBearer ", b"");
    let expected = if setup.http2 { unreadable } else { denied };
    assert_eq!(shown(&client, &blank), expected);
    server.assert_unharmed();
}

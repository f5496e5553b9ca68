//! A secret key in a file that the sidecar serves to itself, as in `examples/istio/keys-from-file.yaml`. The test
//! replaces the file as the kubelet and the CSI driver do.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dagward_forge::jwt::{Algorithm, SigningKey};
use dagward_shipped::manifest;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::port::Port;
use dagward_testbed::sidecar::Spec;
use dagward_workbench::{paths, wait};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, refusal};

/// Here the filter fetches keys again every ten seconds.
const SOON: Duration = Duration::from_secs(60);

/// The listener and the cluster that the file adds to a sidecar, for another folder and another port.
fn added(folder: &Path, port: u16) -> [Value; 2] {
    let filter = manifest::read("examples/istio/keys-from-file.yaml").unwrap();
    let text = filter["spec"]["configPatches"].to_string();
    let text = text.replace("/etc/dagward-keys", folder.to_str().unwrap());
    let patches: Value = serde_json::from_str(&text.replace("15099", &port.to_string())).unwrap();
    [0, 1].map(|number| patches[number]["patch"]["value"].clone())
}

/// Replaces the file by another version: the symbolic links then point to it.
fn write(folder: &Path, version: u32, keys: &[&SigningKey]) {
    let keys = keys.iter().map(|key| {
        let mut jwk = key.jwk();
        // Airflow's tokens have no key id.
        jwk.as_object_mut().unwrap().remove("kid");
        jwk
    });
    let keys: Vec<Value> = keys.collect();
    let name = format!("..{version}");
    fs::create_dir(folder.join(&name)).unwrap();
    fs::write(
        folder.join(&name).join("airflow.jwks"),
        json!({"keys": keys}).to_string(),
    )
    .unwrap();
    symlink(&name, folder.join("..fresh")).unwrap();
    fs::rename(folder.join("..fresh"), folder.join("..data")).unwrap();
    let file = folder.join("airflow.jwks");
    if !file.exists() {
        symlink("..data/airflow.jwks", file).unwrap();
    }
}

fn token(key: &SigningKey) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"sub": "admin", "aud": "apache-airflow", "iat": now, "nbf": now, "exp": now + 600});
    let header = json!({"alg": "HS512", "kid": "not-used", "typ": "JWT"});
    key.sign(&header, &claims).unwrap()
}

/// `200`, or the refusal of the token.
fn outcome(client: &Client, token: &str) -> String {
    let request = Request::get(API_SERVER, "/api/v2/dags").header("authorization", format!("Bearer {token}"));
    let answer = ask(client, &request);
    match answer.status {
        200 => "200".to_owned(),
        _ => refusal(&answer).1,
    }
}

fn until(client: &Client, token: &str, wanted: &str) {
    wait::until(wanted, SOON, || {
        Ok((outcome(client, token) == wanted).then_some(()))
    })
    .unwrap();
}

#[test]
fn a_key_in_a_file_is_exchanged_while_the_proxy_runs() {
    let [old, new] = [(); 2].map(|()| SigningKey::generate(Algorithm::HS512).unwrap());
    let (of_old, of_new) = (token(&old), token(&new));
    let folder = paths::scratch("keys").unwrap();
    write(folder.path(), 1, &[&old]);
    let port = Port::reserve().unwrap();
    let [listener, cluster] = added(folder.path(), port.address().port());
    let policy = json!({"apiVersion": "dagward/v1", "mode": "enforce", "tokens": [{
        "name": "airflow-users",
        "kind": "airflow-user",
        "audiences": ["apache-airflow"],
        "jwksUri": "http://127.0.0.1:15099/airflow.jwks",
        "cluster": "dagward-keys",
        "refreshSeconds": 10,
    }], "policies": [{"name": "people", "action": "ALLOW", "rules": [{
        "from": [{"requestPrincipals": ["airflow-users/admin"]}],
    }]}]});
    let server = Server::with(&policy, |spec| Spec {
        listeners: vec![listener],
        clusters: vec![cluster],
        ..spec
    });
    let peer = server.peer("istio-ingress", "gateway");

    until(&peer, &of_old, "200");
    assert_eq!(outcome(&peer, &of_new), "token_signature");
    // Both are valid for a while, then only the new one: the filter does not remember results of the old key.
    write(folder.path(), 2, &[&old, &new]);
    until(&peer, &of_new, "200");
    assert_eq!(outcome(&peer, &of_old), "200");
    write(folder.path(), 3, &[&new]);
    until(&peer, &of_old, "token_signature");
    assert_eq!(outcome(&peer, &of_new), "200");
    server.assert_unharmed();
}

//! Tokens in a whole Istio: real ones of service accounts, verified with the API server's keys or by Istio, and
//! Airflow's user tokens, verified with a secret in a file of the pod.

use dagward_cluster::kubernetes::ISSUER;
use dagward_forge::jwt::{Algorithm, SigningKey};
use dagward_shipped::manifest;
use dagward_testbed::client::{Request, Response};
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::airflow::{API_SERVER, Airflow, Caller, SOON, code, metrics};
use crate::objects::{annotated, measured, pod, service};
use crate::scene::Scene;

const HERE: &str = "tokens";
const SALES: &str = "airflow-worker-sales";
const ML: &str = "airflow-worker-ml";

/// The header in which each issuer's tokens are expected.
const BY_KEYS: &str = "x-service-account-token";
const BY_ISTIO: &str = "x-istio-token";

/// A signing secret of Airflow's.
const SECRET: [u8; 64] = [3; 64];

/// The objects of a file, in the test's namespace.
fn objects(file: &str) -> Vec<Value> {
    let mut objects = manifest::read_all(file).unwrap();
    for object in &mut objects {
        if let Some(namespace) = object.pointer_mut("/metadata/namespace") {
            *namespace = json!(HERE);
        }
    }
    objects
}

/// The ServiceEntry for the keys, and the objects that it needs. In a cluster the name resolves to the API server. Here
/// a sidecar's own traffic cannot reach a service's address.
fn keys_of_service_accounts(scene: &Scene) -> Vec<Value> {
    let mut objects = objects("examples/istio/service-account-keys.yaml");
    let address = scene.cluster.api().address();
    let spec = &mut objects[0]["spec"];
    spec["resolution"] = json!("STATIC");
    spec["endpoints"] = json!([{"address": address.ip(), "ports": {"https": address.port()}}]);
    objects
}

/// Istio verifies the tokens in one header, with the keys that the API server publishes.
fn request_authentication(scene: &Scene) -> Value {
    let keys = scene.cluster.api().get("/openid/v1/jwks").unwrap();
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": {"name": "service-accounts", "namespace": HERE},
        "spec": {
            "selector": {"matchLabels": {"app": API_SERVER}},
            "jwtRules": [{
                "issuer": ISSUER,
                "audiences": ["airflow"],
                "jwks": keys.to_string(),
                "fromHeaders": [{"name": BY_ISTIO}],
                "forwardOriginalToken": true,
            }],
        },
    })
}

/// The shipped plugin, with a policy that requires a token of any kind.
fn plugin(scene: &Scene) -> Value {
    let accounts = |name: &str, header: &str, more: Value| {
        let mut issuer = json!({
            "name": name,
            "kind": "kubernetes",
            "issuer": ISSUER,
            "audiences": ["airflow"],
            "locations": [{"header": header}],
        });
        issuer
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        issuer
    };
    let fetched = json!({
        "jwksUri": "https://kubernetes.default.svc/openid/v1/jwks",
        "cluster": "outbound|443||service-account-keys.dagward.internal",
    });
    let mut plugin = scene.plugin(HERE);
    plugin["spec"]["pluginConfig"] = json!({
        "apiVersion": "dagward/v1",
        "mode": "enforce",
        "tokens": [
            accounts("by-keys", BY_KEYS, fetched),
            accounts("by-istio", BY_ISTIO, json!({"fromIstio": true})),
            {
                "name": "airflow-users",
                "kind": "airflow-user",
                "audiences": ["apache-airflow"],
                "jwksUri": "http://127.0.0.1:15099/airflow.jwks",
                "cluster": "dagward-keys",
            },
        ],
        "policies": [
            {"name": "workers", "action": "ALLOW", "rules": [{
                "from": [{
                    "serviceAccounts": [format!("{HERE}/airflow-worker-{{team}}")],
                    "requestPrincipals": [format!("{ISSUER}/system:serviceaccount:{HERE}:airflow-worker-{{team}}")],
                }],
                "to": [{"surfaces": ["rest"]}],
            }]},
            {"name": "people", "action": "ALLOW", "rules": [{
                "from": [{"requestPrincipals": ["airflow-users/admin"]}],
                "to": [{"surfaces": ["rest"]}],
            }]},
        ],
    });
    plugin
}

/// A Secret such as External Secrets makes, with a key like one of Airflow's.
fn secret(key: &SigningKey) -> Value {
    let mut jwk = key.jwk();
    // Airflow's tokens have no key id.
    jwk.as_object_mut().unwrap().remove("kid");
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "dagward-keys", "namespace": HERE},
        "stringData": {"airflow.jwks": json!({"keys": [jwk]}).to_string()},
    })
}

/// The api-server's pod. Its sidecar mounts the files that the policy names.
fn server() -> Value {
    let mut server = measured(pod(HERE, API_SERVER, API_SERVER));
    server["metadata"]["labels"]["component"] = json!("api-server");
    let volumes = json!({
        "kube-root-ca": {"configMap": {"name": "kube-root-ca.crt"}},
        "dagward-keys": {"secret": {"secretName": "dagward-keys"}},
    });
    let mounts = json!({
        "kube-root-ca": {"mountPath": "/etc/kube-root-ca", "readOnly": true},
        "dagward-keys": {"mountPath": "/etc/dagward-keys", "readOnly": true},
    });
    let server = annotated(server, "sidecar.istio.io/userVolume", &volumes.to_string());
    annotated(server, "sidecar.istio.io/userVolumeMount", &mounts.to_string())
}

fn with(header: &str, token: &str) -> Request {
    Request::get("", "/api/v2/dags").header(header, token)
}

/// A token with the claims of another.
fn with_payload_of(token: &str, other: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    [parts[0], other.split('.').nth(1).unwrap(), parts[2]].join(".")
}

/// Repeats the request until the filter has the keys.
fn first(caller: &Caller, request: &Request) -> Response {
    wait::until("the keys", SOON, || {
        let answer = caller.tries(request);
        Ok(answer.filter(|answer| !answer.text().contains("(token_keys_unavailable)")))
    })
    .unwrap()
}

#[test]
fn each_source_of_keys_tells_genuine_tokens_from_stolen_and_forged_ones() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER, SALES, ML]);
    let airflow_key = SigningKey::with_secret(Algorithm::HS512, &SECRET).unwrap();
    let mut items = keys_of_service_accounts(scene);
    items.extend(objects("examples/istio/keys-from-file.yaml"));
    items.extend([secret(&airflow_key), request_authentication(scene), plugin(scene)]);
    scene.apply(&items);
    let server = [service(HERE, API_SERVER, "http", 8080), server()];
    let pods = [pod(HERE, SALES, SALES), pod(HERE, ML, ML)];
    let airflow = Airflow::with(scene, HERE, server, &pods);
    let [sales, ml] = [SALES, ML].map(|pod| airflow.caller(pod));
    let token = |account, audience| {
        let api = scene.cluster.api();
        api.token(HERE, account, Some(audience), None).unwrap()
    };
    let (own, theirs) = (token(SALES, "airflow"), token(ML, "airflow"));

    for (header, refused) in [(BY_KEYS, Some("token_signature")), (BY_ISTIO, None)] {
        let answer = first(&sales, &with(header, &own));
        assert_eq!(answer.status, 200, "{header}: {}", answer.text());
        // The pod of ml cannot use a token that the API server gave to sales.
        let answer = ml.ask(&with(header, &own));
        let stolen = (403, "token_bound_to_another_peer".to_owned());
        assert_eq!((answer.status, code(&answer)), stolen, "{header}");
        assert_eq!(ml.ask(&with(header, &theirs)).status, 200, "{header}");

        let forged = with_payload_of(&theirs, &own);
        let answer = sales.ask(&with(header, &forged));
        assert_eq!(answer.status, 401, "{header}: {}", answer.text());
        match refused {
            Some(refused) => assert_eq!(code(&answer), refused),
            None => assert!(answer.text().contains("Jwt"), "{}", answer.text()),
        }
    }
    let elsewhere = sales.ask(&with(BY_KEYS, &token(SALES, "another")));
    assert_eq!(code(&elsewhere), "token_audience");
    let none = sales.ask(&Request::get("", "/api/v2/dags"));
    assert_eq!((none.status, code(&none)), (403, "no_rule_allows".to_owned()));

    // A user with a token of Airflow's, and one with a forged token.
    let user = |key: &SigningKey, name: &str| {
        let header = json!({"alg": "HS512", "kid": "not-used", "typ": "JWT"});
        let claims = json!({"sub": name, "aud": "apache-airflow", "iat": 0, "exp": 4_000_000_000_u64});
        format!("Bearer {}", key.sign(&header, &claims).unwrap())
    };
    let other = SigningKey::with_secret(Algorithm::HS512, &[4; 64]).unwrap();
    let answer = first(&sales, &with("authorization", &user(&airflow_key, "admin")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = sales.ask(&with("authorization", &user(&airflow_key, "guest")));
    assert_eq!(code(&answer), "no_rule_allows");
    let answer = sales.ask(&with("authorization", &user(&other, "admin")));
    assert_eq!(
        (answer.status, code(&answer)),
        (401, "token_signature".to_owned())
    );

    let admin = metrics(&airflow.server);
    let count = |kind: &str, result: &str| {
        let labels = [("kind", kind), ("result", result)];
        admin.metric("dagward_tokens_total", &labels).unwrap()
    };
    // Only Istio has verified the tokens in this header.
    assert!(count("kubernetes", "istio") >= 2.0);
    assert_eq!(count("kubernetes", "token_bound_to_another_peer"), 2.0);
    assert!(count("airflow-user", "verified") >= 2.0);
    let log = airflow.log(API_SERVER);
    for secret in [own.as_str(), theirs.as_str()] {
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!log.contains(signature), "a token is in the log");
    }
}

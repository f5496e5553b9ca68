//! The destination of a request, and whether that is Airflow.

use super::*;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/policies");

#[test]
fn a_service_is_the_same_by_each_of_its_names() {
    let asked = |host: &str| {
        let question = [
            "--listener",
            "outbound",
            "--method",
            "GET",
            "--path",
            "/x",
            "--host",
            host,
        ];
        let (_, answer) = explain_json(
            "policy.yaml",
            &[&question[..], &["--annotation", "dag_id=sales_daily"]].concat(),
        );
        answer["reasons"].clone()
    };
    let whole = asked("payments.billing.svc.cluster.local");
    assert!(whole.to_string().contains("sets `x-airflow-dag-id`"), "{whole}");
    for name in [
        "payments.billing",
        "payments.billing.svc",
        "payments.billing.svc.cluster.local.:8080",
        "payments",
    ] {
        assert_eq!(asked(name), whole, "{name}");
    }
    assert_ne!(asked("example.com"), whole);
}

#[test]
fn it_says_whether_a_body_is_read() {
    let people = "spiffe://cluster.local/ns/istio-ingress/sa/gateway";
    let question = [
        "--peer",
        people,
        "--method",
        "PATCH",
        "--path",
        "/api/v2/variables",
    ];
    let (status, answer) = explain_json(&format!("{EXAMPLES}/two-teams.yaml"), &question);
    assert_eq!(status, 0, "{answer}");
    let reasons = answer["reasons"].to_string();
    assert!(reasons.contains("the filter does not read its body"), "{reasons}");
}

#[test]
fn a_path_is_airflow_s_where_airflow_is() {
    let shop = "spiffe://cluster.local/ns/shop/sa/web";
    let path = "/api/v1/namespaces/s3%3A%2F%2Fbucket";
    let question = ["--peer", shop, "--method", "PUT", "--path", path];
    let (status, answer) = explain_json(&format!("{EXAMPLES}/business-service.yaml"), &question);
    assert_eq!(
        (status, &answer["code"]),
        (1, &"no_rule_allows".into()),
        "{answer}"
    );
    assert_eq!(answer["operation"]["surface"], "other");
    let (_, answer) = explain_json("policy.yaml", &[&question[..], &["--port", "8080"]].concat());
    assert_eq!(answer["code"], "malformed_path", "{answer}");
}

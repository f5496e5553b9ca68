//! The callers and their requests, and the same rules in each contender's language.
//!
//! The scene is a mesh of teams. Each team has a service account whose tasks may do a few things to
//! the team's own DAGs. A task of one team reads an XCom of its own DAG over the Execution API. Its
//! team's rule is in the middle of every rule set, which gives the mean over all teams.

use serde_json::{Value, json};

use dagward_testbed::client::Request;

/// The team of the calling task.
const TEAM: &str = "sales";

/// A team whose DAGs the task may not touch.
const OTHER_TEAM: &str = "finance";

/// The run of the calling task.
const RUN: &str = "scheduled__2026-11-23T00:00:00+00:00";

/// The host that the task calls.
const HOST: &str = "airflow-api-server.airflow.svc.cluster.local:8080";

/// The namespace of all parties.
pub(super) const NAMESPACE: &str = "airflow";

/// The service account of the calling task.
pub(super) fn service_account() -> String {
    account(TEAM)
}

fn account(team: &str) -> String {
    format!("worker-{team}")
}

fn principal(team: &str) -> String {
    format!("spiffe://cluster.local/ns/{NAMESPACE}/sa/{}", account(team))
}

fn teams(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(move |number| match number {
        middle if middle == count / 2 => TEAM.to_owned(),
        other => format!("team{other:06}"),
    })
}

/// The request that all proxies get and allow.
pub(super) fn allowed() -> Request {
    request(TEAM)
}

/// The request that all proxies with rules refuse.
pub(super) fn refused() -> Request {
    request(OTHER_TEAM)
}

/// Requests with the status that every filter must answer if it does all of the checks: a filter
/// must not win by skipping checks.
pub(super) fn checked() -> Vec<(Request, u16)> {
    let own = || allowed();
    let acting = |dag: &str| without("x-airflow-dag-id").header("x-airflow-dag-id", dag);
    vec![
        (own(), 200),
        (to("POST", "/execution/xcoms/sales_daily/r/load/key"), 200),
        (to("GET", "/execution/dag-runs/sales_daily/r/state"), 200),
        (without("x-request-id"), 200),
        (refused(), 403),
        (to("POST", "/execution/dag-runs/sales_daily/r"), 403),
        (to("GET", "/execution/variables/rate"), 403),
        (to("GET", "/execution/nothing"), 403),
        (acting("finance_daily"), 403),
        (without("x-airflow-proof"), 403),
        (acting("caf%C3%A9 daily"), 403),
        (acting("sales%zz"), 403),
        (own().header("x-airflow-dag-id", "sales_daily"), 403),
        (own().header("x_airflow_task_id", "load"), 403),
        (without("x-airflow-dag-id"), 403),
        (without("x-airflow-ti-id").header("x-airflow-ti-id", "1"), 403),
        (
            without("x-airflow-map-index").header("x-airflow-map-index", "-2"),
            403,
        ),
        (to("GET", "/execution/xcoms/sales_daily%2Fr/r/load/key"), 403),
        (to("GET", "/execution/xcoms//sales_daily/r/load/key"), 403),
        (to("GET", "/execution/xcoms/sales_daily;x/r/load/key"), 403),
    ]
}

fn to(method: &str, path: &str) -> Request {
    headers(Request::new(method, HOST, path), None)
}

fn without(header: &str) -> Request {
    headers(Request::get(HOST, &xcom(TEAM)), Some(header))
}

fn request(team: &str) -> Request {
    headers(Request::get(HOST, &xcom(team)), None)
}

fn xcom(team: &str) -> String {
    format!("/execution/xcoms/{team}_daily/{RUN}/extract/return_value")
}

/// The headers that Airflow's task SDK sends and that the caller's own sidecar adds, except
/// `left_out`.
fn headers(request: Request, left_out: Option<&str>) -> Request {
    [
        ("accept", "*/*".to_owned()),
        ("accept-encoding", "gzip, deflate".to_owned()),
        (
            "user-agent",
            "apache-airflow-task-sdk/1.3.2 (Python/3.12.11)".to_owned(),
        ),
        ("airflow-api-version", "2026-06-30".to_owned()),
        // A token of the same size as a task's; its subject is `lab`.
        (
            "authorization",
            format!("Bearer e30.eyJzdWIiOiJsYWIifQ.{}", "e".repeat(396)),
        ),
        (
            "correlation-id",
            "019ab1c2-8f4e-7c3a-9d5e-0123456789ab".to_owned(),
        ),
        ("x-request-id", "7c8e3f5a-1b2c-4d3e-8f9a-0b1c2d3e4f5a".to_owned()),
        ("x-airflow-dag-id", format!("{TEAM}_daily")),
        ("x-airflow-run-id", RUN.to_owned()),
        ("x-airflow-task-id", "load".to_owned()),
        ("x-airflow-map-index", "-1".to_owned()),
        ("x-airflow-try-number", "1".to_owned()),
        (
            "x-airflow-ti-id",
            "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112".to_owned(),
        ),
        ("x-airflow-proof", "pod".to_owned()),
    ]
    .into_iter()
    .filter(|(name, _)| left_out != Some(name))
    .fold(request, |request, (name, value)| request.header(name, value))
}

/// The rules as a dagward document: one rule for each team, no templates.
pub(super) fn dagward(count: u32) -> String {
    document(count).to_string()
}

/// The same document, with these token issuers.
pub(super) fn with_tokens(count: u32, issuers: &[Value]) -> String {
    let mut document = document(count);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("tokens".to_owned(), issuers.into());
    }
    document.to_string()
}

fn document(count: u32) -> Value {
    let rule = |team: String| {
        let own = format!("{team}_*");
        json!({
            "from": [{"principals": [principal(&team)], "dags": [own], "proof": ["pod", "airflow"]}],
            "to": [{"dags": [own], "actions": ["task_instance:*", "dag_run:read", "xcom:*"]}],
        })
    };
    let rules: Vec<Value> = teams(count).map(rule).collect();
    json!({
        "apiVersion": "dagward/v1",
        "mode": "enforce",
        "policies": [{"name": "teams-run-their-own-dags", "action": "ALLOW", "rules": rules}],
    })
}

/// The rules for Envoy's own RBAC filter, one policy for each team, as istiod would make them from
/// AuthorizationPolicies. RBAC does not know Airflow's objects, so its rules match paths and the
/// header; it does not check the proof and the other surfaces.
pub(super) fn rbac(count: u32) -> Value {
    let policy = |(number, team): (usize, String)| {
        let own = format!("{team}_");
        let path = |prefix: &str| json!({"url_path": {"path": {"prefix": format!("{prefix}{own}")}}});
        let policy = json!({
            "permissions": [{"or_rules": {"rules": [
                path("/execution/xcoms/"),
                path("/execution/dag-runs/"),
            ]}}],
            "principals": [{"and_ids": {"ids": [
                {"authenticated": {"principal_name": {"exact": principal(&team)}}},
                {"header": {"name": "x-airflow-dag-id", "string_match": {"prefix": own}}},
            ]}}],
        });
        (
            format!("ns[{NAMESPACE}]-policy[team-{number:06}]-rule[0]"),
            policy,
        )
    };
    let policies: serde_json::Map<String, Value> = teams(count).enumerate().map(policy).collect();
    json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": {"action": "ALLOW", "policies": policies},
        },
    })
}

/// The rules as a Lua filter: a table by principal, with hand-written checks.
pub(super) fn lua(count: u32) -> Value {
    let entries: String = teams(count)
        .map(|team| format!("  [\"{}\"] = \"{team}_\",\n", principal(&team)))
        .collect();
    let script = format!("local teams = {{\n{entries}}}\n{}", include_str!("checks.lua"));
    json!({
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": script},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_that_allows_stands_in_the_middle_of_each_set() {
        for count in [10, 1_000] {
            let half = count as usize / 2;
            let document: Value = serde_json::from_str(&dagward(count)).unwrap();
            let rules = document["policies"][0]["rules"].as_array().unwrap();
            assert_eq!(rules.len(), count as usize);
            assert_eq!(rules[half]["from"][0]["principals"][0], principal(TEAM));
            let rbac = rbac(count);
            let policies = rbac["typed_config"]["rules"]["policies"].as_object().unwrap();
            assert_eq!(policies.len(), count as usize);
            assert!(
                policies
                    .values()
                    .nth(half)
                    .unwrap()
                    .to_string()
                    .contains(&principal(TEAM))
            );
        }
    }
}

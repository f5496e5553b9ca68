//! Who asks for what, and the same rules in everybody's language.
//!
//! A mesh of teams: each has a service account whose tasks may do a few things to the team's own
//! DAGs. A task of one team reads an XCom of its own DAG over the Execution API. Its team's rule
//! stands in the middle of every rule set, as a mean over teams would have it.

use serde_json::{Value, json};

use crate::client::Request;

/// The team whose task asks.
const TEAM: &str = "sales";

/// A team whose DAGs it may not touch.
const OTHER_TEAM: &str = "finance";

/// The namespace of all.
pub(super) const NAMESPACE: &str = "airflow";

/// The service account of the task that asks.
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

/// The request that all proxies get, and let pass.
pub(super) fn allowed() -> Request {
    request(TEAM)
}

/// The request that all proxies with rules refuse.
pub(super) fn refused() -> Request {
    request(OTHER_TEAM)
}

/// What Airflow's task SDK sends, and what the caller's own sidecar adds.
fn request(team: &str) -> Request {
    let run = "scheduled__2026-11-23T00:00:00+00:00";
    let xcom = format!("/execution/xcoms/{team}_daily/{run}/extract/return_value");
    Request::get("airflow-api-server.airflow.svc.cluster.local:8080", &xcom)
        .header("accept", "*/*")
        .header("accept-encoding", "gzip, deflate")
        .header("user-agent", "apache-airflow-task-sdk/1.3.2 (Python/3.12.11)")
        .header("airflow-api-version", "2026-06-30")
        .header("authorization", format!("Bearer {}", "e".repeat(420)))
        .header("correlation-id", "019ab1c2-8f4e-7c3a-9d5e-0123456789ab")
        .header("x-request-id", "7c8e3f5a-1b2c-4d3e-8f9a-0b1c2d3e4f5a")
        .header("x-airflow-dag-id", format!("{TEAM}_daily"))
        .header("x-airflow-run-id", run)
        .header("x-airflow-task-id", "load")
        .header("x-airflow-map-index", "-1")
        .header("x-airflow-try-number", "1")
        .header("x-airflow-ti-id", "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112")
        .header("x-airflow-proof", "pod")
}

/// The rules as a dagward document: one for each team, no templates.
pub(super) fn dagward(count: u32) -> String {
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
    .to_string()
}

/// The rules as Envoy's own RBAC filter, one policy for each team, as istiod would make them of
/// AuthorizationPolicies. It has no words for Airflow's objects, so paths and the header stand for
/// them; the proof and the other surfaces go unchecked.
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

/// The rules as a Lua filter: a table by principal, and the checks by hand.
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

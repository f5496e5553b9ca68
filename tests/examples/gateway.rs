//! What the ready policies give to people behind the gateway: Airflow and its pages, and not what
//! plugins serve beside them.

use dagward::walk::Code;

use crate::asking::{Asked, GATEWAY};
use crate::files::ruleset;

const POLICIES: [&str; 3] = [
    "examples/policies/components.yaml",
    "examples/policies/two-teams.yaml",
    "wasm-plugin.yaml",
];

#[test]
fn people_see_every_page() {
    for file in POLICIES {
        let policy = ruleset(file);
        for page in [
            "GET /",
            "HEAD /",
            "GET /home",
            "GET /dags",
            "GET /dags/sales_daily/runs/r/tasks/load?tab=code",
            "GET /assets/7",
            "GET /security/users",
            "GET /plugin/edge_worker",
            "GET /static/assets/index-Bx7.js",
            "GET /docs",
        ] {
            assert_eq!(Asked::of(GATEWAY, page).refused(&policy), None, "{file} {page}");
        }
    }
}

#[test]
fn the_gateway_reaches_no_application_of_a_plugin() {
    for file in POLICIES {
        let policy = ruleset(file);
        for request in [
            "POST /mcp",
            "POST /mcp/",
            "POST /mcp/v1/",
            "GET /mcp/v1/",
            "DELETE /mcp",
            "POST /",
            "POST /dags/sales_daily",
            "POST /static/mcp",
            "POST /dags/..%2Fmcp",
            "GET /pluginsv2/trigger?dag_id=sales_daily",
            "POST /my-plugin/trigger",
            "CONNECT /mcp",
            // Flower's.
            "POST /api/task/async-apply/airflow.execute_command",
        ] {
            let refused = Asked::of(GATEWAY, request).refused(&policy);
            assert_eq!(refused, Some(Code::NoRuleAllows), "{file} {request}");
        }
    }
}

//! What the ready policies give to people behind the gateway: Airflow and its pages, and not what
//! plugins serve beside them.

use dagward::walk::Code;

use crate::asking::{Asked, GATEWAY};
use crate::files::ruleset;
use crate::sites::everywhere;

const POLICIES: [&str; 3] = [
    "examples/policies/components.yaml",
    "examples/policies/two-teams.yaml",
    "wasm-plugin.yaml",
];

#[test]
fn people_see_every_page() {
    for file in POLICIES {
        let policy = everywhere(file);
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
        let policy = everywhere(file);
        for request in [
            "POST /mcp",
            "POST /mcp/",
            "POST /mcp/v1/",
            "GET /mcp/v1/",
            "DELETE /mcp",
            "POST /",
            "POST /dags/sales_daily",
            "POST /static/mcp",
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

/// Its slash is a part of a name to one server, and leads out of the pages of another.
#[test]
fn no_page_leads_to_an_application() {
    for file in POLICIES {
        let refused = Asked::of(GATEWAY, "POST /dags/..%2Fmcp").refused_by(&ruleset(file));
        assert_eq!(refused, Some(Code::NoRuleAllows), "{file}");
    }
}

#[test]
fn people_see_every_page_of_airflow_2() {
    for file in POLICIES {
        let policy = everywhere(file).of_airflow_2();
        for page in [
            "GET /home",
            "GET /dags/sales_daily/grid",
            "GET /log?dag_id=sales_daily&task_id=load",
            "POST /dags/sales_daily/trigger",
            "GET /api/v1/dags",
        ] {
            assert_eq!(Asked::of(GATEWAY, page).refused(&policy), None, "{file} {page}");
        }
    }
}

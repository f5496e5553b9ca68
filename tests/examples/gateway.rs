//! The access of people behind the gateway under the ready policies: Airflow and its pages, and nothing that plugins
//! serve beside them.

use dagward::authorize::Code;

use crate::asking::{Asked, GATEWAY, SALES, SCHEDULER, WORKER};
use crate::files::ruleset;
use crate::sites::everywhere;

const POLICIES: [&str; 4] = [
    "examples/policies/components.yaml",
    "examples/policies/teams-list.yaml",
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

/// A newer Airflow has more routes than the table. People keep its pages, and get nothing else with them.
#[test]
fn people_keep_the_routes_of_a_newer_airflow() {
    for file in POLICIES {
        let policy = everywhere(file);
        for request in [
            "GET /ui/some_new_thing",
            "GET /ui/grid/new/sales_daily/r",
            "POST /ui/dags/sales_daily/new",
            "GET /api/v2/newThings",
            "PATCH /api/v2/dags/sales_daily/new",
            "GET /auth/new",
        ] {
            assert_eq!(
                Asked::of(GATEWAY, request).refused(&policy),
                None,
                "{file} {request}"
            );
        }
        for request in [
            "GET /execution/new",
            "GET /execution",
            "POST /log/new",
            "GET /edge_worker/v1/new",
            "POST /internal_api/v1/new",
            "GET /uix/new",
            "GET /new",
            "GET /UI/new",
        ] {
            let refused = Asked::of(GATEWAY, request).refused(&policy);
            assert_eq!(refused, Some(Code::NoRuleAllows), "{file} {request}");
        }
        for request in [
            "GET /ui/../execution/new",
            "GET /ui/..%2Fexecution/new",
            "GET /ui%2Fnew",
            "GET /ui//new",
            "GET /ui/;/new",
            "GET /ui/new%2F..%2F..%2Fexecution",
            "GET //ui/new",
        ] {
            let refused = Asked::of(GATEWAY, request).refused(&policy);
            assert_eq!(refused, Some(Code::MalformedPath), "{file} {request}");
        }
    }
}

/// A task gets no route that dagward does not know.
#[test]
fn a_task_uses_no_route_that_is_not_known() {
    for file in POLICIES {
        let policy = everywhere(file);
        for peer in [WORKER, SALES, SCHEDULER] {
            for request in [
                "GET /execution/new",
                "POST /execution/new/sales_daily",
                "GET /ui/new",
            ] {
                let asked = Asked {
                    learned: Some("sales_daily"),
                    ..Asked::of(peer, request)
                };
                assert_eq!(
                    asked.refused(&policy),
                    Some(Code::NoRuleAllows),
                    "{file} {peer} {request}"
                );
            }
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
            // A route of Flower's.
            "POST /api/task/async-apply/airflow.execute_command",
        ] {
            let refused = Asked::of(GATEWAY, request).refused(&policy);
            assert_eq!(refused, Some(Code::NoRuleAllows), "{file} {request}");
        }
    }
}

/// To one server its slash is part of a name. To another it leads out of the pages.
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

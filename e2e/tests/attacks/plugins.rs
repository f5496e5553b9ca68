//! An application that a plugin mounts in the api-server: an MCP server. Its tools call Airflow from within, where no
//! sidecar sees the calls.

use serde_json::json;

use crate::attempt::Attempt;
use crate::attempt::Proof::{Changed, Contains};
use crate::outcome::{are_refused_with, succeed_without};

const RUNS: &str = "SELECT count(*) FROM dag_run WHERE dag_id = 'sales_forecast'";

/// Through the gateway, with the token of a user who has all permissions.
pub(crate) fn by_the_gateway() -> Vec<Attempt> {
    vec![
        calls_a_tool("the gateway calls a tool of an MCP server"),
        Attempt::new("the gateway opens the stream of an MCP server", "GET /mcp/v1/")
            .gives(200, Contains("the stream of an MCP server")),
    ]
}

/// From an agent with such a token.
pub(crate) fn by_an_agent() -> Vec<Attempt> {
    vec![calls_a_tool("an agent calls a tool of an MCP server")]
}

fn calls_a_tool(name: &'static str) -> Attempt {
    let tool = json!({"name": "trigger_dag", "arguments": {"dag_id": "sales_forecast"}});
    Attempt::new(name, "POST /mcp/v1/")
        .json(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": tool}))
        .gives(200, Changed(RUNS))
}

fn attempts() -> Vec<Attempt> {
    [by_the_gateway(), by_an_agent()].concat()
}

#[test]
fn an_mcp_server_in_airflow_starts_any_dag() {
    succeed_without(&attempts());
}

#[test]
fn no_ready_policy_gives_it_to_anyone() {
    are_refused_with(&attempts());
}

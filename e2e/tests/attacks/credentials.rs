//! A stolen token of team sales, in forms that Airflow reads and a filter might not. FastAPI strips Python's white
//! space. HTTP/1.1 servers strip the blanks around a value, and HTTP/2 keeps them.

use anyhow::Result;
use dagward_testbed::client::{Client, Request};
use serde_json::json;

use crate::attempt::Proof::{Changed, Contains};
use crate::attempt::{Attempt, BAD_TOKEN, filled, latin1};
use crate::outcome::{Outcome, are_refused_with, succeed_without};
use crate::runner::Names;

const HOST: &str = "airflow-api-server:8080";

const VARIABLE: &str = "/execution/variables/sales_key";

/// The text before the token, the text behind it, and whether Airflow accepts it. `~` stands for 9,000 blanks.
const FORMS: [(&str, &str, &str, bool); 10] = [
    ("after a no-break space", "Bearer \u{a0}", "", true),
    ("before a no-break space", "Bearer ", "\u{a0}", true),
    ("before a next line", "Bearer ", "\u{85}", true),
    ("after a tab", "Bearer \t", "", true),
    ("after two blanks", "Bearer  ", "", true),
    ("after 9,000 blanks", "Bearer ~", "", true),
    // PyJWT accepts these before 2.14.0, and this Airflow has a later version.
    ("with padding", "Bearer ", "=", false),
    ("with a stray character", "Bearer ", "!", false),
    // Python splits only at a blank, and strips white space only at the ends.
    ("after a tab for the blank", "Bearer\t", "", false),
    ("after another word", "Bearer x ", "", false),
];

/// Forms that only HTTP/2 keeps, by the text before `Bearer`.
const OVER_HTTP2: [(&str, &str); 2] = [("after a blank", " "), ("after a tab", "\t")];

/// From inside the worker of team ml, over HTTP/1.1.
pub(crate) fn attempts() -> Vec<Attempt> {
    FORMS
        .into_iter()
        .flat_map(|(how, before, after, read)| {
            let before = before.replace('~', &" ".repeat(9_000));
            let header = format!("authorization: {before}{{token}}{after}");
            let with = |what: &str, line: &str| {
                Attempt::without_token(String::leak(format!("{what} with a token {how}")), line)
                    .header(&header)
                    .refused(BAD_TOKEN)
            };
            let reads = with("reads", &format!("GET {VARIABLE}"));
            // Every task may do this, with any DAG, so that only the token can be the reason of a refusal.
            let writes =
                with("writes", "PUT /execution/task-instances/{stolen}/rtif").json(json!({ how: "x" }));
            // Without a credential, and with a bad one.
            let status = if before.ends_with('\t') { 401 } else { 403 };
            match read {
                true => [
                    reads.gives(200, Contains("goldfish")),
                    writes.gives(201, Changed(FIELDS)),
                ],
                false => [reads.cannot(status), writes.cannot(status)],
            }
        })
        .collect()
}

/// The rendered fields of the token's task.
const FIELDS: &str = "SELECT rendered_fields::text FROM rendered_task_instance_fields \
                      WHERE dag_id = 'sales_leaky' AND run_id = 'stolen-{run}'";

/// From a workload with the certificate of ml's worker, over HTTP/2.
pub(crate) fn over_http2() -> Vec<Attempt> {
    OVER_HTTP2
        .into_iter()
        .map(|(how, _)| {
            let name = String::leak(format!("reads with `Bearer` {how} over HTTP/2"));
            Attempt::without_token(name, &format!("GET {VARIABLE}"))
                .gives(200, Contains("goldfish"))
                .refused(BAD_TOKEN)
        })
        .collect()
}

/// Makes the attempts over HTTP/2.
pub(crate) fn run(client: &Client, names: &Names) -> Result<Vec<(&'static str, Outcome)>> {
    let asked = over_http2().into_iter().zip(OVER_HTTP2);
    asked
        .map(|(attempt, (_, before))| {
            let credential = latin1(&filled(&format!("{before}Bearer {{token}}"), names));
            let request = Request::get(HOST, VARIABLE).header("authorization", credential);
            let answer = client.clone().http2().send(&request)?;
            Ok((attempt.name, Outcome::answered(&answer)))
        })
        .collect()
}

#[test]
fn airflow_alone_takes_a_token_in_many_forms() {
    succeed_without(&attempts());
}

#[test]
fn a_credential_that_can_be_read_in_two_ways_is_refused() {
    are_refused_with(&attempts());
}

#[test]
fn airflow_alone_takes_a_token_after_blanks_that_http2_keeps() {
    succeed_without(&over_http2());
}

#[test]
fn a_credential_after_blanks_is_refused() {
    are_refused_with(&over_http2());
}

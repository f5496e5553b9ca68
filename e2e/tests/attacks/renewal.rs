//! A stolen token before it expires. Airflow puts a fresh token in every answer under `/execution` to a token in the
//! last fifth of its life, on every route and with every status. A thief could use it for ever.

use crate::attempt::Proof::Renewed;
use crate::attempt::{ANOTHERS_TOKEN, Attempt, UNKNOWN_OWNER};
use crate::outcome::{are_refused_with, succeed_without};

/// Routes on which Airflow answers without verifying the token, with a status other than 2xx, or normally.
const ROUTES: [(&str, &str, u16); 6] = [
    ("the health route", "/execution/health", 200),
    ("the health route's database check", "/execution/health/ping", 200),
    ("the documentation", "/execution/docs", 200),
    ("a path without a route", "/execution/nothing", 404),
    ("a route that wants a parameter", "/execution/dag-runs/count", 422),
    ("a variable", "/execution/variables/sales_key", 200),
];

/// With the token of a running task, and with that of a queued one.
pub(crate) fn attempts() -> Vec<Attempt> {
    let with = |whose: &str, token: &str, refusal| {
        let attempt = move |(what, path, status): (&str, &str, u16)| {
            let name = String::leak(format!("{whose} token is renewed at {what}"));
            Attempt::without_token(name, &format!("GET {path}"))
                .header(&format!("authorization: Bearer {{{token}}}"))
                .gives(status, Renewed)
                .refused(refusal)
        };
        ROUTES.map(attempt)
    };
    let running = with("a running task's", "aged", ANOTHERS_TOKEN);
    let queued = with("a queued task's", "aged-queued", UNKNOWN_OWNER);
    running.into_iter().chain(queued).collect()
}

#[test]
fn airflow_alone_renews_a_stolen_token_wherever_it_is_shown() {
    succeed_without(&attempts());
}

#[test]
fn a_thief_gets_no_fresh_token() {
    are_refused_with(&attempts());
}

//! Paths that a filter might read in another way than Airflow, from inside a task of team ml.

use crate::attempt::Proof::Contains;
use crate::attempt::{Attempt, BAD_PATH, NOTHING_ALLOWS, Refusal};
use crate::outcome::{are_refused_with, succeed_without};

/// Targets that Airflow serves without the filter.
const SERVED: [(&str, &str, bool); 7] = [
    (
        "an encoded slash after the surface",
        "/execution%2Fvariables%2Fsales_key",
        false,
    ),
    (
        "an encoded slash before the id",
        "/execution/xcoms%2Fsales_daily/victim/extract/return_value",
        false,
    ),
    ("an encoded letter", "/execution/variables/s%61les_key", true),
    (
        "the absolute form",
        "http://airflow-api-server:8080/execution/variables/sales_key",
        true,
    ),
    // Istio's proxies normalize the path of these two, before the filter too.
    ("a backslash", "/execution/variables\\sales_key", true),
    ("dot segments", "/execution/variables/ml_x/../sales_key", true),
    // Airflow uses the last one, and shows the states of sales.
    (
        "two DAGs in the query",
        "/execution/task-instances/states?dag_id=ml_train&dag_id=sales_daily",
        false,
    ),
];

/// Targets that Airflow's own router reads as something else, with the status.
const NOT_SERVED: [(&str, &str, u16, bool); 8] = [
    (
        "a double encoding",
        "/execution/variables/sales%255Fkey",
        404,
        true,
    ),
    (
        "encoded dot segments",
        "/execution/variables/ml_x%2F..%2Fsales_key",
        404,
        false,
    ),
    ("a trailing slash", "/execution/variables/sales_key/", 404, true),
    ("a path parameter", "/execution/variables/sales_key;x", 404, false),
    ("an empty segment", "/execution//variables/sales_key", 404, false),
    // These two get the web interface's page, which answers every unknown path.
    (
        "an empty first segment",
        "//execution/variables/sales_key",
        200,
        false,
    ),
    ("capital letters", "/EXECUTION/variables/sales_key", 200, true),
    (
        "an overlong encoding",
        "/execution/variables/sales%C0%AFkey",
        404,
        false,
    ),
];

/// All attempts with a path. `true` in the tables marks a path that all servers read in the same way.
pub(crate) fn attempts() -> Vec<Attempt> {
    let refusal = |plain| if plain { NOTHING_ALLOWS } else { BAD_PATH };
    let served = SERVED.iter().map(|(name, target, plain)| {
        let secret = match target {
            target if target.contains("xcoms") => "return_value",
            target if target.contains("states") => "victim",
            _ => "goldfish",
        };
        Attempt::new(name, &format!("GET {target}"))
            .gives(200, Contains(secret))
            .refused(refusal(*plain))
    });
    let not_served = NOT_SERVED.iter().map(|(name, target, status, plain)| {
        Attempt::new(name, &format!("GET {target}"))
            .cannot(*status)
            .refused(refusal(*plain))
    });
    // Istio's proxies refuse such a path.
    let zero = Attempt::new("a zero byte", "GET /execution/variables/sales_key%00")
        .cannot(400)
        .refused(Refusal::Envoy(Some(400)));
    served.chain(not_served).chain([zero]).collect()
}

#[test]
fn airflow_alone_reads_some_of_them_as_what_is_another_s() {
    succeed_without(&attempts());
}

#[test]
fn none_of_them_gets_by() {
    are_refused_with(&attempts());
}

//! A deadline's callback: its token has an owner like a task's, and no answer names its DAG.

use super::mesh::{Came, Proxy, bearer, task, worker};
use crate::caller::Principal;
use crate::exchange::log::pairs;
use crate::verdict::Direction;

const VARIABLE: &str = "GET /execution/variables/smtp";
const XCOM: &str = "GET /execution/xcoms/sales_daily/r/load/k";

fn run(number: u64) -> String {
    format!("PATCH /execution/callbacks/{}/run", task(number))
}

fn done() -> Came {
    Came::Answered(200, "done".to_owned())
}

fn refused(code: &str) -> Came {
    Came::Refused(403, code.to_owned())
}

/// A request with the token of callback 1, and further headers.
fn ask(proxy: &mut Proxy, peer: Option<&Principal>, request: &str, further: &[(&str, &str)]) -> Came {
    let token = bearer(&task(1));
    let headers = [&[("authorization", token.as_str())], further].concat();
    let (status, chunks): (u16, &[&[u8]]) = match request.ends_with("/run") {
        true => (204, &[]),
        false => (200, &[b"done"]),
    };
    proxy.exchange(peer, request, &headers, status, chunks)
}

#[test]
fn a_callback_owns_its_token_from_its_run_on() {
    for vouching in [false, true] {
        let mut proxy = Proxy::new("enforce", vouching);
        let (callbacks, sales) = (worker("callbacks"), worker("sales"));
        let came = ask(&mut proxy, callbacks.as_ref(), &run(1), &[]);
        assert_eq!(came, Came::Answered(204, String::new()));
        assert_eq!(ask(&mut proxy, callbacks.as_ref(), VARIABLE, &[]), done());
        for thief in [&sales, &None] {
            for request in [
                VARIABLE,
                XCOM,
                &run(1),
                "GET /execution/health",
                "GET /execution/new",
            ] {
                let came = ask(&mut proxy, thief.as_ref(), request, &[]);
                assert_eq!(came, refused("token_owned_by_another"), "{request}");
            }
        }
    }
}

#[test]
fn its_path_names_the_token_s_own_callback() {
    let mut proxy = Proxy::new("enforce", false);
    let callbacks = worker("callbacks");
    for request in [
        run(2),
        run(1)
            .to_uppercase()
            .replace("/EXECUTION/CALLBACKS/", "/execution/callbacks/"),
    ] {
        let request = request.replace("/RUN", "/run");
        let came = ask(&mut proxy, callbacks.as_ref(), &request, &[]);
        assert_eq!(came, refused("token_for_another_task"), "{request}");
    }
    assert_eq!(proxy.learned().len(), 0);
}

#[test]
fn an_answer_that_refuses_makes_no_owner() {
    for status in [403, 404, 409, 500] {
        let mut proxy = Proxy::new("enforce", false);
        let token = bearer(&task(1));
        let headers = [("authorization", token.as_str())];
        let came = proxy.exchange(worker("callbacks").as_ref(), &run(1), &headers, status, &[]);
        assert_eq!(came, Came::Answered(status, String::new()));
        assert_eq!(proxy.learned().len(), 0);
    }
}

#[test]
fn what_acts_is_a_callback_whose_dag_is_not_known() {
    let mut proxy = Proxy::new("enforce", false);
    let callbacks = worker("callbacks");
    let property = |proxy: &Proxy, name: &str| proxy.host.properties.get(name).cloned();
    let callback = Some("__callback__".to_owned());
    ask(&mut proxy, callbacks.as_ref(), &run(1), &[]);
    assert_eq!(property(&proxy, "dagward_task_id"), callback);
    // Headers about a task, and another token's proof, do not count for the callback.
    let claim = [("x-airflow-dag-id", "sales_daily"), ("x-airflow-task-id", "load")];
    let airflow = [&claim[..], &[("x-airflow-proof", "airflow")]].concat();
    for headers in [&[][..], &airflow] {
        let came = ask(&mut proxy, callbacks.as_ref(), XCOM, headers);
        assert_eq!(came, refused("no_rule_allows"));
        assert_eq!(property(&proxy, "dagward_task_id"), callback);
        assert_eq!(property(&proxy, "dagward_dag_id"), None);
        assert_eq!(acts(&proxy), ("true".to_owned(), String::new()));
    }
    let pod = [&claim[..], &[("x-airflow-proof", "pod")]].concat();
    ask(&mut proxy, callbacks.as_ref(), XCOM, &pod);
    assert_eq!(acts(&proxy), ("true".to_owned(), "sales_daily".to_owned()));
    assert_eq!(property(&proxy, "dagward_task_id"), callback);
    // A task is not a callback, even if its DAG is called `callback`.
    let token = bearer(&task(2));
    let headers = [
        ("authorization", token.as_str()),
        ("x-airflow-dag-id", "callback"),
    ];
    proxy.exchange(worker("sales").as_ref(), XCOM, &headers, 200, &[]);
    assert_eq!(acts(&proxy), ("false".to_owned(), "callback".to_owned()));
}

/// The log's words for the actor in its first line: whether it is a callback, and its DAG.
fn acts(proxy: &Proxy) -> (String, String) {
    let pairs = pairs(&proxy.host.log[0]);
    let value = |name: &str| pairs.iter().find(|pair| pair.0 == name).unwrap().1.clone();
    (value("callback"), value("acting"))
}

/// If the api-server's proxy did not see the callback start, its worker's own sidecar vouches for it.
#[test]
fn a_sidecar_vouches_for_the_callback_that_it_saw_start() {
    let mut sidecar = Proxy::new("enforce", true);
    sidecar.connection.listener = Direction::Outbound;
    sidecar.host.cluster = "outbound|8080||airflow-api-server.airflow.svc.cluster.local";
    sidecar.host.upstream = Principal::parse("spiffe://td/ns/airflow/sa/api-server").ok();
    let forged = [
        ("x-airflow-callback-id", "019ab1c2-7d11-7b3f-a3c4-000000000002"),
        ("x-airflow-dag-id", "sales_daily"),
        ("x-airflow-proof", "airflow"),
    ];
    ask(&mut sidecar, None, VARIABLE, &forged);
    let proof = ("x-airflow-proof".to_owned(), "claimed".to_owned());
    assert!(
        sidecar.host.stamped.contains(&proof),
        "{:?}",
        sidecar.host.stamped
    );
    ask(&mut sidecar, None, &run(1), &[]);
    for further in [&[][..], &forged] {
        ask(&mut sidecar, None, VARIABLE, further);
        let said = &sidecar.host.stamped;
        assert!(
            said.contains(&("x-airflow-callback-id".to_owned(), task(1))),
            "{said:?}"
        );
        let removed = sidecar
            .host
            .removed
            .iter()
            .any(|name| name == "Request x-airflow-dag-id");
        assert_eq!(removed, !further.is_empty());
    }
    let mut elsewhere = Proxy::new("enforce", true);
    let callbacks = worker("callbacks");
    let (own, other) = (task(1), task(2));
    for (headers, passes) in [
        (vec![], false),
        (vec![("x-airflow-callback-id", own.as_str())], false),
        (
            vec![
                ("x-airflow-callback-id", own.as_str()),
                ("x-airflow-proof", "pod"),
            ],
            false,
        ),
        (
            vec![
                ("x-airflow-callback-id", other.as_str()),
                ("x-airflow-proof", "airflow"),
            ],
            false,
        ),
        (
            vec![
                ("x-airflow-callback-id", own.as_str()),
                ("x-airflow-proof", "airflow"),
            ],
            true,
        ),
    ] {
        let came = ask(&mut elsewhere, callbacks.as_ref(), VARIABLE, &headers);
        let expected = match passes {
            true => done(),
            false => refused("token_owner_unknown"),
        };
        assert_eq!(came, expected, "{headers:?}");
    }
    let vouched = [
        ("x-airflow-callback-id", own.as_str()),
        ("x-airflow-proof", "airflow"),
    ];
    let stranger = Principal::parse("spiffe://elsewhere/ns/airflow/sa/worker-callbacks").ok();
    let came = ask(&mut elsewhere, stranger.as_ref(), VARIABLE, &vouched);
    assert_eq!(came, refused("token_owner_unknown"));
}

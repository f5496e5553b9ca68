//! Ends of an answer other than its last bytes, and answers that do not come from the application.

use super::life::{Life, code};
use super::mesh::{Came, Proxy, bearer, task, worker};
use crate::exchange::{Exchange, Flow};

const NAMED: &[u8] = br#"{"dag_run": {"dag_id": "sales_daily", "run_id": "r"#;

/// The start of task 1 by the worker of `team`.
fn started<'p>(proxy: &'p mut Proxy, team: &str) -> Life<'p> {
    let run = format!("PATCH /execution/task-instances/{}/run", task(1));
    let token = bearer(&task(1));
    let (life, flow) = proxy.begin(worker(team).as_ref(), &run, &[("authorization", &token)], true);
    assert_eq!(flow, Flow::GoOn);
    life
}

/// A heartbeat of task 1 by the worker of `team`.
fn heartbeat(proxy: &mut Proxy, team: &str) -> Came {
    let request = format!("PUT /execution/task-instances/{}/heartbeat", task(1));
    let token = bearer(&task(1));
    let headers = [("authorization", token.as_str())];
    proxy.exchange(worker(team).as_ref(), &request, &headers, 200, &[b"done"])
}

fn of_another() -> Came {
    Came::Refused(403, "token_owned_by_another".to_owned())
}

#[test]
fn trailers_before_the_dag_is_named_end_the_answer_in_a_refusal() {
    for held in [&b""[..], b"{", NAMED] {
        let mut proxy = Proxy::new("enforce", false);
        let mut life = started(&mut proxy, "sales");
        life.answer_headers(200, false);
        if !held.is_empty() {
            assert_eq!(life.answer_body(held, false), None);
        }
        let passed = String::from_utf8(life.answer_trailers()).unwrap();
        assert_eq!(code(&passed), "no_rule_allows");
        assert_eq!(life.host.properties["dagward_decision"], "no_rule_allows");
        assert_eq!(heartbeat(&mut proxy, "sales"), of_another());
    }
}

#[test]
fn trailers_behind_the_dag_change_nothing() {
    let mut proxy = Proxy::new("enforce", false);
    let mut life = started(&mut proxy, "sales");
    life.answer_headers(200, false);
    let body = [NAMED, br#""}}"#].concat();
    assert_eq!(life.answer_body(&body, false), Some(body));
    assert_eq!(life.answer_trailers(), b"");
    assert_eq!(
        heartbeat(&mut proxy, "sales"),
        Came::Answered(200, "done".to_owned())
    );
}

#[test]
fn nothing_of_an_answer_that_is_refused_goes_on() {
    let mut proxy = Proxy::new("enforce", false);
    let mut life = started(&mut proxy, "ml");
    life.answer_headers(200, false);
    let refusal = life.answer_body(&[NAMED, br#""}"#].concat(), false).unwrap();
    assert_eq!(code(&String::from_utf8(refusal).unwrap()), "no_rule_allows");
    for (chunk, end) in [(&b", \"max_tries\": 0"[..], false), (b"}", true)] {
        assert_eq!(life.answer_body(chunk, end), Some(Vec::new()));
    }
    assert_eq!(heartbeat(&mut proxy, "ml"), of_another());
}

/// The answer's headers may carry a token for all of the Execution API.
#[test]
fn an_answer_without_a_body_names_no_dag_and_leaves_the_token_to_run_alone() {
    let mut proxy = Proxy::new("enforce", false);
    let mut life = started(&mut proxy, "sales");
    life.answer_headers(200, true);
    assert_eq!(heartbeat(&mut proxy, "sales"), of_another());
    let body = [NAMED, br#""}}"#].concat();
    let mut life = started(&mut proxy, "sales");
    life.answer_headers(200, false);
    assert_eq!(life.answer_body(&body, true), Some(body));
    assert_eq!(
        heartbeat(&mut proxy, "sales"),
        Came::Answered(200, "done".to_owned())
    );
}

/// Another filter answers before the request's headers arrive here.
#[test]
fn an_answer_to_a_request_that_did_not_come_here_has_no_effects() {
    let mut proxy = Proxy::new("enforce", false);
    let mut life = started(&mut proxy, "sales");
    life.host.removed.clear();
    life.exchange = Exchange::default();
    life.answer_headers(503, false);
    assert_eq!(life.answer_body(b"busy", true), Some(b"busy".to_vec()));
    assert_eq!(life.host.removed, [""; 0]);
    assert!(life.exchange.traffic("", life.host).is_none());
}

//! The answer to `run`, in pieces of every kind.

use super::mesh::{Came, Proxy, bearer, task, worker};

fn run() -> String {
    format!("PATCH /execution/task-instances/{}/run", task(1))
}

fn answered(proxy: &mut Proxy, team: &str, status: u16, chunks: &[&[u8]]) -> Came {
    let token = bearer(&task(1));
    proxy.exchange(
        worker(team).as_ref(),
        &run(),
        &[("authorization", &token)],
        status,
        chunks,
    )
}

#[test]
fn the_answer_passes_as_it_came_once_it_has_named_the_dag() {
    let body = r#"{"dag_run": {"dag_id": "sales_daily", "run_id": "r", "conf": {"k": "v"}}, "max_tries": 0}"#;
    for cut in 0..body.len() {
        let (one, other) = body.as_bytes().split_at(cut);
        let mut proxy = Proxy::new("enforce", false);
        let came = answered(&mut proxy, "sales", 200, &[one, other]);
        assert_eq!(came, Came::Answered(200, body.to_owned()), "{cut}");
        assert!(proxy.host.removed.contains(&"Answer content-length".to_owned()));
    }
}

#[test]
fn a_refusal_takes_the_place_of_all_of_the_answer() {
    let body = r#"{"dag_run": {"dag_id": "sales_daily", "run_id": "r", "conf": {"k": "v"}}, "max_tries": 0}"#;
    for cut in 0..body.len() {
        let (one, other) = body.as_bytes().split_at(cut);
        let mut proxy = Proxy::new("enforce", false);
        let came = answered(&mut proxy, "ml", 200, &[one, other]);
        assert_eq!(came, Came::RefusedInAnswer("no_rule_allows".to_owned()), "{cut}");
    }
}

#[test]
fn an_answer_of_any_size_starts_an_honest_task() {
    let events = "x".repeat(2 * 1024 * 1024);
    let body = format!(
        r#"{{"dag_run": {{"dag_id": "sales_daily", "run_id": "r", "consumed_asset_events": ["{events}"]}}}}"#
    );
    let mut proxy = Proxy::new("enforce", false);
    let chunks: Vec<_> = body.as_bytes().chunks(16 * 1024).collect();
    let came = answered(&mut proxy, "sales", 200, &chunks);
    assert_eq!(came, Came::Answered(200, body));
}

#[test]
fn an_answer_that_names_no_dag_starts_no_task() {
    for body in [
        "",
        "{}",
        "\u{1f}\u{8b}",
        r#"{"dag_run": {"dag_id": "sales_daily"}}"#,
    ] {
        let mut proxy = Proxy::new("enforce", false);
        let came = answered(&mut proxy, "sales", 200, &[body.as_bytes()]);
        assert_eq!(came, Came::RefusedInAnswer("no_rule_allows".to_owned()), "{body}");
    }
}

#[test]
fn an_answer_that_refuses_teaches_nothing() {
    let body = br#"{"dag_run": {"dag_id": "sales_daily", "run_id": "r"}}"#;
    for status in [302, 401, 403, 404, 409, 500] {
        let mut proxy = Proxy::new("enforce", false);
        let came = answered(&mut proxy, "sales", status, &[body]);
        assert!(matches!(came, Came::Answered(..)), "{status}");
        assert_eq!(proxy.learned().len(), 0, "{status}");
    }
}

#[test]
fn a_caller_that_leaves_before_the_dag_is_named_keeps_no_token() {
    let mut proxy = Proxy::new("enforce", false);
    // The first bytes name no DAG yet, and then the connection ends.
    let token = bearer(&task(1));
    let headers = [("authorization", token.as_str())];
    let ml = worker("ml");
    let came = proxy.cut_short(ml.as_ref(), &run(), &headers, b"{\"dag_run\": {");
    assert_eq!(came, Came::Answered(200, String::new()));
    let heartbeat = format!("PUT /execution/task-instances/{}/heartbeat", task(1));
    let came = proxy.exchange(ml.as_ref(), &heartbeat, &headers, 200, &[b"done"]);
    assert_eq!(came, Came::Refused(403, "token_owned_by_another".to_owned()));
}

#[test]
fn callers_that_leave_before_the_dag_is_named_do_not_set_each_other_free() {
    let mut proxy = Proxy::new("enforce", false);
    let token = bearer(&task(1));
    let headers = [("authorization", token.as_str())];
    let thieves: Vec<_> = (0..12).map(|number| worker(&format!("ml{number}"))).collect();
    for thief in &thieves {
        proxy.cut_short(thief.as_ref(), &run(), &headers, b"{");
    }
    let heartbeat = format!("PUT /execution/task-instances/{}/heartbeat", task(1));
    for thief in &thieves {
        let came = proxy.exchange(thief.as_ref(), &heartbeat, &headers, 200, &[b"done"]);
        assert_eq!(
            came,
            Came::Refused(403, "token_owned_by_another".to_owned()),
            "{thief:?}"
        );
    }
    let body = r#"{"dag_run": {"dag_id": "sales_daily", "run_id": "r"}}"#;
    let came = answered(&mut proxy, "sales", 200, &[body.as_bytes()]);
    assert_eq!(came, Came::Answered(200, body.to_owned()));
}

#[test]
fn a_task_whose_answer_was_lost_here_goes_on_once_another_api_server_has_answered_it() {
    let mut proxy = Proxy::new("enforce", true);
    let token = bearer(&task(1));
    let sales = worker("sales");
    proxy.cut_short(sales.as_ref(), &run(), &[("authorization", &token)], b"{");
    let heartbeat = format!("PUT /execution/task-instances/{}/heartbeat", task(1));
    for (id, passes) in [(task(1), true), (task(2), false)] {
        let vouched = [
            ("authorization", token.as_str()),
            ("x-airflow-dag-id", "sales_daily"),
            ("x-airflow-run-id", "r"),
            ("x-airflow-ti-id", &id),
            ("x-airflow-proof", "airflow"),
        ];
        let came = proxy.exchange(sales.as_ref(), &heartbeat, &vouched, 200, &[b"done"]);
        assert_eq!(came == Came::Answered(200, "done".to_owned()), passes, "{came:?}");
    }
}

/// `team_name` comes after all other fields of the run, which may be long, so the proxy does not hold the
/// answer for it.
#[test]
fn the_team_is_learned_as_the_answer_passes() {
    let known: &[u8] = br#"{"dag_run": {"dag_id": "sales_daily", "run_id": "r", "#;
    let conf = format!(r#""conf": {{"a": "{}"}}, "#, "x".repeat(9_000)).into_bytes();
    let rest: &[u8] = br#""team_name": "sales_emea"}, "max_tries": 0}"#;
    let whole = [known, &conf, rest].concat();
    let team = |proxy: &mut Proxy| {
        let token = bearer(&task(1));
        let headers = [("authorization", token.as_str())];
        let xcom = "GET /execution/xcoms/sales_daily/r/load/k";
        proxy.exchange(worker("sales").as_ref(), xcom, &headers, 200, &[b"done"]);
        proxy.host.properties.get("dagward_team").cloned()
    };
    for chunks in [
        &[&whole[..]][..],
        &[known, &conf, rest],
        &[known, &conf[..99], &conf[99..], rest, b""],
    ] {
        let mut proxy = Proxy::new("enforce", false);
        let came = answered(&mut proxy, "sales", 200, chunks);
        assert_eq!(
            came,
            Came::Answered(200, String::from_utf8(whole.clone()).unwrap())
        );
        assert_eq!(team(&mut proxy).as_deref(), Some("sales_emea"));
    }
    let mut proxy = Proxy::new("enforce", false);
    answered(&mut proxy, "sales", 200, &[known, br#""team_name": null}}"#]);
    assert_eq!(team(&mut proxy), None);
    // An answer that is cut short names no team, and a refused one teaches none.
    let mut proxy = Proxy::new("enforce", false);
    answered(&mut proxy, "sales", 200, &[known, &conf]);
    assert_eq!(team(&mut proxy), None);
    let mut proxy = Proxy::new("enforce", false);
    let came = answered(&mut proxy, "ml", 200, &[known, rest]);
    assert_eq!(came, Came::RefusedInAnswer("no_rule_allows".to_owned()));
    assert_eq!(team(&mut proxy), None);
}

#[test]
fn an_id_that_is_replaced_is_logged_and_one_that_is_not_there_is_not() {
    for (ids, old) in [
        (&["a\n\"b"][..], Some(r#"old="a\n\"b""#)),
        (&["one", "two"], Some(r#"old="one""#)),
        (&["kept"], None),
        (&[], None),
    ] {
        let mut proxy = Proxy::new("enforce", false);
        let headers: Vec<_> = ids.iter().map(|id| ("x-request-id", *id)).collect();
        proxy.exchange(None, "GET /api/v2/version", &headers, 200, &[b"ok"]);
        let lines: Vec<_> = proxy
            .host
            .log
            .iter()
            .filter(|line| line.contains("replaced"))
            .collect();
        assert_eq!(lines.len(), usize::from(old.is_some()), "{ids:?}");
        for (line, old) in lines.iter().zip(old) {
            let made = "request_id=01010101-0101-4101-8101-010101010101";
            assert_eq!(**line, format!("dagward event=replaced_request_id {made} {old}"));
        }
    }
}

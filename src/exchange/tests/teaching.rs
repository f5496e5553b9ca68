//! The answers from which the filter learns, and the facts that it learns.

use super::mesh::{Airflow, Came, Proxy, task, worker};
use crate::verdict::Direction;

const XCOM: &str = "GET /execution/xcoms/sales_daily/r/load/k";

fn airflow() -> Airflow {
    Airflow {
        tasks: [(task(1), "sales_daily"), (task(2), "ml_train")].into(),
    }
}

fn run(number: u64) -> String {
    format!("PATCH /execution/task-instances/{}/run", task(number))
}

fn heartbeat(number: u64) -> String {
    format!("PUT /execution/task-instances/{}/heartbeat", task(number))
}

fn refused(code: &str) -> Came {
    Came::Refused(403, code.to_owned())
}

fn done() -> Came {
    Came::Answered(200, "done".to_owned())
}

#[test]
fn a_run_makes_an_owner() {
    let airflow = airflow();
    for vouching in [false, true] {
        let mut proxy = Proxy::new("enforce", vouching);
        let (sales, ml) = (worker("sales"), worker("ml"));
        let one = task(1);
        assert!(matches!(
            proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one)),
            Came::Answered(200, _)
        ));
        assert_eq!(proxy.ask(&airflow, sales.as_ref(), XCOM, Some(&one)), done());
        for request in [
            XCOM,
            &run(1),
            &heartbeat(1),
            "GET /execution/health",
            "GET /execution/docs",
            "GET /execution/new",
        ] {
            for thief in [&ml, &None] {
                assert_eq!(
                    proxy.ask(&airflow, thief.as_ref(), request, Some(&one)),
                    refused("token_owned_by_another"),
                    "{request}"
                );
            }
        }
    }
}

#[test]
fn no_answer_but_that_to_a_start_makes_an_owner() {
    let airflow = airflow();
    let (sales, ml) = (worker("sales"), worker("ml"));
    let one = task(1);
    for thief in [&ml, &sales, &None] {
        let mut proxy = Proxy::new("enforce", false);
        for request in [
            "GET /api/v2/monitor/health",
            "GET /api/v2/version",
            "GET /execution/health",
            "GET /execution/docs",
            "GET /static/page.js",
            "GET /execution/a/new/route",
            &heartbeat(1),
        ] {
            let came = proxy.ask(&airflow, thief.as_ref(), request, Some(&one));
            assert!(matches!(came, Came::Answered(200, _)), "{request}: {came:?}");
        }
        assert_eq!(proxy.learned().len(), 0);
        assert!(matches!(
            proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one)),
            Came::Answered(200, _)
        ));
    }
}

#[test]
fn a_thief_of_a_queued_token_is_refused_in_the_answer_and_leaves_it_to_its_owner() {
    let airflow = airflow();
    let (sales, ml) = (worker("sales"), worker("ml"));
    let one = task(1);
    let mut proxy = Proxy::new("enforce", false);
    assert_eq!(
        proxy.ask(&airflow, ml.as_ref(), &run(1), Some(&one)),
        Came::RefusedInAnswer("no_rule_allows".to_owned())
    );
    for request in [XCOM, &heartbeat(1), &run(1)] {
        assert_eq!(
            proxy.ask(&airflow, ml.as_ref(), request, Some(&one)),
            refused("token_owned_by_another"),
            "{request}"
        );
    }
    assert!(matches!(
        proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one)),
        Came::Answered(200, _)
    ));
    assert_eq!(proxy.ask(&airflow, sales.as_ref(), XCOM, Some(&one)), done());
}

#[test]
fn facts_from_before_the_policy_was_enforced_refuse_no_request() {
    let airflow = airflow();
    let (sales, ml) = (worker("sales"), worker("ml"));
    let one = task(1);
    for mode in ["observe", "shadow"] {
        let mut proxy = Proxy::new(mode, false);
        // In neither mode is the thief refused, and neither mode has an effect on the owner later.
        for request in [&run(1), &heartbeat(1), XCOM, "GET /execution/health"] {
            let came = proxy.ask(&airflow, ml.as_ref(), request, Some(&one));
            assert!(
                matches!(came, Came::Answered(200, _)),
                "{mode} {request}: {came:?}"
            );
        }
        proxy.set_mode("enforce");
        assert!(matches!(
            proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one)),
            Came::Answered(200, _)
        ));
        assert_eq!(proxy.ask(&airflow, sales.as_ref(), XCOM, Some(&one)), done());
        assert_eq!(
            proxy.ask(&airflow, ml.as_ref(), XCOM, Some(&one)),
            refused("token_owned_by_another")
        );
    }
}

#[test]
fn shadow_shows_whose_token_would_be_refused() {
    let airflow = airflow();
    let (sales, ml) = (worker("sales"), worker("ml"));
    let one = task(1);
    let mut proxy = Proxy::new("shadow", false);
    proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one));
    assert_eq!(
        proxy.ask(&airflow, ml.as_ref(), &heartbeat(1), Some(&one)),
        done()
    );
    assert!(
        proxy.host.log[0].contains("code=token_owned_by_another"),
        "{:?}",
        proxy.host.log
    );
}

#[test]
fn a_path_that_names_another_task_teaches_nothing() {
    let sales = worker("sales");
    let mut proxy = Proxy::new("enforce", false);
    let token = super::mesh::bearer(&task(2));
    let body = br#"{"dag_run": {"dag_id": "sales_daily", "run_id": "r"}}"#;
    proxy.exchange(
        sales.as_ref(),
        &run(1),
        &[("authorization", &token)],
        200,
        &[body],
    );
    assert_eq!(proxy.learned().len(), 0);
}

#[test]
fn a_server_teaches_about_itself_alone() {
    let airflow = airflow();
    let sales = worker("sales");
    let one = task(1);
    let mut proxy = Proxy::new("enforce", false);
    proxy.connection.port = "9999".to_owned();
    assert!(matches!(
        proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one)),
        Came::Answered(200, _)
    ));
    proxy.connection.port = "8080".to_owned();
    assert_eq!(
        proxy.ask(&airflow, sales.as_ref(), XCOM, Some(&one)),
        refused("no_rule_allows")
    );
}

#[test]
fn where_api_servers_are_named_no_other_teaches() {
    let airflow = airflow();
    let sales = worker("sales");
    let one = task(1);
    let mut proxy = Proxy::new("enforce", true);
    proxy.connection.own = worker("sales");
    for _ in 0..2 {
        // The answer will not name the DAG, so no rule allows the request.
        assert_eq!(
            proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one)),
            refused("no_rule_allows")
        );
    }
    assert_eq!(proxy.learned().len(), 0);
}

#[test]
fn at_a_waypoint_a_service_teaches_that_the_document_names() {
    const SERVICE: &str = "inbound-vip|8080|http|airflow-api-server.airflow.svc.cluster.local";
    let hosts = r#""apiServerHosts":["airflow-api-server.airflow.svc.cluster.local"],"#;
    let airflow = airflow();
    let sales = worker("sales");
    let one = task(1);
    for (member, cluster, learns) in [
        (hosts, SERVICE, true),
        (
            hosts,
            "inbound-vip|8080|http|task.airflow.svc.cluster.local",
            false,
        ),
        ("", SERVICE, false),
        (
            r#""apiServers":["spiffe://td/ns/airflow/sa/api-server"],"#,
            SERVICE,
            false,
        ),
    ] {
        let mut proxy = Proxy::new("enforce", false).naming(member);
        proxy.connection.tunnelled = true;
        proxy.connection.own = None;
        proxy.host.cluster = cluster;
        let came = proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one));
        assert_eq!(
            matches!(came, Came::Answered(200, _)),
            learns,
            "{cluster} {came:?}"
        );
        let came = proxy.ask(&airflow, sales.as_ref(), XCOM, Some(&one));
        assert_eq!(came == done(), learns, "{cluster} {came:?}");
    }
}

#[test]
fn the_way_out_teaches_nothing_without_a_certificate() {
    let airflow = airflow();
    let mut proxy = Proxy::new("enforce", true);
    proxy.connection.listener = Direction::Outbound;
    proxy.host.cluster = "outbound|8080||airflow-api-server.airflow.svc.cluster.local";
    let came = proxy.ask(&airflow, None, &run(1), Some(&task(1)));
    assert!(matches!(came, Came::Answered(200, _)), "{came:?}");
    assert_eq!(proxy.learned().len(), 0);
}

#[test]
fn a_connection_is_read_before_run_and_the_token_is_not_renewed() {
    let airflow = airflow();
    let (sales, ml, one) = (worker("sales"), worker("ml"), task(1));
    let renewal = "Answer refreshed-api-token".to_owned();
    let mut proxy = Proxy::new("enforce", true);
    let logs = "GET /execution/connections/shared_logs";
    // The rule has no condition on a task, so the token's owner does not matter.
    for peer in [&sales, &ml] {
        assert_eq!(proxy.ask(&airflow, peer.as_ref(), logs, Some(&one)), done());
        assert!(proxy.host.removed.contains(&renewal));
    }
    for request in [
        "GET /execution/connections/sales_db",
        "GET /execution/connections/aws",
    ] {
        let came = proxy.ask(&airflow, sales.as_ref(), request, Some(&one));
        assert_eq!(came, refused("no_rule_allows"), "{request}");
    }
    for request in ["GET /execution/variables/shared_logs", &heartbeat(1)] {
        let came = proxy.ask(&airflow, sales.as_ref(), request, Some(&one));
        assert_eq!(came, refused("token_owner_unknown"), "{request}");
    }
    assert_eq!(proxy.learned().len(), 0);

    assert!(matches!(
        proxy.ask(&airflow, sales.as_ref(), &run(1), Some(&one)),
        Came::Answered(200, _)
    ));
    assert_eq!(proxy.ask(&airflow, sales.as_ref(), logs, Some(&one)), done());
    assert!(!proxy.host.removed.contains(&renewal));
    let thief = proxy.ask(&airflow, ml.as_ref(), logs, Some(&one));
    assert_eq!(thief, refused("token_owned_by_another"));
}

#[test]
fn a_hook_is_told_that_there_is_no_connection_of_its_default_name() {
    let airflow = airflow();
    let (sales, one) = (worker("sales"), task(1));
    let mut proxy = Proxy::new("enforce", false);
    for (request, status) in [
        ("GET /execution/connections/aws_default", 404),
        ("GET /execution/connections/sales%5Fdefault", 404),
        ("GET /execution/connections/aws", 403),
        ("GET /execution/variables/aws_default", 403),
        ("GET /api/v2/connections/aws_default", 200),
    ] {
        let came = proxy.ask(&airflow, sales.as_ref(), request, Some(&one));
        let expected = match status {
            200 => Came::Answered(200, "open".to_owned()),
            _ => Came::Refused(status, "no_rule_allows".to_owned()),
        };
        assert_eq!(came, expected, "{request}");
    }
}

/// Airflow renews a token on every route, whatever it answers. A thief who requests `run` of a task that runs
/// elsewhere gets 409, and must not get a fresh token with it: with that token they could read connections.
#[test]
fn a_start_that_airflow_refuses_renews_no_token_without_an_owner() {
    let token = super::mesh::bearer(&task(1));
    let headers = [("authorization", token.as_str())];
    let ml = worker("ml");
    for status in [404, 409, 422, 500] {
        let mut proxy = Proxy::new("enforce", true);
        let came = proxy.exchange(ml.as_ref(), &run(1), &headers, status, &[b"x"]);
        assert_eq!(came, Came::Answered(status, "x".to_owned()));
        let removed = &proxy.host.removed;
        assert!(
            removed.contains(&"Answer refreshed-api-token".to_owned()),
            "{status}: {removed:?}"
        );
    }
}

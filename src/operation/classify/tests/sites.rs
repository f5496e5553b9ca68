//! Base paths and web pages.

use super::*;

fn based(base_path: &str) -> Site {
    Site::default().with_base_path(base_path).unwrap()
}

fn with_pages() -> Site {
    Site::default().with_web_pages(true)
}

fn dag<'a>(site: &Site, target: &'a str) -> Result<(Surface, Fact<Cow<'a, str>>), Malformed> {
    read_at(site, "GET", target).map(|operation| (operation.surface, operation.accesses[0].dag.clone()))
}

#[test]
fn a_base_path_is_taken_off_once_and_is_not_required() {
    let site = based("/team/airflow");
    for target in [
        "/team/airflow/api/v2/dags/d1",
        "/team/%61irflow/api/v2/dags/d1/",
        "/api/v2/dags/d1",
    ] {
        assert_eq!(dag(&site, target), Ok((Surface::Rest, known("d1"))), "{target}");
    }
    for target in [
        "/team/airflow/team/airflow/api/v2/dags/d1",
        "/team/airflowx/api/v2/dags/d1",
        "/airflow/api/v2/dags/d1",
        "/team/airflow/mcp/v1/",
    ] {
        assert_eq!(dag(&site, target), Ok((Surface::Other, Fact::Absent)), "{target}");
    }
    for target in [
        "/team/airflow/",
        "/team/airflow",
        "/team/airflow/dags/d1/runs",
        "/",
    ] {
        assert_eq!(dag(&site, target), Ok((Surface::Pages, Fact::Absent)), "{target}");
    }
    assert_eq!(
        dag(&site, "/team/airflow/api/v2/what"),
        Ok((Surface::Rest, Fact::Unknown))
    );
    assert_eq!(
        dag(&site, "/team/airflow/health"),
        Ok((Surface::Health, Fact::Absent))
    );
}

#[test]
fn a_path_is_what_stands_below_the_base_path() {
    let site = based("/team/airflow");
    for (target, path) in [
        ("/team/airflow/ui/config", "/ui/config"),
        ("/ui/config", "/ui/config"),
        ("/team/airflow/api/v2/variables/a%2Fb", "/api/v2/variables/a/b"),
        ("/team%2Dx/ui/config", "/team-x/ui/config"),
        ("/%74eam/airflow/ui/config", "/ui/config"),
        ("/team/airflow/api/v2/what", "/api/v2/what"),
        // A plugin's application, which Airflow 3 serves with and without the base path.
        ("/team/airflow/mcp/v1/", "/mcp/v1/"),
        ("/mcp/v1/", "/mcp/v1/"),
        ("/team/airflow", "/"),
        ("/%74eam/airflow", "/"),
        ("/team/airflow/", "/"),
        // Not Airflow's.
        ("/team/airflowx/v1", "/team/airflowx/v1"),
        ("/v1/payments", "/v1/payments"),
    ] {
        let operation = read_at(&site, "GET", target).unwrap();
        assert_eq!(operation.path, known(path), "{target}");
    }
    // The base path hides one of Airflow's own paths.
    let operation = read_at(&based("/ui"), "GET", "/ui/config").unwrap();
    assert_eq!(operation.path, known("/ui/config"));
}

#[test]
fn encoded_slashes_count_from_where_they_stand() {
    let site = based("/airflow");
    for target in [
        "/airflow%2Fapi/v2/dags/d1",
        "%2Fairflow/api/v2/dags/d1",
        "/airflow/api%2Fv2/dags/d1",
        "/airflow/execution/xcoms/d/r%2Ft/k",
        "/airflow%2Fexecution/xcoms/d/r/t/a%2Fb",
    ] {
        assert!(dag(&site, target).is_err(), "{target}");
    }
    let operation = read_at(&site, "GET", "/airflow/execution/xcoms/d/r/t/a%2Fb").unwrap();
    assert_eq!(operation.accesses[0].xcom_key, known("a/b"));
}

/// If a base path hides one of Airflow's own paths, no route is lost.
#[test]
fn a_base_path_may_be_any() {
    let api = based("/api");
    assert_eq!(dag(&api, "/api/v2/dags/d1"), Ok((Surface::Rest, known("d1"))));
    assert_eq!(dag(&api, "/api/api/v2/dags/d1"), Ok((Surface::Rest, known("d1"))));
    let log = based("/log");
    let file = "/log/dag_id=d/run_id=r/task_id=t/attempt=1.log";
    assert_eq!(dag(&log, file), Ok((Surface::Logs, known("d"))));
    assert_eq!(dag(&log, "/log/ui/what"), Ok((Surface::Ui, Fact::Unknown)));
}

/// Airflow has pages below `/log/dags`, and a log server may have files there. The request counts as one for
/// a file.
#[test]
fn a_page_below_a_base_path_is_what_airflow_has_there_without() {
    for (base, target, surface) in [
        ("/log", "/log/dags/d1/runs", Surface::Logs),
        ("/log", "/log/static/1.log", Surface::Logs),
        ("/log", "/log", Surface::Pages),
        ("/ui", "/ui/dags", Surface::Ui),
        ("/ui", "/ui/dags/d1/runs/r", Surface::Pages),
        ("/dags", "/dags/dags/d1", Surface::Pages),
        ("/dags", "/dags/d1", Surface::Pages),
    ] {
        for method in ["GET", "HEAD"] {
            let operation = read_at(&based(base), method, target).unwrap();
            assert_eq!(operation.surface, surface, "{method} {target} with {base}");
        }
    }
    let operation = read_at(&based("/dags"), "GET", "/dags/dags/d1").unwrap();
    assert_eq!(operation.path, known("/dags/d1"));
}

#[test]
fn web_pages_are_read_where_they_stand() {
    for (target, dag_id) in [
        ("/dags/d1/grid", known("d1")),
        ("/log?dag_id=d1&task_id=t", known("d1")),
        ("/log?task_id=t", Fact::Unknown),
        ("/log/list/?_flt_3_dag_id=d1", Fact::Unknown),
        ("/xcom/list/", Fact::Unknown),
        ("/home", Fact::Unknown),
        ("/", Fact::Absent),
        ("/variable/list/", Fact::Absent),
    ] {
        assert_eq!(dag(&with_pages(), target), Ok((Surface::Ui, dag_id)), "{target}");
    }
    for target in ["/dags/d1/what", "/clear", "/object"] {
        assert_eq!(
            dag(&with_pages(), target),
            Ok((Surface::Ui, Fact::Unknown)),
            "{target}"
        );
        let elsewhere = dag(&Site::default(), target).unwrap();
        assert!(matches!(elsewhere.0, Surface::Other | Surface::Pages), "{target}");
        assert_eq!(elsewhere.1, Fact::Absent, "{target}");
    }
    let clear = read_at(&with_pages(), "POST", "/clear?dag_id=mine").unwrap();
    assert!(clear.any_dag);
    assert_eq!(clear.actions(), [Action::TaskInstanceClear]);
    let file = "/log/dag_id=d/run_id=r/task_id=t/attempt=1.log";
    assert_eq!(dag(&with_pages(), file), Ok((Surface::Logs, known("d"))));
}

#[test]
fn a_fragment_in_the_query_hides_no_id() {
    let refused = dag(&Site::default(), "/ui/backfills?x=1#&dag_id=mine");
    assert_eq!(refused, Err(Malformed::Path(Ambiguity::Fragment)));
}

#[test]
fn pages_are_read_and_nothing_else_that_a_plugin_may_serve() {
    let surface = |method, target| read_at(&Site::default(), method, target).map(|found| found.surface);
    for method in ["GET", "HEAD"] {
        for target in [
            "/",
            "/?next=/dags",
            "/dags",
            "/dags/",
            "/dags/d1/runs/r/tasks/t/mapped/0",
            "/static/assets/index-1.js",
            "/plugin/edge_worker",
            "/%64ags",
        ] {
            assert_eq!(surface(method, target), Ok(Surface::Pages), "{method} {target}");
        }
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "BREW"] {
        for target in ["/", "/dags", "/static/x", "/plugin/mcp"] {
            assert_eq!(surface(method, target), Ok(Surface::Other), "{method} {target}");
        }
    }
    for method in ["GET", "HEAD", "POST"] {
        for target in [
            "/mcp",
            "/mcp/v1/",
            "/pluginsv2/view",
            "/my-plugin/trigger",
            "/api/v3/dags",
            "/DAGS",
            "/dagsx",
            "/static%2Fx",
            "/dags/..%2Fmcp",
            "/static/../mcp",
            "/dags//mcp",
        ] {
            assert_eq!(surface(method, target), Ok(Surface::Other), "{method} {target}");
        }
    }
}

#[test]
fn a_request_without_a_method_or_a_path_is_malformed() {
    let site = Site::default();
    for (method, target) in [("", "/x"), ("GET", ""), ("", "")] {
        let read = read_at(&site, method, target);
        assert_eq!(read.err(), Some(Malformed::RequestLine), "{method} {target}");
    }
    assert!(read_at(&site, "CONNECT", "").is_ok());
}

/// Airflow removes the base path from each path that begins with it, so a plugin's application stands below
/// `/ui/mcp`.
#[test]
fn a_base_path_that_is_a_prefix_of_airflow_s_hides_no_application_of_a_plugin() {
    for base in ["/ui", "/auth", "/api/v2"] {
        let site = Site::default().with_base_path(base).unwrap();
        let target = format!("{base}/mcp/call");
        let operation = read_at(&site, "POST", &target).unwrap();
        assert_eq!(operation.surface, Surface::Other, "{target}");
        assert_eq!(operation.path, known("/mcp/call"), "{target}");
        let target = format!("{base}/ui/config");
        let operation = read_at(&site, "GET", &target).unwrap();
        assert_eq!(
            (operation.surface, operation.path),
            (Surface::Ui, known("/ui/config")),
            "{target}"
        );
    }
}

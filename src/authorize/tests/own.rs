//! Policies by which a task reaches only its own DAG, run and XComs, with one account for all workers.

use super::*;

const OWN: &str = r#"{"apiVersion":"dagward/v1","policies":[
  {"name":"start","action":"ALLOW","rules":[{
    "from":[{"serviceAccounts":["airflow/worker"],"dags":["{dag}"],"proof":["pod","airflow"]}],
    "to":[{"actions":["task_instance:run"],"dags":["{dag}"]}]}]},
  {"name":"read","action":"ALLOW","rules":[{
    "from":[{"serviceAccounts":["airflow/worker"],"dags":["{dag}"],"runs":["{run}"],"proof":["pod","airflow"]}],
    "to":[{"actions":["xcom:read"],"dags":["{dag}"],"runs":["{run}"]}]}]},
  {"name":"write","action":"ALLOW","rules":[{
    "from":[{"serviceAccounts":["airflow/worker"],"dags":["{dag}"],"runs":["{run}"],"tasks":["{task}"],"proof":["pod","airflow"]}],
    "to":[{"actions":["xcom:create","xcom:delete"],"dags":["{dag}"],"runs":["{run}"],"tasks":["{task}"]}]}]},
  {"name":"rest","action":"ALLOW","rules":[{
    "from":[{"serviceAccounts":["airflow/worker"],"dags":["{dag}"],"proof":["pod","airflow"]}],
    "to":[{"surfaces":["rest"],"actions":["dag_run:read"],"dags":["{dag}"]}]}]}]}"#;

/// A task of the DAG `sales` in the run `r/1`, by its pod's annotations.
fn task(policy: &str) -> Scene {
    Scene {
        ruleset: policy::load(policy.as_bytes()).unwrap(),
        peer: Principal::parse("spiffe://td/ns/airflow/sa/worker").ok(),
        headers: vec![
            ("x-airflow-dag-id", "sales"),
            ("x-airflow-run-id", "r:1"),
            ("x-airflow-task-id", "load"),
            ("x-airflow-proof", "pod"),
        ],
        ..Scene::new("enforce")
    }
}

fn allowed(scene: &Scene) -> bool {
    scene.authorize().decision == Decision::Allow
}

#[test]
fn a_task_reaches_its_own_dag_and_writes_its_own_xcoms() {
    for (method, target, expected) in [
        ("GET", "/execution/xcoms/sales/r:1/load/k", true),
        ("GET", "/execution/xcoms/sales/r:1/extract/k", true),
        ("GET", "/execution/xcoms/sales/r:2/load/k", false),
        ("GET", "/execution/xcoms/finance/r:1/load/k", false),
        ("POST", "/execution/xcoms/sales/r:1/load/k", true),
        ("POST", "/execution/xcoms/sales/r:1/extract/k", false),
        ("POST", "/execution/xcoms/sales/r:2/load/k", false),
        ("POST", "/execution/xcoms/finance/r:1/load/k", false),
        ("DELETE", "/execution/xcoms/sales/r:1/extract/k", false),
        ("GET", "/api/v2/dagStats?dag_ids=sales", true),
        ("GET", "/api/v2/dagStats?dag_ids=sales&dag_ids=finance", false),
        ("GET", "/api/v2/dagStats", false),
    ] {
        let scene = Scene {
            method,
            target,
            ..task(OWN)
        };
        assert_eq!(allowed(&scene), expected, "{method} {target}");
        // Without a stamp, or with a mere claim, the actor is not known well enough.
        for headers in [
            vec![],
            vec![
                ("x-airflow-dag-id", "sales"),
                ("x-airflow-run-id", "r:1"),
                ("x-airflow-task-id", "load"),
            ],
        ] {
            let stranger = Scene {
                method,
                target,
                headers,
                ..task(OWN)
            };
            assert!(!allowed(&stranger), "{method} {target}");
        }
    }
}

/// Airflow's answer names no task.
#[test]
fn a_task_that_only_the_answer_proves_writes_no_xcoms_by_task() {
    let of = |method, target| Scene {
        method,
        target,
        headers: Vec::new(),
        credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
        learned: Some(learned("sales")),
        ..task(OWN)
    };
    assert!(allowed(&of("GET", "/execution/xcoms/sales/r:1/extract/k")));
    assert!(!allowed(&of("GET", "/execution/xcoms/finance/r:1/extract/k")));
    assert!(!allowed(&of("POST", "/execution/xcoms/sales/r:1/load/k")));
}

fn learned(dag: &str) -> Learned {
    Learned {
        run: Some(Run {
            dag_id: dag.to_owned(),
            run_id: "r:1".to_owned(),
        }),
        ..Learned::default()
    }
}

/// `run` passes while its answer is pending, and the decision after the answer refuses the DAG of another account.
#[test]
fn the_answer_to_run_decides_about_the_dag() {
    const TEAMS: &str = r#"{"apiVersion":"dagward/v1","policies":[
      {"name":"start","action":"ALLOW","rules":[{
        "from":[{"principals":["spiffe://td/ns/airflow/sa/w-{team}"],"dags":["{team}_{name}"],"proof":["airflow"]}],
        "to":[{"actions":["task_instance:run"],"dags":["{team}_{name}"]}]}]}]}"#;
    let run = |peer: &str, learned: Option<Learned>| Scene {
        peer: Principal::parse(peer).ok(),
        method: "PATCH",
        target: RUN,
        headers: Vec::new(),
        credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
        learned,
        ..task(TEAMS)
    };
    let sales = "spiffe://td/ns/airflow/sa/w-sales";
    assert!(allowed(&run(sales, None)));
    assert!(allowed(&run(sales, Some(learned("sales_daily")))));
    assert!(!allowed(&run(sales, Some(learned("finance_daily")))));
    assert!(!allowed(&run(sales, Some(learned("sales")))));
    assert!(!allowed(&run("spiffe://td/ns/airflow/sa/other", None)));
    // With one account, the answer names the task's own DAG.
    let own = |learned| Scene {
        ruleset: policy::load(OWN.as_bytes()).unwrap(),
        ..run("spiffe://td/ns/airflow/sa/worker", learned)
    };
    assert!(allowed(&own(None)) && allowed(&own(Some(learned("sales")))));
}

#[test]
fn a_deny_with_open_variables_refuses_what_it_may_be_about() {
    let policy = |from: &str, to: &str| {
        format!(
            r#"{{"apiVersion":"dagward/v1","policies":[
              {{"name":"no","action":"DENY","rules":[{{"from":[{{{from},"proof":["pod","airflow"]}}],"to":[{{{to}}}]}}]}},
              {{"name":"all","action":"ALLOW","rules":[{{}}]}}]}}"#
        )
    };
    // For each rule: whether the task of `sales`, another task, and an unknown caller may read XComs of `sales`.
    for (from, to, expected) in [
        (
            r#""dags":["{dag}"]"#,
            r#""notDags":["{dag}"]"#,
            [true, false, false],
        ),
        (r#""dags":["{dag}"]"#, r#""dags":["{dag}"]"#, [false, true, false]),
        (
            r#""dags":["{dag}"]"#,
            r#""dags":["secret_{dag}"]"#,
            [true, true, true],
        ),
        (
            r#""dags":["{dag}"]"#,
            r#""dags":["sa{dag}"]"#,
            [true, true, false],
        ),
        (
            r#""dags":["{dag}"],"notDags":["x"]"#,
            r#""notDags":["{dag}","sales"]"#,
            [true, true, true],
        ),
        (
            r#""runs":["{run}"]"#,
            r#""notRuns":["{run}"]"#,
            [true, true, false],
        ),
    ] {
        let policy = policy(from, to);
        let of = |headers| Scene {
            target: "/execution/xcoms/sales/r:1/load/k",
            headers,
            ..task(&policy)
        };
        let of_dag = |dag| {
            vec![
                ("x-airflow-dag-id", dag),
                ("x-airflow-run-id", "r:1"),
                ("x-airflow-proof", "pod"),
            ]
        };
        let decided = [of_dag("sales"), of_dag("finance"), Vec::new()].map(|headers| allowed(&of(headers)));
        assert_eq!(decided, expected, "{from} → {to}");
    }
}

//! `two-teams.yaml`, and `teams-list.yaml` with the same rights: a team's tasks, the components and people may do their
//! work, and no team may use another team's data.

use dagward::authorize::Code;

use crate::asking::{
    API_SERVER, Asked, FINANCE, GATEWAY, HEARTBEAT, LOG, ML, MONITORING, PROCESSOR, RUN, SALES, TRIGGERER,
    WORKER,
};
use crate::sites::{Sites, everywhere};

/// A task's own routes. The task may use them whether or not a proxy knows its DAG.
const OWN: [&str; 15] = [
    HEARTBEAT,
    "PATCH /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/state",
    "PATCH /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/skip-downstream",
    "PUT /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/rtif",
    "PATCH /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/rendered-map-index",
    "GET /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/previous-successful-dagrun",
    "GET /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/validate-inlets-and-outlets",
    "GET /execution/task-reschedules/0192f0c1-0000-7000-8000-000000000001/start_date?try_number=1",
    "POST /execution/hitlDetails/0192f0c1-0000-7000-8000-000000000001",
    "PATCH /execution/hitlDetails/0192f0c1-0000-7000-8000-000000000001",
    "GET /execution/hitlDetails/0192f0c1-0000-7000-8000-000000000001",
    "GET /execution/store/ti/0192f0c1-0000-7000-8000-000000000001/cursor",
    "PUT /execution/store/ti/0192f0c1-0000-7000-8000-000000000001/cursor",
    "DELETE /execution/store/ti/0192f0c1-0000-7000-8000-000000000001",
    "GET /execution/health/ping",
];

/// Further requests that a task of team sales may send, and a task of no other team.
const OF_SALES: [&str; 30] = [
    "GET /execution/xcoms/sales_daily/r/extract/return_value",
    "HEAD /execution/xcoms/sales_daily/r/extract/return_value",
    "GET /execution/xcoms/sales_daily/r/extract/return_value/item/3",
    "GET /execution/xcoms/sales_daily/r/extract/return_value/slice?start=0",
    "POST /execution/xcoms/sales_daily/r/extract/return_value?map_index=2",
    "DELETE /execution/xcoms/sales_daily/r/extract/return_value",
    "GET /execution/xcoms/sales_report/r/t/key",
    // Sensors that look at another DAG of the team.
    "GET /execution/task-instances/count?dag_id=sales_report&task_ids=t",
    "GET /execution/task-instances/states?dag_id=sales_report",
    "GET /execution/task-instances/breadcrumbs?dag_id=sales_report&run_id=r",
    "GET /execution/task-instances/previous/sales_report/t",
    "GET /execution/dag-runs/count?dag_id=sales_report",
    "GET /execution/dag-runs/previous?dag_id=sales_report&logical_date=2026-11-01T00:00:00Z",
    "GET /execution/dags/sales_report",
    // TriggerDagRunOperator, which can reset and can wait.
    "POST /execution/dag-runs/sales_report/r2",
    "POST /execution/dag-runs/sales_report/r2/clear",
    "GET /execution/dag-runs/sales_report/r2/state",
    "GET /execution/dag-runs/sales_report/r2",
    "GET /execution/connections/sales_db",
    "GET /execution/variables/sales_region",
    "PUT /execution/variables/sales_region",
    "DELETE /execution/variables/sales_region",
    // Inlets, and outlets that are references to assets.
    "GET /execution/assets/by-name?name=sales_orders",
    "GET /execution/assets/by-uri?uri=sales_orders",
    "GET /execution/asset-events/by-asset?name=sales_orders&uri=sales_orders",
    "GET /execution/asset-events/by-asset?name=sales_orders",
    "GET /execution/store/asset/by-name/value?name=sales_orders&key=k",
    "PUT /execution/store/asset/by-name/value?name=sales_orders&key=k",
    "DELETE /execution/store/asset/by-uri/value?uri=sales_orders&key=k",
    "DELETE /execution/store/asset/by-uri/clear?uri=sales_orders",
];

/// The data that a task of any team may read.
const SHARED: [&str; 4] = [
    "GET /execution/connections/shared_smtp",
    "GET /execution/variables/shared_region",
    "GET /execution/assets/by-name?name=shared_rates",
    "GET /execution/store/asset/by-name/value?name=shared_rates&key=k",
];

/// The policy that tells teams by their names, and the one that lists them: both must decide alike.
fn teams() -> Sites {
    everywhere("examples/policies/two-teams.yaml").and(everywhere("examples/policies/teams-list.yaml"))
}

/// Tasks of sales in a pod of the Kubernetes executor, and on a Celery worker.
fn tasks_of_sales(request: &str) -> [Asked<'_>; 2] {
    let asked = Asked::of(SALES, request);
    [
        Asked {
            acting: Some(["sales_daily", "load", "pod"]),
            ..asked
        },
        Asked {
            learned: Some("sales_daily"),
            ..asked
        },
    ]
}

/// Callers that are not known to act for a DAG of their own team: Airflow's answer names another team's DAG, the pod's
/// annotations do, only the task's own headers name a DAG, or nothing names one.
fn not_of_their_team(request: &str) -> [Asked<'_>; 4] {
    let asked = Asked::of(SALES, request);
    let acting = |task| Asked {
        acting: Some(task),
        ..asked
    };
    [
        Asked {
            learned: Some("ml_train"),
            ..asked
        },
        acting(["ml_train", "fit", "pod"]),
        acting(["sales_daily", "load", "claimed"]),
        asked,
    ]
}

#[test]
fn a_task_uses_what_is_its_team_s() {
    let teams = teams();
    for request in OWN.iter().chain(&OF_SALES).chain(&SHARED) {
        for asked in tasks_of_sales(request) {
            assert_eq!(asked.refused(&teams), None, "{request}");
        }
    }
}

#[test]
fn a_task_reports_on_itself_where_a_proxy_has_forgotten_its_dag() {
    let teams = teams();
    for request in OWN {
        assert_eq!(Asked::of(SALES, request).refused(&teams), None, "{request}");
    }
}

#[test]
fn a_token_that_no_sidecar_vouches_for_does_nothing() {
    let teams = teams();
    let own = OWN
        .iter()
        .filter(|request| **request != "GET /execution/health/ping");
    for request in own.chain(&OF_SALES).chain(&SHARED) {
        let stolen = Asked {
            learned: Some("sales_daily"),
            owned: false,
            ..Asked::of(SALES, request)
        };
        // A task can read a connection before it starts, but not under its own identity.
        let code = match request.starts_with("GET /execution/connections/") {
            true => Code::NoRuleAllows,
            false => Code::TokenOwnerUnknown,
        };
        assert_eq!(stolen.refused(&teams), Some(code), "{request}");
    }
}

#[test]
fn no_other_task_uses_it() {
    let teams = teams();
    for request in OF_SALES.iter().chain(&SHARED) {
        for asked in not_of_their_team(request) {
            assert_eq!(asked.refused(&teams), Some(Code::NoRuleAllows), "{request}");
        }
    }
    for request in OF_SALES {
        for (peer, dag) in [(ML, "ml_train"), (FINANCE, "finance_daily"), (ML, "sales_daily")] {
            let asked = Asked {
                learned: Some(dag),
                ..Asked::of(peer, request)
            };
            assert_eq!(
                asked.refused(&teams),
                Some(Code::NoRuleAllows),
                "{peer} {request}"
            );
        }
    }
}

#[test]
fn nothing_across_and_nothing_open() {
    let teams = teams();
    for request in [
        "GET /execution/xcoms/ml_train/r/fit/return_value",
        "POST /execution/xcoms/ml_train/r/fit/return_value",
        "POST /execution/dag-runs/ml_train/r",
        "POST /execution/dag-runs/ml_train/r/clear",
        "GET /execution/task-instances/states?dag_id=ml_train",
        "GET /execution/connections/ml_db",
        "GET /execution/connections/smtp",
        "PUT /execution/variables/ml_key",
        "PUT /execution/variables/shared_region",
        "DELETE /execution/variables/shared_region",
        // Requests that name no DAG, key or asset mean all of them.
        "GET /execution/task-instances/count",
        "GET /execution/variables/keys?prefix=sales_",
        "GET /execution/asset-events/by-asset-alias?name=sales_orders",
        // Two names, one of which belongs to another team.
        "GET /execution/asset-events/by-asset?name=sales_orders&uri=ml_features",
        "PUT /execution/store/asset/by-name/value?name=shared_rates&key=k",
        // The name of the other DAG's task is the end of a route by UUID.
        "GET /execution/task-instances/previous/ml_train/validate-inlets-and-outlets",
        "GET /execution/task-instances/previous/ml_train/previous-successful-dagrun",
        // Surfaces that tasks do not need.
        "POST /api/v2/dags/sales_daily/dagRuns",
        "GET /ui/dags",
        "POST /auth/token",
        "GET /execution/openapi.json",
        LOG,
    ] {
        for asked in tasks_of_sales(request) {
            assert_eq!(asked.refused(&teams), Some(Code::NoRuleAllows), "{request}");
        }
    }
}

/// The body of a deferral, with the triggerer's queue and the other fields.
fn deferral(class: &str, arguments: &str, queue: &str) -> String {
    format!(
        r#"{{"state": "deferred", "next_method": "resume", "queue": {queue}, "trigger_kwargs": {arguments},
            "classpath": "{class}"}}"#
    )
}

const STATE: &str = "PATCH /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/state";
const DAG_STATE: &str = "airflow.providers.standard.triggers.external_task.DagStateTrigger";
const DATE_TIME: &str = "airflow.providers.standard.triggers.temporal.DateTimeTrigger";

#[test]
fn a_task_defers_to_what_airflow_s_own_operators_need() {
    let teams = teams();
    for (class, arguments, queue) in [
        (
            DATE_TIME,
            r#"{"moment": {"__type": "datetime", "__var": 1.0}}"#,
            "null",
        ),
        (
            DAG_STATE,
            r#"{"dag_id": "sales_report", "states": ["success"]}"#,
            "null",
        ),
        (DAG_STATE, r#"{"dag_id": "sales_report"}"#, r#""sales""#),
    ] {
        let body = deferral(class, arguments, queue);
        for asked in tasks_of_sales(STATE) {
            let learned = Some("sales_daily");
            let asked = Asked {
                body: &body,
                learned,
                ..asked
            };
            assert_eq!(asked.refused(&teams), None, "{body}");
            // A proxy that has forgotten the task cannot tell the DAG of the trigger.
            let asked = Asked {
                learned: None,
                ..asked
            };
            assert_eq!(asked.refused(&teams), Some(Code::NoRuleAllows), "{body}");
        }
        for asked in not_of_their_team(STATE) {
            let asked = Asked { body: &body, ..asked };
            assert_eq!(asked.refused(&teams), Some(Code::NoRuleAllows), "{body}");
        }
    }
}

/// By the convention for names, a queue `sales_gpu` is of sales. With a list of teams it can be another team's.
#[test]
fn a_queue_whose_name_begins_with_the_team_s_is_its_own_by_names_alone() {
    let body = deferral(DAG_STATE, r#"{"dag_id": "sales_report"}"#, r#""sales_gpu""#);
    for (policy, refused) in [("two-teams", None), ("teams-list", Some(Code::NoRuleAllows))] {
        let policy = everywhere(&format!("examples/policies/{policy}.yaml"));
        for asked in tasks_of_sales(STATE) {
            let asked = Asked {
                body: &body,
                learned: Some("sales_daily"),
                ..asked
            };
            assert_eq!(asked.refused(&policy), refused);
        }
    }
}

#[test]
fn a_task_defers_to_nothing_else() {
    let teams = teams();
    for (class, arguments, queue) in [
        ("subprocess.Popen", r#"{"args": ["id"]}"#, "null"),
        ("airflow.providers.standard.hooks.subprocess.Popen", "{}", "null"),
        (
            "airflow.triggers.callback.CallbackTrigger",
            r#"{"callback_path": "os.system"}"#,
            "null",
        ),
        (
            "airflow.providers.standard.triggers.file.FileDeleteTrigger",
            "{}",
            "null",
        ),
        (
            DAG_STATE,
            r#"{"dag_id": "ml_train", "states": ["success"]}"#,
            "null",
        ),
        (
            DAG_STATE,
            r#"{"dag_id": {"__type": "tuple", "__var": ["sales_report", "ml_train"]}}"#,
            "null",
        ),
        (DAG_STATE, r#"{"dag_id": "{{ 'ml_train' }}"}"#, "null"),
        (DAG_STATE, r#""gAAAA""#, "null"),
        (DATE_TIME, r#"{"conn_id": "ml_db"}"#, "null"),
        (
            DATE_TIME,
            r#"{"moment": {"__type": "base_exc_ser", "__var": {}}}"#,
            "null",
        ),
        (DATE_TIME, "{}", r#""ml""#),
        (DATE_TIME, "{}", r#""salesroom""#),
        (DATE_TIME, "{}", r#""""#),
        (DATE_TIME, "{}", r#"["sales"]"#),
        (
            "airflow.providers.standard.triggers.hitl.HITLTrigger",
            r#"{"ti_id": "0192f0c1-0000-7000-8000-000000000002"}"#,
            "null",
        ),
    ] {
        let body = deferral(class, arguments, queue);
        for asked in tasks_of_sales(STATE) {
            let learned = Some("sales_daily");
            let asked = Asked {
                body: &body,
                learned,
                ..asked
            };
            assert_eq!(asked.refused(&teams), Some(Code::NoRuleAllows), "{body}");
        }
    }
}

/// At the request the filter does not know which team the task belongs to. Airflow's answer names it.
#[test]
fn run_is_decided_on_the_answer() {
    let teams = teams();
    let asked = Asked::of(SALES, RUN);
    assert_eq!(asked.refused(&teams), None);
    for (dag, refused) in [("sales_daily", None), ("ml_train", Some(Code::NoRuleAllows))] {
        let answered = Asked {
            learned: Some(dag),
            answered: true,
            ..asked
        };
        assert_eq!(answered.refused(&teams), refused, "{dag}");
    }
}

#[test]
fn components_and_people_do_their_part() {
    let teams = teams();
    for (peer, request) in [
        (API_SERVER, LOG),
        (
            API_SERVER,
            "GET /log/dag_id=ml_train/run_id=r/task_id=t/attempt=1.log.trigger.7.log",
        ),
        (GATEWAY, "GET /"),
        (GATEWAY, "GET /dags/sales_daily/runs/r/tasks/load"),
        (GATEWAY, "GET /ui/grid/runs/sales_daily"),
        (GATEWAY, "POST /auth/token"),
        (GATEWAY, "POST /api/v2/dags/sales_daily/clearTaskInstances"),
        (
            GATEWAY,
            "PATCH /api/v2/dags/ml_train/dagRuns/r/taskInstances/t/-1/hitlDetails",
        ),
        (
            GATEWAY,
            "GET /api/v2/dags/sales_daily/dagRuns/r/taskInstances/load/logs/1",
        ),
        (MONITORING, "GET /metrics"),
        (MONITORING, "GET /api/v2/monitor/health"),
    ] {
        let asked = Asked {
            body: "{}",
            ..Asked::of(peer, request)
        };
        assert_eq!(asked.refused(&teams), None, "{peer} {request}");
    }
    let unknown = Code::NoRuleAllows;
    for (peer, request, code) in [
        (GATEWAY, RUN, unknown),
        (GATEWAY, LOG, unknown),
        (MONITORING, LOG, unknown),
        (WORKER, RUN, unknown),
        (API_SERVER, HEARTBEAT, unknown),
        (TRIGGERER, LOG, unknown),
        (TRIGGERER, RUN, Code::DeniedByRule),
        (
            PROCESSOR,
            "GET /execution/connections/shared_smtp",
            Code::DeniedByRule,
        ),
        (PROCESSOR, "GET /api/v2/dags", Code::DeniedByRule),
    ] {
        let refused = Asked::of(peer, request).refused(&teams);
        assert_eq!(refused, Some(code), "{peer} {request}");
    }
}

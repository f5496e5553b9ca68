//! What is decided again: with the body, and with Airflow's answer.

use super::*;

#[test]
fn a_body_counts_where_it_names_ids() {
    let bulk = "/api/v2/dags/sales_daily/dagRuns/r/taskInstances";
    let (status, answer) = explain_json("policy.yaml", &from_sales("PATCH", bulk));
    assert_eq!(status, 0, "{answer}");
    let reasons = answer["reasons"].as_array().unwrap();
    assert!(
        reasons.last().unwrap().as_str().unwrap().contains("`--body`"),
        "{answer}"
    );

    let other = [&from_sales("PATCH", bulk)[..], &["--body", "bulk.json"]].concat();
    let (status, answer) = explain_json("policy.yaml", &other);
    assert_eq!(
        (status, &answer["code"]),
        (1, &"no_rule_allows".into()),
        "{answer}"
    );
    assert_eq!(
        answer["operation"]["dag_ids"],
        json!(["sales_daily", "finance_daily"])
    );

    let unread = [&from_sales("PATCH", bulk)[..], &["--body", "policy.yaml"]].concat();
    let (status, answer) = explain_json("policy.yaml", &unread);
    assert_eq!(
        (status, &answer["code"]),
        (1, &"malformed_body".into()),
        "{answer}"
    );
}

#[test]
fn what_airflow_answered_counts() {
    let run = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";
    let question = |dag: &'static str| {
        [
            "--peer",
            SALES,
            "--method",
            "PATCH",
            "--path",
            run,
            "--learned",
            dag,
        ]
    };
    let (status, answer) = explain_json("policy.yaml", &question("sales_daily"));
    assert_eq!(status, 0, "{answer}");
    assert_eq!(answer["caller"]["acting"]["proof"], "airflow");
    assert_eq!(answer["operation"]["dag_ids"], json!(["sales_daily"]));
    let (status, answer) = explain_json("policy.yaml", &question("finance_daily"));
    assert_eq!(
        (status, &answer["code"]),
        (1, &"no_rule_allows".into()),
        "{answer}"
    );
    let pod = [&question("finance_daily")[..], &TASK].concat();
    let (status, answer) = explain_json("policy.yaml", &pod);
    assert_eq!(
        (status, &answer["code"]),
        (1, &"task_conflict".into()),
        "{answer}"
    );
}

#[test]
fn a_token_needs_somebody_to_vouch_for_it() {
    // {"sub":"019ab1c2-7d11-7b3f-a3c4-5d6e7f809112"}
    let token =
        "authorization: Bearer e30.eyJzdWIiOiIwMTlhYjFjMi03ZDExLTdiM2YtYTNjNC01ZDZlN2Y4MDkxMTIifQ.c2ln";
    let xcom = "/execution/xcoms/sales_daily/r/t/k";
    let question = [&from_sales("GET", xcom)[..], &["--header", token]].concat();
    let (status, answer) = explain_json("policy.yaml", &question);
    assert_eq!(
        (status, &answer["code"]),
        (1, &"token_owner_unknown".into()),
        "{answer}"
    );
    for said in [
        &["--learned", "sales_daily"][..],
        &[
            "--header",
            "x-airflow-ti-id: 019ab1c2-7d11-7b3f-a3c4-5d6e7f809112",
            "--header",
            "x-airflow-proof: airflow",
            "--header",
            "x-airflow-dag-id: sales_daily",
        ],
    ] {
        let question = [
            "--peer", SALES, "--method", "GET", "--path", xcom, "--header", token,
        ];
        let (status, answer) = explain_json("policy.yaml", &[&question[..], said].concat());
        assert_eq!(status, 0, "{answer}");
    }
}

#[test]
fn on_the_way_out_airflows_answer_is_stamped() {
    let question = |path: &'static str| {
        let outbound = ["--listener", "outbound", "--method", "PATCH", "--path", path];
        [&outbound[..], &["--learned", "sales_daily"]].concat()
    };
    let run = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";
    explain("policy.yaml", &question(run)).assert(0, "explain/outbound_learned.txt");
    let (_, answer) = explain_json("policy.yaml", &question("/api/v2/dags/sales_daily"));
    assert_eq!(answer["caller"]["acting"], Value::Null);
}

#[test]
fn a_callback_acts_for_no_dag_that_is_known() {
    let run = "/execution/callbacks/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";
    let question =
        |method: &'static str, path: &'static str| ["--peer", SALES, "--method", method, "--path", path];
    let (status, answer) = explain_json("policy.yaml", &question("PATCH", run));
    // A DENY on a DAG holds of it, too.
    assert_eq!(
        (status, &answer["code"]),
        (1, &"denied_by_rule".into()),
        "{answer}"
    );
    assert_eq!(answer["caller"]["actor"], "callback");
    let connection = question("GET", "/execution/connections/sales_db");
    explain("policy.yaml", &[&connection[..], &["--callback"]].concat()).assert(1, "explain/callback.txt");
    for said in [&[][..], &["--learned", "sales_daily"]] {
        let (_, answer) = explain_json("policy.yaml", &[&connection[..], said].concat());
        assert_eq!(answer["caller"].get("actor"), None, "{answer}");
    }
}

#[test]
fn the_team_that_airflow_named_is_shown() {
    let question = [
        "--peer",
        SALES,
        "--method",
        "GET",
        "--path",
        "/execution/xcoms/sales_daily/r/t/k",
        "--learned",
        "sales_daily",
    ];
    let named = [&question[..], &["--team", "sales_emea"]].concat();
    let (status, answer) = explain_json("policy.yaml", &named);
    assert_eq!(
        (status, &answer["caller"]["team"]),
        (0, &"sales_emea".into()),
        "{answer}"
    );
    let text = explain("policy.yaml", &named).stdout;
    assert!(
        text.contains("run `RUN_ID`, team `sales_emea` (proof airflow)"),
        "{text}"
    );
    let (_, answer) = explain_json("policy.yaml", &question);
    assert_eq!(answer["caller"].get("team"), None, "{answer}");
}

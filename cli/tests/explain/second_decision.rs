//! Second decisions: with the request's body, and with Airflow's answer.

use super::*;

const TWO_TEAMS: &str = "../../../examples/policies/two-teams.yaml";

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
fn a_body_is_decided_on_after_the_headers() {
    let bulk = "/api/v2/dags/sales_daily/dagRuns/r/taskInstances";
    let question = [&from_sales("PATCH", bulk)[..], &["--body", "bulk.json"]].concat();
    explain("policy.yaml", &question).assert(1, "explain/body.txt");
    let (_, answer) = explain_json("policy.yaml", &question);
    let stages = |decision: &Value| json!([decision["at"], decision["code"]]);
    assert_eq!(stages(&answer["earlier"][0]), json!(["headers", "allowed"]));
    assert_eq!(stages(&answer), json!(["body", "no_rule_allows"]));
    assert_eq!(answer["answer"]["status"], 403);
    // A request that is refused at its headers has no second decision.
    let other = "/api/v2/dags/finance_daily/dagRuns/r/taskInstances";
    let question = [&from_sales("PATCH", other)[..], &["--body", "bulk.json"]].concat();
    let (_, answer) = explain_json("policy.yaml", &question);
    assert_eq!(stages(&answer), json!(["headers", "no_rule_allows"]));
    assert_eq!(answer["earlier"], json!([]));
}

#[test]
fn what_airflow_answers_counts() {
    let run = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";
    let question = |file: &'static str| {
        [
            "--peer", SALES, "--method", "PATCH", "--path", run, "--answer", file,
        ]
    };
    let (status, answer) = explain_json("policy.yaml", &question("answer_sales.json"));
    assert_eq!(status, 0, "{answer}");
    assert_eq!(answer["earlier"][0]["caller"]["acting"], Value::Null);
    assert_eq!(answer["caller"]["acting"]["proof"], "airflow");
    assert_eq!(answer["operation"]["dag_ids"], json!(["sales_daily"]));
    // The answer passes unchanged.
    assert_eq!(answer["answer"]["status"], 200);
    assert_eq!(answer["answer"]["body"]["max_tries"], 0);
    assert_eq!(answer["record"]["wasm.dagward_proven_dag_id"], "sales_daily");

    explain("policy.yaml", &question("answer_finance.json")).assert(1, "explain/answer_refused.txt");
    let (status, answer) = explain_json("policy.yaml", &question("answer_finance.json"));
    assert_eq!(
        (status, &answer["code"]),
        (1, &"no_rule_allows".into()),
        "{answer}"
    );
    assert_eq!(answer["earlier"][0]["code"], "allowed");
    // The status has already been sent; the body is the refusal.
    assert_eq!(answer["answer"]["status"], 200);
    assert_eq!(answer["answer"]["body"]["detail"]["reason"], "dagward_denied");
    assert!(
        answer["log"][0].as_str().unwrap().contains("code=no_rule_allows"),
        "{answer}"
    );
    let pod = [&question("answer_finance.json")[..], &TASK].concat();
    let (status, answer) = explain_json("policy.yaml", &pod);
    assert_eq!(
        (status, &answer["code"]),
        (1, &"task_conflict".into()),
        "{answer}"
    );
    // An answer that names no run starts no task: it could be for any DAG. Before another request it has taught
    // nothing.
    let (status, answer) = explain_json("policy.yaml", &question("bulk.json"));
    assert_eq!(
        (status, &answer["at"], &answer["code"]),
        (1, &"answer".into(), &"denied_by_rule".into()),
        "{answer}"
    );
    let other = [
        &from_sales("GET", "/execution/variables/x")[..],
        &["--answer", "bulk.json"],
    ]
    .concat();
    let run = explain("policy.yaml", &other);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr
            .starts_with("error: `--answer`: the answer names no DAG run"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_token_without_an_owner_is_refused() {
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
        &["--answer", "answer_sales.json"][..],
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

/// As in the filter: a caller whose `run` is refused in the answer cannot use the token.
#[test]
fn a_start_that_is_refused_in_the_answer_makes_no_owner() {
    let heartbeat = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/heartbeat";
    for (answer, code) in [
        ("answer_sales.json", "allowed"),
        ("answer_finance.json", "token_owned_by_another"),
    ] {
        let question = [
            "--peer", SALES, "--method", "PUT", "--path", heartbeat, "--answer", answer,
        ];
        let (_, said) = explain_json(TWO_TEAMS, &question);
        assert_eq!(said["code"], code, "{said}");
        assert_eq!(
            (&said["earlier"], &said["log"].as_array().map(Vec::len)),
            (&json!([]), &Some(usize::from(code != "allowed"))),
            "{said}"
        );
    }
    // A proxy before no api-server has no answers that teach.
    let question = [
        "--peer",
        SALES,
        "--method",
        "PUT",
        "--path",
        heartbeat,
        "--answer",
        "answer_sales.json",
        "--proxy",
        "spiffe://cluster.local/ns/airflow/sa/airflow-worker-ml",
    ];
    let (_, said) = explain_json("policy.yaml", &question);
    assert_eq!(said["code"], "token_owner_unknown", "{said}");
}

/// Without the answer no DAG is known, and a rule that asks for one allows nothing.
#[test]
fn a_run_without_an_answer_asks_for_one() {
    let run = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";
    let question = ["--peer", SALES, "--method", "PATCH", "--path", run];
    let asks = |arguments: &[&str]| {
        let (_, answer) = explain_json(TWO_TEAMS, arguments);
        answer["reasons"]
            .to_string()
            .contains("none is given (`--answer`)")
    };
    assert!(asks(&question));
    assert!(!asks(
        &[&question[..], &["--answer", "answer_sales.json"]].concat()
    ));
    assert!(!asks(&from_sales("GET", "/execution/connections/ml_db")));
}

#[test]
fn on_the_way_out_airflows_answer_is_stamped() {
    let question = |method: &'static str, path: &'static str| {
        let outbound = ["--listener", "outbound", "--method", method, "--path", path];
        [&outbound[..], &["--answer", "answer_sales.json"]].concat()
    };
    let run = question(
        "PATCH",
        "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run",
    );
    explain("policy.yaml", &run).assert(0, "explain/outbound_answer.txt");
    let (_, answer) = explain_json("policy.yaml", &question("GET", "/api/v2/dags/sales_daily"));
    assert_eq!(answer["caller"]["acting"], Value::Null);
    // A later request carries on what that answer taught.
    let xcom = question("GET", "/execution/xcoms/sales_daily/r/t/k");
    let (_, answer) = explain_json("policy.yaml", &xcom);
    assert_eq!(answer["caller"]["acting"]["dag_id"], "sales_daily");
    assert!(
        answer["reasons"]
            .to_string()
            .contains("sets `x-airflow-proof` to `airflow`"),
        "{answer}"
    );
    // The answer of another server teaches nothing.
    let other = [
        "--server",
        "spiffe://cluster.local/ns/airflow/sa/airflow-worker-ml",
    ];
    let (_, answer) = explain_json("policy.yaml", &[&run[..], &other].concat());
    assert_eq!(
        (&answer["at"], &answer["earlier"]),
        (&"headers".into(), &json!([])),
        "{answer}"
    );
}

#[test]
fn a_callback_acts_for_no_dag_that_is_known() {
    let run = "/execution/callbacks/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";
    let question =
        |method: &'static str, path: &'static str| ["--peer", SALES, "--method", method, "--path", path];
    let (status, answer) = explain_json("policy.yaml", &question("PATCH", run));
    // A DENY on a DAG holds for it, too.
    assert_eq!(
        (status, &answer["code"]),
        (1, &"denied_by_rule".into()),
        "{answer}"
    );
    assert_eq!(answer["caller"]["actor"], "callback");
    let connection = question("GET", "/execution/connections/sales_db");
    explain("policy.yaml", &[&connection[..], &["--callback"]].concat()).assert(1, "explain/callback.txt");
    for said in [&[][..], &["--answer", "answer_sales.json"]] {
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
    ];
    let named = [&question[..], &["--answer", "answer_team.json"]].concat();
    let (status, answer) = explain_json("policy.yaml", &named);
    assert_eq!(
        (status, &answer["caller"]["team"]),
        (0, &"sales_emea".into()),
        "{answer}"
    );
    assert_eq!(answer["record"]["wasm.dagward_team"], "sales_emea");
    let text = explain("policy.yaml", &named).stdout;
    assert!(
        text.contains("run `manual__1`, team `sales_emea` (proof airflow)"),
        "{text}"
    );
    let unnamed = [&question[..], &["--answer", "answer_sales.json"]].concat();
    let (_, answer) = explain_json("policy.yaml", &unnamed);
    assert_eq!(answer["caller"].get("team"), None, "{answer}");
}

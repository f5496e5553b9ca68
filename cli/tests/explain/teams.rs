//! The explanation says which teams the caller and the objects are of, and why a team is not known.

use serde_json::{Value, json};

use super::{SALES, explain, explain_json, from_sales};

const FILE: &str = "teams.yaml";

#[test]
fn it_names_the_teams_of_the_caller_and_of_the_object() {
    explain(FILE, &from_sales("GET", "/execution/connections/sales_db")).assert(0, "explain/teams_own.txt");
    explain(FILE, &from_sales("GET", "/execution/connections/SALES_DB")).assert(1, "explain/teams_alike.txt");
}

#[test]
fn it_says_why_a_team_is_not_known() {
    let caller = |arguments: &[&str]| {
        let (_, answer) = explain_json(FILE, arguments);
        (
            answer["caller"]["listed_team"]["fact"].clone(),
            answer["caller"]["listed_team"]["message"].clone(),
        )
    };
    let get = ["--method", "GET", "--path", "/execution/connections/ml_db"];
    let peer = |account: &str| format!("spiffe://cluster.local/ns/airflow/sa/airflow-{account}");
    let (sales, ml, other) = (peer("worker-sales"), peer("worker-ml"), peer("worker"));
    let acting = [
        "--header",
        "x-airflow-dag-id: sales_x",
        "--header",
        "x-airflow-proof: pod",
    ];
    let claimed = ["--header", "x-airflow-dag-id: sales_x"];
    for (arguments, fact, message) in [
        (
            [&["--peer", &sales][..], &acting, &get].concat(),
            "known",
            "`sales`",
        ),
        (
            [&["--peer", &sales][..], &claimed, &get].concat(),
            "known",
            "`sales`",
        ),
        (
            [&["--peer", &ml][..], &acting, &get].concat(),
            "unknown",
            "not known: the account is of team `ml`, and the dag is of team `sales`",
        ),
        (
            [&["--peer", &ml][..], &claimed, &get].concat(),
            "unknown",
            "not known: the account is of team `ml`, and only the caller itself says for which dag it acts",
        ),
        (
            [&["--peer", &ml][..], &get].concat(),
            "unknown",
            "not known: the account is of team `ml`, and the dag that the caller acts for is not known",
        ),
        (
            [&["--peer", &other][..], &acting, &get].concat(),
            "absent",
            "none: the dag is of team `sales`, which lists other accounts than the caller's",
        ),
        (
            [&["--peer", &other][..], &get].concat(),
            "absent",
            "none: no team lists the caller's account",
        ),
        (
            [&["--plaintext"][..], &get].concat(),
            "absent",
            "none: the caller is anonymous",
        ),
    ] {
        assert_eq!(caller(&arguments), (json!(fact), json!(message)), "{arguments:?}");
    }
    let objects = |method, path| -> Value {
        let (_, answer) = explain_json(FILE, &from_sales(method, path));
        answer["operation"]["listed_teams"].clone()
    };
    assert_eq!(
        objects("GET", "/execution/connections/smtp"),
        json!([{"fact": "absent", "team": null, "message": "none: no team owns what it names"}])
    );
    assert_eq!(
        objects("GET", "/api/v2/dagStats?dag_ids=orders,ml_x"),
        json!([
            {"fact": "known", "team": "sales", "message": "`sales`"},
            {"fact": "known", "team": "ml", "message": "`ml`"},
        ])
    );
    assert_eq!(
        objects("GET", "/api/v2/dags"),
        json!([{"fact": "unknown", "team": null, "message": "not known: its dag is not known by name"}])
    );
}

#[test]
fn the_team_of_a_task_that_starts_is_known_once_airflow_has_answered() {
    let run = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";
    let asked = [
        "--method",
        "PATCH",
        "--path",
        run,
        "--answer",
        "answer_sales.json",
    ];
    let (status, answer) = explain_json(FILE, &[&["--peer", SALES][..], &asked].concat());
    assert_eq!(status, 0);
    let facts = |decision: &Value| {
        let of_caller = decision["caller"]["listed_team"]["fact"].clone();
        (
            of_caller,
            decision["operation"]["listed_teams"][0]["fact"].clone(),
        )
    };
    assert_eq!(facts(&answer["earlier"][0]), (json!("pending"), json!("pending")));
    assert_eq!(facts(&answer), (json!("known"), json!("known")));
}

/// Where rules look at Airflow's own teams, the output says so if the team is absent or unknown.
#[test]
fn airflow_s_own_team_is_shown() {
    let policy = "../../../examples/policies/airflow-teams.yaml";
    let worker = "spiffe://cluster.local/ns/airflow/sa/airflow-worker";
    let path = "/execution/xcoms/orders/r/load/k";
    let question = ["--peer", worker, "--method", "GET", "--path", path];
    let acting = [
        "--header",
        "x-airflow-dag-id: orders",
        "--header",
        "x-airflow-proof: airflow",
    ];
    for (header, shown) in [
        (
            Some("x-airflow-team: sales"),
            "dag `orders`, team `sales` (proof airflow)",
        ),
        (
            Some("x-airflow-team: ~"),
            "dag `orders`, of no team (proof airflow)",
        ),
        (None, "dag `orders`, team not known (proof airflow)"),
    ] {
        let team = header.map(|header| ["--header", header]);
        let arguments = [
            &question[..],
            &acting,
            team.as_ref().map_or(&[], |team| &team[..]),
        ]
        .concat();
        let run = explain(policy, &arguments);
        assert!(run.stdout.contains(shown), "{shown}: {}", run.stdout);
    }
}

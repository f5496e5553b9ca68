//! The two facts, row by row, and the owner of a name against a plain search.

mod owners;

use crate::caller::{Acting, Principal, Proof};
use crate::fact::Fact;
use crate::operation::{self, Access, Body, Request, Site};
use crate::policy::{Field, ObjectTeam, Ruleset, load};

/// A document with these teams and one rule.
fn ruleset(teams: &str) -> Ruleset {
    let document = format!(
        r#"{{"apiVersion":"dagward/v1","teams":[{teams}],
            "policies":[{{"name":"p","action":"ALLOW","rules":[{{}}]}}]}}"#
    );
    load(document.as_bytes()).unwrap()
}

/// Teams with accounts: `sales`, `ml`, and one by its principal.
const WITH_ACCOUNTS: &str = r#"
    {"name":"sales","serviceAccounts":["airflow/w-sales"],"dags":["sales_*","orders"],"connections":["sales_*"],
     "assets":["sales_*","s3://sales/*"]},
    {"name":"ml","serviceAccounts":["airflow/w-ml*"],"dags":["ml_*"],"connections":["ml_*"],"variables":["ml_*"]},
    {"name":"far","principals":["spiffe://far/*"],"dags":["far_*"]}"#;

/// A team that lists no accounts.
const WITHOUT: &str = r#",{"name":"open","dags":["open_*"]}"#;

fn acting(dag: &str, proof: Proof) -> Acting {
    Acting {
        dag_id: dag.to_owned(),
        run_id: None,
        task_id: None,
        map_index: None,
        try_number: None,
        ti_id: None,
        proof,
    }
}

#[test]
fn the_caller_s_team_is_that_of_its_account_and_of_its_dag() {
    use Fact::{Absent, Known, Pending, Unknown};
    use Proof::{Airflow, Claimed, Pod};
    let (sales, shared) = (
        "spiffe://td/ns/airflow/sa/w-sales",
        "spiffe://td/ns/airflow/sa/worker",
    );
    let (ml, far, both) = (
        "spiffe://td/ns/airflow/sa/w-ml-gpu",
        "spiffe://far/x",
        "spiffe://far/ns/airflow/sa/w-sales",
    );
    let act = |dag, proof| Known((dag, proof));
    // The caller, what it acts for, its team, and its team where one team lists no accounts.
    for (peer, acts, closed, open) in [
        (sales, act("sales_x", Airflow), Known("sales"), Known("sales")),
        (sales, act("orders", Pod), Known("sales"), Known("sales")),
        (sales, act("orders", Claimed), Known("sales"), Known("sales")),
        (ml, act("ml_x", Pod), Known("ml"), Known("ml")),
        (far, act("far_x", Pod), Known("far"), Known("far")),
        (sales, act("ml_x", Airflow), Unknown, Unknown),
        (sales, act("ml_x", Claimed), Unknown, Unknown),
        (sales, act("x", Airflow), Unknown, Unknown),
        (sales, act("x", Claimed), Unknown, Unknown),
        (sales, act("open_x", Airflow), Unknown, Unknown),
        (sales, Unknown, Unknown, Unknown),
        (sales, Pending, Pending, Pending),
        (shared, act("sales_x", Airflow), Absent, Absent),
        (shared, act("sales_x", Claimed), Absent, Unknown),
        (shared, act("x", Airflow), Absent, Absent),
        (shared, act("x", Claimed), Absent, Unknown),
        (shared, act("open_x", Airflow), Absent, Known("open")),
        (shared, act("open_x", Pod), Absent, Known("open")),
        (shared, act("open_x", Claimed), Absent, Unknown),
        (shared, Unknown, Absent, Unknown),
        (shared, Pending, Absent, Pending),
        (both, act("sales_x", Airflow), Unknown, Unknown),
        (both, act("far_x", Airflow), Unknown, Unknown),
        (both, Pending, Unknown, Unknown),
        ("", act("sales_x", Airflow), Absent, Unknown),
        ("", act("open_x", Airflow), Absent, Unknown),
        ("", Unknown, Absent, Unknown),
        ("", Pending, Absent, Unknown),
    ] {
        let known = acts.map(|(dag, proof)| acting(dag, proof));
        let principal = (!peer.is_empty()).then(|| Principal::parse(peer).unwrap());
        for (document, expected) in [
            (WITH_ACCOUNTS.to_owned(), closed),
            (format!("{WITH_ACCOUNTS}{WITHOUT}"), open),
        ] {
            let ruleset = ruleset(&document);
            let team = ruleset
                .teams()
                .unwrap()
                .of_caller(principal.as_ref(), known.as_ref());
            assert_eq!(team.fact(), expected, "{peer} {acts:?} {team:?}");
        }
    }
}

/// A caller gains nothing by hiding what it acts for, nor by a claim.
#[test]
fn to_know_less_of_a_caller_never_frees_it() {
    let rank = |fact: Fact<&str>| match fact {
        Fact::Unknown => 0,
        Fact::Known(_) | Fact::Absent => 1,
        Fact::Pending => 2,
    };
    for document in [WITH_ACCOUNTS.to_owned(), format!("{WITH_ACCOUNTS}{WITHOUT}")] {
        let ruleset = ruleset(&document);
        let teams = ruleset.teams().unwrap();
        for account in ["w-sales", "w-ml", "worker"] {
            let principal = Principal::parse(&format!("spiffe://td/ns/airflow/sa/{account}")).unwrap();
            let of = |acting: Fact<Acting>| teams.of_caller(Some(&principal), acting.as_ref()).fact();
            let hidden = of(Fact::Unknown);
            let pending = of(Fact::Pending);
            for dag in ["sales_x", "ml_x", "open_x", "x"] {
                let by = |proof| of(Fact::Known(acting(dag, proof)));
                let (proven, claimed) = (by(Proof::Airflow), by(Proof::Claimed));
                assert!(hidden == proven || rank(hidden) == 0, "{account} {dag}");
                assert!(pending == proven || rank(pending) == 2, "{account} {dag}");
                let of_account =
                    account == "w-sales" && dag == "sales_x" || account == "w-ml" && dag == "ml_x";
                assert!(claimed == hidden || of_account, "{account} {dag}");
            }
        }
    }
}

fn of_object(ruleset: &Ruleset, access: &Access<'_>) -> ObjectTeam<'static> {
    match ruleset.teams().unwrap().of_object(access) {
        ObjectTeam::Of("sales") => ObjectTeam::Of("sales"),
        ObjectTeam::Of("ml") => ObjectTeam::Of("ml"),
        ObjectTeam::Of(other) => panic!("{other}"),
        ObjectTeam::Several([(one, _), (other, _)]) => ObjectTeam::Several([(one, None), (other, None)]),
        ObjectTeam::Pending => ObjectTeam::Pending,
        ObjectTeam::NoTeam => ObjectTeam::NoTeam,
        ObjectTeam::Unnamed(field) => ObjectTeam::Unnamed(field),
        ObjectTeam::Alike(field) => ObjectTeam::Alike(field),
    }
}

#[test]
fn the_object_s_team_owns_all_that_the_request_names() {
    let ruleset = ruleset(WITH_ACCOUNTS);
    let several = |one, other| ObjectTeam::Several([(one, None), (other, None)]);
    let state = "PATCH /execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/state";
    for (request, body, expected) in [
        ("GET /execution/dags/sales_x", "", ObjectTeam::Of("sales")),
        ("GET /execution/dags/orders", "", ObjectTeam::Of("sales")),
        ("GET /execution/xcoms/ml_x/r/t/k", "", ObjectTeam::Of("ml")),
        ("GET /execution/dags/x", "", ObjectTeam::NoTeam),
        ("GET /execution/connections/ml_db", "", ObjectTeam::Of("ml")),
        ("GET /execution/connections/smtp", "", ObjectTeam::NoTeam),
        (
            "GET /execution/connections/ML_db",
            "",
            ObjectTeam::Alike(Field::Connections),
        ),
        (
            "GET /execution/connections/ml-db",
            "",
            ObjectTeam::Alike(Field::Connections),
        ),
        (
            "GET /execution/connections/ml_d%C3%A9",
            "",
            ObjectTeam::Alike(Field::Connections),
        ),
        (
            "GET /execution/variables/keys",
            "",
            ObjectTeam::Unnamed(Field::Variables),
        ),
        // No team owns a pool.
        ("GET /api/v2/pools", "", ObjectTeam::NoTeam),
        ("GET /api/v2/dags", "", ObjectTeam::Unnamed(Field::Dags)),
        ("GET /health", "", ObjectTeam::NoTeam),
        ("GET /elsewhere", "", ObjectTeam::NoTeam),
        ("GET /ui/not_known", "", ObjectTeam::Unnamed(Field::Assets)),
        (
            "GET /execution/assets/by-name?name=sales_orders",
            "",
            ObjectTeam::Of("sales"),
        ),
        (
            "GET /execution/assets/by-uri?uri=s3%3A%2F%2Fsales%2Fx",
            "",
            ObjectTeam::Of("sales"),
        ),
        ("GET /api/v2/assets/7", "", ObjectTeam::Unnamed(Field::Assets)),
        (
            "GET /api/v2/dags/sales_x/assets/queuedEvents",
            "",
            ObjectTeam::Unnamed(Field::Assets),
        ),
        // The last access of a task's end is its event.
        (
            state,
            r#"{"task_outlets":[{"name":"sales_a"}]}"#,
            ObjectTeam::Of("sales"),
        ),
        (
            state,
            r#"{"task_outlets":[{"name":"a"}]}"#,
            ObjectTeam::Unnamed(Field::Dags),
        ),
        (
            state,
            r#"{"state":"deferred","classpath":"a.B","trigger_kwargs":{"conn_id":"ml_db"}}"#,
            ObjectTeam::Of("ml"),
        ),
    ] {
        let (method, target) = request.split_once(' ').unwrap();
        let request = Request {
            method,
            target,
            host: "api",
            body: Body::Whole(body.as_bytes()),
        };
        let operation = operation::classify(&request, &Site::default()).unwrap();
        let access = operation.accesses.last().unwrap();
        assert_eq!(of_object(&ruleset, access), expected, "{request:?}");
    }
    let known = |name: &'static str| Fact::Known(name.into());
    for (dag, variable, expected) in [
        (known("ml_x"), known("ml_y"), ObjectTeam::Of("ml")),
        (
            known("sales_x"),
            known("ml_y"),
            several(Field::Dags, Field::Variables),
        ),
        (
            known("sales_x"),
            known("y"),
            several(Field::Dags, Field::Variables),
        ),
        (known("x"), known("y"), ObjectTeam::NoTeam),
        (Fact::Pending, known("ml_y"), ObjectTeam::Pending),
        (Fact::Unknown, known("ml_y"), ObjectTeam::Unnamed(Field::Dags)),
        (known("ml_x  "), Fact::Absent, ObjectTeam::Of("ml")),
        (known("orders "), Fact::Absent, ObjectTeam::Alike(Field::Dags)),
    ] {
        let access = Access {
            dag,
            variable,
            ..Access::default()
        };
        assert_eq!(of_object(&ruleset, &access), expected, "{access:?}");
    }
}

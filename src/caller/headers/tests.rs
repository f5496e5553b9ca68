use proptest::prelude::*;

use super::*;

fn task(headers: &[(&str, &str)], believed: bool) -> Result<Option<Acting>, String> {
    let headers: Vec<Header<'_>> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    read(&headers, believed).map_err(|error| error.to_string())
}

const UUID: &str = "01981d2c-8f4e-7c3a-9d5e-0123456789ab";

#[test]
fn reads_the_whole_contract() {
    let headers = [
        (":path", "/"),
        (DAG_ID, "%E6%97%A5%E6%9C%AC"),
        (RUN_ID, "scheduled__2026-01-01T00:00:00+00:00"),
        (TASK_ID, "group.load"),
        (MAP_INDEX, "-1"),
        (TRY_NUMBER, "2"),
        (TI_ID, UUID),
        (PROOF, "pod"),
    ];
    let acting = task(&headers, true).unwrap().unwrap();
    assert_eq!(acting.dag_id, "日本");
    assert_eq!(
        acting.run_id.as_deref(),
        Some("scheduled__2026-01-01T00:00:00+00:00")
    );
    assert_eq!(acting.task_id.as_deref(), Some("group.load"));
    assert_eq!((acting.map_index, acting.try_number), (Some(-1), Some(2)));
    assert_eq!(acting.ti_id.as_deref(), Some(UUID));
    assert_eq!(acting.proof, Proof::Pod);
}

#[test]
fn a_proof_counts_from_stampers_only() {
    let headers = [(DAG_ID, "etl"), (PROOF, "airflow")];
    assert_eq!(task(&headers, true).unwrap().unwrap().proof, Proof::Airflow);
    assert_eq!(task(&headers, false).unwrap().unwrap().proof, Proof::Claimed);
    assert_eq!(
        task(&[(DAG_ID, "etl")], true).unwrap().unwrap().proof,
        Proof::Claimed
    );
}

#[test]
fn a_team_counts_beside_the_proof_of_airflow_only() {
    let named = Team::Named("日本".to_owned());
    for (value, team) in [("%E6%97%A5%E6%9C%AC", named), (NO_TEAM, Team::Absent)] {
        let headers = |proof| [(DAG_ID, "etl"), (TEAM, value), (PROOF, proof)];
        assert_eq!(task(&headers("airflow"), true).unwrap().unwrap().team, team);
        assert_eq!(
            task(&headers("airflow"), false).unwrap().unwrap().team,
            Team::Unknown
        );
        for proof in ["pod", "claimed"] {
            assert_eq!(task(&headers(proof), true).unwrap().unwrap().team, Team::Unknown);
        }
    }
    let unnamed = task(&[(DAG_ID, "etl"), (PROOF, "airflow")], true);
    assert_eq!(unnamed.unwrap().unwrap().team, Team::Unknown);
}

#[test]
fn no_headers_no_task() {
    assert_eq!(task(&[("x-airflow-other", "x"), ("x-a", "y")], true), Ok(None));
    assert_eq!(task(&[(PROOF, "pod")], true), Ok(None));
}

#[test]
fn refuses_with_the_header_named() {
    let long = "x".repeat(251);
    let very_long = "x".repeat(8192);
    for (headers, complaint) in [
        (
            &[(DAG_ID, "a"), (DAG_ID, "b")][..],
            "`x-airflow-dag-id` is given more than once",
        ),
        (
            &[("x_airflow_dag_id", "a")],
            "`x_airflow_dag_id` is spelled with underscores",
        ),
        (
            &[("x-airflow_dag-id", "a")],
            "`x-airflow_dag-id` is spelled with underscores",
        ),
        (
            &[(DAG_ID, "")],
            "`x-airflow-dag-id` is not an id that Airflow accepts",
        ),
        (
            &[(DAG_ID, "a b")],
            "`x-airflow-dag-id` is not percent-encoded text of visible ASCII",
        ),
        (
            &[(DAG_ID, "a%2")],
            "`x-airflow-dag-id` is not percent-encoded text of visible ASCII",
        ),
        (
            &[(DAG_ID, "%FF")],
            "`x-airflow-dag-id` is not percent-encoded text of visible ASCII",
        ),
        (
            &[(DAG_ID, "a%2Fb")],
            "`x-airflow-dag-id` is not an id that Airflow accepts",
        ),
        (
            &[(DAG_ID, long.as_str())],
            "`x-airflow-dag-id` is not an id that Airflow accepts",
        ),
        (
            &[(DAG_ID, very_long.as_str())],
            "`x-airflow-dag-id` is longer than any id",
        ),
        (
            &[(DAG_ID, "a"), (RUN_ID, "a%0Ab")],
            "`x-airflow-run-id` is not an id that Airflow accepts",
        ),
        (
            &[(DAG_ID, "a"), (MAP_INDEX, "-2")],
            "`x-airflow-map-index` is not a number in its range",
        ),
        (
            &[(DAG_ID, "a"), (TRY_NUMBER, "+1")],
            "`x-airflow-try-number` is not a number in its range",
        ),
        (
            &[(DAG_ID, "a"), (TI_ID, "1")],
            "`x-airflow-ti-id` is not an id that Airflow accepts",
        ),
        (
            &[(DAG_ID, "a"), (PROOF, "root")],
            "`x-airflow-proof` is not one of `claimed`, `pod`, `airflow`",
        ),
        (
            &[(DAG_ID, "a"), (TEAM, "")],
            "`x-airflow-team` is not an id that Airflow accepts",
        ),
        (
            &[(DAG_ID, "a"), (TEAM, "a"), (TEAM, "b")],
            "`x-airflow-team` is given more than once",
        ),
        (
            &[(TEAM, "a")],
            "`x-airflow-dag-id` is missing beside other task headers",
        ),
        (
            &[(TASK_ID, "a")],
            "`x-airflow-dag-id` is missing beside other task headers",
        ),
    ] {
        assert_eq!(task(headers, true), Err(complaint.to_owned()), "{headers:?}");
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(dag_id in "[\\w.-]{1,80}", run_id in "\\PC{1,80}") {
        let (dag, run) = (percent::encode(&dag_id), percent::encode(&run_id));
        let read = task(&[(DAG_ID, &dag), (RUN_ID, &run)], true);
        if id::is_id(&dag_id) && id::is_run_id(&run_id) {
            let acting = read.unwrap().unwrap();
            prop_assert_eq!(acting.dag_id, dag_id);
            prop_assert_eq!(acting.run_id, Some(run_id));
        } else {
            prop_assert!(read.is_err());
        }
    }

    #[test]
    fn never_panics(name in prop::sample::select(&CONTRACT[..]), value in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&[(name.as_bytes(), &value), (b"x-airflow-dag-id", b"a")], true);
    }
}

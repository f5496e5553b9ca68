use proptest::prelude::*;

use super::*;
use crate::caller::headers;

type Owned = Vec<(String, Vec<u8>)>;

fn pod_task() -> Own<'static> {
    Own::Task(Cow::Owned(Acting {
        dag_id: "etl daily".to_owned(),
        run_id: Some("manual__2026".to_owned()),
        task_id: Some("grp.extract".to_owned()),
        map_index: None,
        try_number: Some(2),
        ti_id: None,
        team: Team::Unknown,
        proof: Proof::Pod,
    }))
}

fn view(headers: &Owned) -> Vec<(&[u8], &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_slice()))
        .collect()
}

fn owned(headers: &[(&str, &str)]) -> Owned {
    headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect()
}

/// Applies the edits as the worst host would: setting a header keeps the other values of a repeated one.
fn apply(headers: &Owned, edits: &[Edit<'_>]) -> Owned {
    let mut result = headers.clone();
    for edit in edits {
        match edit {
            Edit::Remove(name) => result.retain(|(present, _)| present != name),
            Edit::Set(name, value) => match result.iter_mut().find(|(present, _)| present == name) {
                Some((_, current)) => *current = value.as_bytes().to_vec(),
                None => result.push(((*name).to_owned(), value.as_bytes().to_vec())),
            },
        }
    }
    result
}

fn after_mesh(headers: &[(&str, &str)], own: Option<&Own<'_>>) -> Owned {
    let headers = owned(headers);
    let view = view(&headers);
    let mut result = apply(&headers, &toward_mesh(&view, own));
    result.sort();
    result
}

#[test]
fn a_pod_with_a_task_stamps_it() {
    let stamped = after_mesh(&[("accept", "*/*")], Some(&pod_task()));
    assert_eq!(
        stamped,
        owned(&[
            ("accept", "*/*"),
            (DAG_ID, "etl%20daily"),
            (PROOF, "pod"),
            (RUN_ID, "manual__2026"),
            (TASK_ID, "grp.extract"),
            (TRY_NUMBER, "2"),
        ])
    );
}

#[test]
fn a_task_that_airflow_has_named_is_stamped_with_its_team() {
    for (team, stamped) in [
        (Team::Unknown, None),
        (Team::Absent, Some("~")),
        (Team::Named("sales-日".to_owned()), Some("sales-%E6%97%A5")),
    ] {
        let Own::Task(acting) = pod_task() else {
            panic!("no task");
        };
        let own = Own::Task(Cow::Owned(Acting {
            dag_id: "etl".to_owned(),
            team: team.clone(),
            proof: Proof::Airflow,
            ..acting.into_owned()
        }));
        let sent = after_mesh(
            &[("x-airflow-team", "finance"), ("x_airflow_team", "finance")],
            Some(&own),
        );
        let found = sent.iter().find(|(name, _)| name == TEAM);
        assert_eq!(
            found.map(|(_, value)| value.as_slice()),
            stamped.map(str::as_bytes)
        );
        let read = headers::read(&view(&sent), true).unwrap().unwrap();
        assert_eq!(read.team, team);
    }
}

#[test]
fn no_application_and_no_stranger_names_a_team() {
    let headers = [(DAG_ID, "a"), (TEAM, "finance"), ("x_airflow-team", "finance")];
    let claimed = owned(&[(DAG_ID, "a"), (PROOF, "claimed")]);
    assert_eq!(after_mesh(&headers, None), claimed);
    let callback = Own::Callback("019ab1c2-7d11-7b3f-a3c4-5d6e7f809112");
    let sent = after_mesh(&headers, Some(&callback));
    assert!(
        sent.iter()
            .all(|(name, _)| !is_spelling_of(name.as_bytes(), TEAM))
    );
    let headers = owned(&headers);
    assert_eq!(
        apply(&headers, &from_stranger(&view(&headers))),
        owned(&[(DAG_ID, "a")])
    );
}

#[test]
fn a_pod_with_a_task_lets_no_spelling_of_the_application_through() {
    let forged = [
        ("x-airflow-dag-id", "finance"),
        ("x-airflow-dag-id", "finance2"),
        ("x_airflow_dag_id", "finance"),
        ("x_airflow_dag_id", "finance2"),
        ("x-airflow_dag-id", "finance"),
        ("x-airflow-ti-id", "1"),
        ("x_airflow-map_index", "1"),
        ("x-airflow-proof", "airflow"),
        ("x_airflow_proof", "airflow"),
    ];
    assert_eq!(
        after_mesh(&forged, Some(&pod_task())),
        after_mesh(&[], Some(&pod_task()))
    );
}

#[test]
fn writes_nothing_that_is_already_so() {
    let stamped = after_mesh(&[], Some(&pod_task()));
    assert_eq!(toward_mesh(&view(&stamped), Some(&pod_task())), []);
    assert_eq!(
        toward_mesh(&view(&owned(&[("accept", "*/*"), ("x-airflow", "1")])), None),
        []
    );
    let claimed = owned(&[(DAG_ID, "a"), (PROOF, "claimed")]);
    assert_eq!(toward_mesh(&view(&claimed), None), []);
}

#[test]
fn headers_of_an_application_are_claims() {
    let headers = [(DAG_ID, "a"), (PROOF, "airflow"), ("x_airflow_proof", "pod")];
    assert_eq!(
        after_mesh(&headers, None),
        owned(&[(DAG_ID, "a"), (PROOF, "claimed")])
    );
    assert_eq!(after_mesh(&[(PROOF, "claimed")], None), owned(&[]));
    assert_eq!(
        after_mesh(&[("x-airflow-other", "stays")], None),
        owned(&[("x-airflow-other", "stays")])
    );
}

#[test]
fn removes_a_repeated_header_once() {
    let headers = owned(&[(PROOF, "pod"), (PROOF, "airflow"), ("x-airflow_proof", "pod")]);
    let view = view(&headers);
    assert_eq!(
        from_stranger(&view),
        [Edit::Remove("x-airflow_proof"), Edit::Remove(PROOF)]
    );
}

#[test]
fn a_stranger_keeps_its_claims_but_not_its_proof() {
    let headers = owned(&[(DAG_ID, "a"), (PROOF, "pod")]);
    assert_eq!(
        apply(&headers, &from_stranger(&view(&headers))),
        owned(&[(DAG_ID, "a")])
    );
}

fn header_name() -> impl Strategy<Value = String> {
    let known =
        proptest::sample::select([TASK.as_slice(), &[TEAM, PROOF, "x-airflow-anything", "accept"]].concat());
    (known, proptest::collection::vec(any::<bool>(), 24)).prop_map(|(name, underscores)| {
        let spell = |(byte, underscore): (char, bool)| if byte == '-' && underscore { '_' } else { byte };
        name.chars().zip(underscores).map(spell).collect()
    })
}

fn app_headers() -> impl Strategy<Value = Owned> {
    let value = proptest::sample::select(vec!["claimed", "pod", "airflow", "etl%20daily", "2", "x"]);
    let header = (header_name(), value).prop_map(|(name, value)| (name, value.as_bytes().to_vec()));
    proptest::collection::vec(header, 0..12)
}

fn dashed(headers: &Owned) -> Vec<(String, Vec<u8>)> {
    let mut dashed: Owned = headers
        .iter()
        .map(|(name, value)| (name.replace('_', "-"), value.clone()))
        .collect();
    dashed.sort();
    dashed
}

proptest! {
    #[test]
    fn the_task_on_the_wire_is_the_pods(headers in app_headers()) {
        let acting = pod_task();
        let result = dashed(&apply(&headers, &toward_mesh(&view(&headers), Some(&acting))));
        let contract = |(name, _): &(String, Vec<u8>)| [TEAM, PROOF].contains(&name.as_str()) || TASK.contains(&name.as_str());
        let sent: Owned = result.into_iter().filter(contract).collect();
        prop_assert_eq!(sent, after_mesh(&[], Some(&acting)));
    }

    #[test]
    fn an_application_proves_nothing(headers in app_headers()) {
        let result = dashed(&apply(&headers, &toward_mesh(&view(&headers), None)));
        let proofs: Vec<_> = result.iter().filter(|(name, _)| name == PROOF).collect();
        let claims = result.iter().any(|(name, _)| TASK.contains(&name.as_str()));
        prop_assert_eq!(proofs.len(), usize::from(claims));
        prop_assert!(proofs.iter().all(|(_, value)| value == b"claimed"));
    }

    #[test]
    fn nothing_of_airflow_leaves_the_mesh(headers in app_headers()) {
        let result = dashed(&apply(&headers, &leaving_mesh(&view(&headers))));
        prop_assert!(result.iter().all(|(name, _)| !name.starts_with(PREFIX)), "{:?}", result);
        let others = |headers: &Owned| headers.iter().filter(|(name, _)| name == "accept").count();
        prop_assert_eq!(others(&result), others(&headers));
    }
}

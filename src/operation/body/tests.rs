use super::*;
use crate::operation::route::{is, is_or_element, widens};

const BULK: &[Field] = &[
    is("actions[].entities[].dag_id", Id::Dag),
    is_or_element("actions[].entities[].task_id", Id::Task),
    widens("actions[].entities[].include_upstream", Id::Task),
];

fn read(body: &str, fields: &[Field], id: Id) -> Result<(Vec<String>, bool, bool), String> {
    let json = Body::Whole(body.as_bytes())
        .read()
        .map_err(|error| error.to_string())?
        .unwrap();
    named(&json, fields, id)
        .map(|named| {
            let values = named.values.into_iter().map(Cow::into_owned).collect();
            (values, named.missing, named.widened)
        })
        .map_err(|error| error.to_string())
}

fn values(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

#[test]
fn every_element_counts() {
    let body = r#"{"actions": [
        {"action": "update", "entities": [{"dag_id": "a", "task_id": "t"}, {"dag_id": "b", "task_id": "u"}]},
        {"action": "delete", "entities": ["v"]}
    ]}"#;
    assert_eq!(read(body, BULK, Id::Dag), Ok((values(&["a", "b"]), true, false)));
    assert_eq!(
        read(body, BULK, Id::Task),
        Ok((values(&["t", "u", "v"]), false, false))
    );
}

#[test]
fn two_names_for_the_same_count_alike() {
    let fields = &[is_or_element("entities[].name|pool", Id::Pool)];
    for (body, expected) in [
        (
            r#"{"entities": [{"name": "a"}, {"pool": "b"}, "c"]}"#,
            (values(&["a", "b", "c"]), false, false),
        ),
        (
            r#"{"entities": [{"name": "a", "pool": "b"}]}"#,
            (values(&["b", "a"]), false, false),
        ),
        (r#"{"entities": [{"slots": 3}]}"#, (vec![], true, false)),
    ] {
        assert_eq!(read(body, fields, Id::Pool), Ok(expected), "{body}");
    }
}

#[test]
fn what_is_left_out_is_missing() {
    for body in [
        "",
        "{}",
        r#"{"dag_ids": null}"#,
        r#"{"dag_ids": []}"#,
        r#"{"dag_ids": [""]}"#,
        r#"{"dag_ids": [null]}"#,
    ] {
        assert_eq!(
            read(body, &[is("dag_ids[]", Id::Dag)], Id::Dag),
            Ok((vec![], true, false)),
            "{body}"
        );
    }
}

#[test]
fn a_flag_widens_unless_it_is_false() {
    let fields = &[widens("include_downstream", Id::Task)];
    for (body, widened) in [
        ("{}", false),
        (r#"{"include_downstream": false}"#, false),
        (r#"{"include_downstream": null}"#, false),
        (r#"{"include_downstream": true}"#, true),
        (r#"{"include_downstream": "yes"}"#, true),
        (r#"{"include_downstream": 1}"#, true),
    ] {
        assert_eq!(
            read(body, fields, Id::Task),
            Ok((vec![], false, widened)),
            "{body}"
        );
    }
}

#[test]
fn a_mapped_task_is_a_pair() {
    let fields = &[is("task_ids[]", Id::Task)];
    assert_eq!(
        read(r#"{"task_ids": ["a", ["b", 3]]}"#, fields, Id::Task),
        Ok((values(&["a", "b"]), false, false))
    );
    assert_eq!(
        read(r#"{"task_ids": [[3, "b"]]}"#, fields, Id::Task),
        Err("has no text at `task_ids[]`".into())
    );
}

#[test]
fn assets_have_numbers() {
    let fields = &[is("asset_id", Id::AssetNumber)];
    for body in [
        r#"{"asset_id": 7}"#,
        r#"{"asset_id": 7.0}"#,
        r#"{"asset_id": "7"}"#,
    ] {
        assert_eq!(
            read(body, fields, Id::AssetNumber),
            Ok((values(&["7"]), false, false)),
            "{body}"
        );
    }
    // Airflow reads it as 1.
    assert!(read(r#"{"asset_id": true}"#, fields, Id::AssetNumber).is_err());
    let fields = &[is("dag_id", Id::Dag)];
    assert_eq!(
        read(r#"{"dag_id": 7}"#, fields, Id::Dag),
        Err("has no text at `dag_id`".into())
    );
}

#[test]
fn a_field_may_have_two_names() {
    let fields = &[is_or_element("actions[].entities[].name|pool", Id::Pool)];
    let body = r#"{"actions": [{"entities": [{"name": "a"}, {"pool": "b"}, "c", {}]}]}"#;
    assert_eq!(
        read(body, fields, Id::Pool),
        Ok((values(&["a", "b", "c"]), true, false))
    );
}

/// The filter accepts and refuses the same JSON as Python's `json`.
#[test]
fn a_text_is_read_as_python_reads_it() {
    let fields = &[is("dag_id", Id::Dag)];
    for (body, dag) in [
        (
            r#"{"dag_id": "\u0061\/\"\\\u00e9\ud83d\ude00"}"#,
            "a/\"\\\u{e9}\u{1f600}",
        ),
        (r#"{"dag_id": "\u0000a"}"#, "\0a"),
        (r#"{"dag_id": "a%2Fb%00"}"#, "a%2Fb%00"),
        (r#"{"dag_id": " a "}"#, " a "),
        ("{\"dag_id\": \"\u{7f}\u{2028}日本\"}", "\u{7f}\u{2028}日本"),
        ("\r\n\t {\"dag_id\"\n:\t\"a\"} \n", "a"),
        (
            &format!(r#"{{"dag_id": "{}"}}"#, "d".repeat(251)),
            &"d".repeat(251),
        ),
    ] {
        assert_eq!(
            read(body, fields, Id::Dag),
            Ok((values(&[dag]), false, false)),
            "{body}"
        );
    }
}

#[test]
fn what_parsers_read_differently_is_refused() {
    let fields = &[is("dag_id", Id::Dag)];
    let deep = "[".repeat(200) + &"]".repeat(200);
    for body in [
        r#"{"dag_id": "a", "dag_id": "b"}"#,
        r#"{"dag_id": "a", "conf": {"x": 1, "x": 2}}"#,
        r#"{"dag_id": "a", "dag\u005fid": "b"}"#,
        r#"{"dag_id": "\ud800"}"#,
        r#"{"dag_id": NaN}"#,
        r#"{"dag_id": "a\udc00"}"#,
        r#"{"dag_id": "a", "x": -Infinity}"#,
        r#"{"dag_id": "a", "x": 1e400}"#,
        r#"{"dag_id": "a", "x": 01}"#,
        r#"{"dag_id": "a",}"#,
        r#"{'dag_id': 'a'}"#,
        r#"{"dag_id": "\x61"}"#,
        "{\"dag_id\": \"a\nb\"}",
        "{\"dag_id\": \"a\"}\u{a0}",
        "{\"dag_id\": \"a\"}\0",
        "{\"dag_id\": \"a\"}{}",
        "\u{feff}{\"dag_id\": \"a\"}",
        "dag_id=a",
        &format!(r#"{{"dag_id": "a", "conf": {deep}}}"#),
    ] {
        let error = read(body, fields, Id::Dag).unwrap_err();
        assert!(
            error.starts_with("is not the JSON that Airflow reads: "),
            "{body}: {error}"
        );
    }
    let utf16: Vec<u8> = r#"{"dag_id": "a"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin1 = b"{\"dag_id\": \"\xe9\"}";
    // A surrogate in UTF-8 is not valid Unicode, but Python accepts it.
    let surrogate = b"{\"dag_id\": \"\xed\xa0\x80\"}";
    for body in [&utf16[..], latin1, surrogate] {
        assert!(
            matches!(Body::Whole(body).read(), Err(BadBody::NotJson(_))),
            "{body:?}"
        );
    }
    assert_eq!(read("[]", fields, Id::Dag), Err("is not a JSON object".into()));
    let long = format!(r#"{{"dag_id": "{}"}}"#, "a".repeat(MAX_BODY_BYTES));
    assert_eq!(Body::Whole(long.as_bytes()).read(), Err(BadBody::TooLong));
}

#[test]
fn a_body_to_come_says_nothing() {
    assert_eq!(Body::Pending.read(), Ok(None));
    assert_eq!(Body::TooLong.read(), Err(BadBody::TooLong));
}

#[test]
fn no_more_is_gathered_than_counts() {
    let fields = &[is("dag_ids[]", Id::Dag)];
    let ids: Vec<String> = (0..4_000)
        .map(|number| format!(r#""d{}""#, number % 1_000))
        .collect();
    let body = format!(r#"{{"dag_ids": [{}]}}"#, ids.join(","));
    let (gathered, ..) = read(&body, fields, Id::Dag).unwrap();
    assert_eq!(gathered.len(), MAX_NAMED + 1);

    let same = format!(r#"{{"dag_ids": [{}"a"]}}"#, r#""a","#.repeat(9_000));
    assert_eq!(read(&same, fields, Id::Dag), Ok((values(&["a"]), false, false)));
    // An invalid value is refused even after too many values.
    let wrong = format!(r#"{{"dag_ids": [{},7]}}"#, ids.join(","));
    assert!(read(&wrong, fields, Id::Dag).is_err());
}

#[test]
fn a_name_that_stands_twice_is_found_in_every_size_of_object() {
    for size in 2..40 {
        for twice in 0..size - 1 {
            let names: Vec<String> = (0..size)
                .map(|number| if number == size - 1 { twice } else { number })
                .map(|number| format!(r#""{number}": 0"#))
                .collect();
            let body = format!("{{{}}}", names.join(","));
            let error = Body::Whole(body.as_bytes()).read().unwrap_err().to_string();
            assert!(
                error.contains(&format!("`{twice}` is there more than once")),
                "{error}"
            );
        }
    }
    let long = format!(r#"{{"{0}": 0, "{0}": 1}}"#, "x".repeat(9_000));
    let error = Body::Whole(long.as_bytes()).read().unwrap_err().to_string();
    assert!(error.len() < 300, "{error}");
}

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::learn::prefix::MAX_PREFIX_BYTES;

mod team;

fn run(dag_id: &str, run_id: &str) -> Reading {
    let run = Run {
        dag_id: dag_id.to_owned(),
        run_id: run_id.to_owned(),
    };
    Reading::Run(run, None)
}

fn without_team(dag_id: &str, run_id: &str) -> Reading {
    match run(dag_id, run_id) {
        Reading::Run(run, None) => Reading::Run(run, Some(Team::Unknown)),
        other => other,
    }
}

/// Reads the run of an answer, without its team.
fn read(answer: &[u8], end: bool) -> Reading {
    of_run(AnswerReader::default().read(answer, end))
}

fn of_run(reading: Reading) -> Reading {
    match reading {
        Reading::Run(run, _) => Reading::Run(run, None),
        other => other,
    }
}

/// Reads `answer` in chunks that end at `cuts`, to its end or to the first verdict.
fn read_in_chunks(answer: &[u8], cuts: &[usize]) -> Reading {
    let mut reader = AnswerReader::default();
    let mut cuts = cuts.to_vec();
    cuts.retain(|cut| *cut < answer.len());
    cuts.sort_unstable();
    cuts.push(answer.len());
    let mut start = 0;
    for cut in cuts {
        let reading = of_run(reader.read(&answer[start..cut], cut == answer.len()));
        if reading != Reading::NeedMore {
            return reading;
        }
        start = cut;
    }
    panic!("the end brings a verdict");
}

#[test]
fn the_run_is_known_at_its_second_name() {
    let answer = br#"{"dag_run":{"dag_id":"sales","run_id":"manual__1","logical_date":null"#;
    let known = answer.iter().position(|byte| *byte == b'1').unwrap() + 2;
    for end in 0..known {
        assert_eq!(read(&answer[..end], false), Reading::NeedMore, "{end}");
    }
    for end in known..=answer.len() {
        assert_eq!(read(&answer[..end], false), run("sales", "manual__1"), "{end}");
    }
}

#[test]
fn other_members_may_stand_before_the_names() {
    for answer in [
        r#" { "dag_run" : { "run_id" : "r" , "dag_id" : "a" "#,
        r#"{"max_tries":0,"dag_id":"x","run_id":{"dag_run":{}},"dag_run":{"conf":{"dag_id":"x"},"dag_id":"a","run_id":"r""#,
        r#"{"dag_run":{"events":[{"dag_id":"x","run_id":"y"}],"dag_run":{"dag_id":"x"},"dag_id":"a","run_id":"r""#,
        r#"{"dag\u005frun":{"d\u0061g_id":"\u0061","run_id":"r""#,
    ] {
        assert_eq!(read(answer.as_bytes(), false), run("a", "r"), "{answer}");
    }
    let deep = format!(
        r#"{{"x":{}{},"dag_run":{{"dag_id":"a","run_id":"r""#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    assert_eq!(read(deep.as_bytes(), false), run("a", "r"));
}

#[test]
fn an_answer_that_names_no_run_or_two_is_not_waited_for() {
    for answer in [
        "null",
        "[",
        "{}",
        "\u{feff}{",
        "\u{1f}\u{8b}\u{8}",
        "\"dag_run\"",
        r#"{"dag_run":null"#,
        r#"{"dag_run":["#,
        r#"{"dag_run":{}"#,
        r#"{"dag_run":{"dag_id":"a"}"#,
        r#"{"dag_run":{"dag_id":null"#,
        r#"{"dag_run":{"dag_id":1,"#,
        r#"{"dag_run":{"dag_id":"a","dag_id""#,
        r#"{"dag_run":{"dag_id":"a","d\u0061g_id""#,
        r#"{"dag_run":{"run_id":"a","run_id""#,
        r#"{"dag_run":{"dag_id":"","run_id":"r""#,
        r#"{"dag_run":{"dag_id":"a/b","run_id":"r""#,
        r#"{"dag_run":{"dag_id":"a","run_id":"r\n""#,
        r#"{"dag_run":{"dag_id":"a" "run_id":"r""#,
        r#"{'dag_run'"#,
        r#"{"x":nul1"#,
        r#"{"x":01"#,
        r#"{"x":[1,]"#,
        r#"{"x":"\x"#,
        "{\"x\":\"\n",
    ] {
        let reading = read(answer.as_bytes(), false);
        // Some of these become clear only with the next byte.
        let with_one_more = read(format!("{answer}:").as_bytes(), false);
        assert!(
            reading == Reading::NotNamed || with_one_more == Reading::NotNamed,
            "{answer}: {reading:?}"
        );
    }
    assert_eq!(
        read(b"{\"dag_run\":{\"dag_id\":\"\xff\",\"run_id\":\"r\"", false),
        Reading::NotNamed
    );
}

#[test]
fn the_end_and_the_longest_prefix_are_verdicts() {
    assert_eq!(read(b"", false), Reading::NeedMore);
    assert_eq!(read(b"", true), Reading::NotNamed);
    assert_eq!(read(br#"{"dag_run":{"dag_id":"a""#, true), Reading::NotNamed);

    let answer = |before: usize| {
        let text = "x".repeat(before);
        format!(r#"{{"conf":"{text}","dag_run":{{"dag_id":"a","run_id":"r"}}}}"#).into_bytes()
    };
    let most = MAX_PREFIX_BYTES - (answer(0).len() - "}}".len());
    assert_eq!(read(&answer(most), false), run("a", "r"));
    assert_eq!(read(&answer(most + 1), false), Reading::NotNamed);
    assert_eq!(read(&answer(2 * MAX_PREFIX_BYTES), false), Reading::NotNamed);
}

#[test]
fn a_byte_at_a_time_costs_no_more_than_a_few_looks() {
    let answer = format!(r#"{{"conf":"{}"#, "x".repeat(MAX_PREFIX_BYTES));
    let mut reader = AnswerReader::default();
    let mut looks = 0;
    for byte in answer.as_bytes().chunks(1) {
        let before = reader.0.seen;
        let reading = reader.read(byte, false);
        looks += usize::from(reader.0.seen != before);
        if reading != Reading::NeedMore {
            assert_eq!(reading, Reading::NotNamed);
            break;
        }
    }
    assert_eq!(reader.0.seen, MAX_PREFIX_BYTES);
    assert!(looks <= 18, "{looks}");
}

/// A JSON value as Airflow could have it in `conf`.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        r#"[a-c"\\/\u{0}-\u{1f}é日😀]{0,6}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            members(inner).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<(String, Value)>> {
    let name = prop_oneof![
        Just("dag_run".to_owned()),
        Just("dag_id".to_owned()),
        Just("run_id".to_owned()),
        "[a-c]{0,3}",
    ];
    proptest::collection::vec((name, value), 0..3)
}

/// An object as text, with its members in order, repeated names included.
fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{}:{value}", json!(name)))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn answer() -> impl Strategy<Value = String> {
    let id = prop_oneof![4 => "[a-z_é]{1,8}".prop_map(Value::from), 1 => value()];
    let named = |name: &'static str, id: BoxedStrategy<Value>| {
        proptest::collection::vec(id.prop_map(move |id| (name.to_owned(), id)), 0..=1)
    };
    let id = id.boxed();
    let dag_run = (named("dag_id", id.clone()), named("run_id", id), members(value()))
        .prop_map(|(dag, run, others)| [dag, run, others].concat())
        .prop_shuffle()
        .prop_map(|members| {
            let text: Vec<_> = members
                .into_iter()
                .map(|(name, value)| (name, value.to_string()))
                .collect();
            ("dag_run".to_owned(), object(&text))
        });
    let others = members(value()).prop_map(|members| {
        let text = members.into_iter();
        text.map(|(name, value)| (name, value.to_string()))
            .collect::<Vec<_>>()
    });
    (proptest::collection::vec(dag_run, 0..=1), others)
        .prop_map(|(dag_run, others)| [dag_run, others].concat())
        .prop_shuffle()
        .prop_map(|members| object(&members))
}

/// The run according to serde_json, from the whole answer. serde_json would also accept a list for a struct.
fn by_serde(answer: &str) -> Reading {
    #[derive(Deserialize)]
    struct Whole {
        dag_run: Run,
    }
    let named = |run: &Run| id::is_id(&run.dag_id) && id::is_run_id(&run.run_id);
    let is_object = serde_json::from_str(answer).is_ok_and(|answer: Value| answer["dag_run"].is_object());
    match serde_json::from_str(answer) {
        Ok(Whole { dag_run }) if is_object && named(&dag_run) => Reading::Run(dag_run, None),
        _ => Reading::NotNamed,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn chunks_change_nothing(
        answer in answer(),
        cuts in proptest::collection::vec(0..200_usize, 0..12),
        kept in 0..300_usize,
    ) {
        let answer = answer.as_bytes();
        let cut_short = &answer[..kept.min(answer.len())];
        for answer in [answer, cut_short] {
            let whole = read(answer, true);
            prop_assert_eq!(&read_in_chunks(answer, &cuts), &whole);
            let every_byte: Vec<usize> = (0..answer.len()).collect();
            prop_assert_eq!(&read_in_chunks(answer, &every_byte), &whole);
        }
    }

    #[test]
    fn a_whole_answer_is_read_as_serde_json_reads_it(answer in answer()) {
        let expected = by_serde(&answer);
        let reading = read(answer.as_bytes(), true);
        // The reader does not wait for names that are repeated after the run's.
        let twice = serde_json::from_str::<Value>(&answer).is_ok() && expected == Reading::NotNamed;
        prop_assert!(reading == expected || twice, "{answer}: {reading:?} and {expected:?}");
    }

    #[test]
    fn a_verdict_stays_whatever_follows(answer in answer(), kept in 0..300_usize, after in ".{0,9}") {
        let prefix = &answer.as_bytes()[..kept.min(answer.len())];
        let verdict = read(prefix, false);
        if verdict != Reading::NeedMore {
            prop_assert_eq!(&read(answer.as_bytes(), true), &verdict);
            prop_assert_eq!(read(&[prefix, after.as_bytes()].concat(), true), verdict);
        }
    }
}

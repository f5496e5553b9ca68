//! Reading the team after the run.

use super::*;

fn read(answer: &str) -> Option<Team> {
    read_until(answer, false)
}

fn read_until(answer: &str, end: bool) -> Option<Team> {
    match AnswerReader::default().read(answer.as_bytes(), end) {
        Reading::Run(_, team) => team,
        other => panic!("{other:?}: {answer}"),
    }
}

fn named(name: &str) -> Option<Team> {
    Some(Team::Named(name.to_owned()))
}

fn answer(conf: &str, team: &str) -> String {
    format!(
        r#"{{"dag_run":{{"dag_id":"a","run_id":"r","conf":{conf},"consumed_asset_events":[],"note":null,"team_name":{team}}},"max_tries":0}}"#
    )
}

#[test]
fn the_team_is_read_behind_all_else_of_the_run() {
    for (text, expected) in [
        (answer("{}", r#""sales""#), named("sales")),
        (
            answer(
                r#"{"team_name":"ml","dag_run":{"team_name":"ml"}}"#,
                r#""s\u0061les""#,
            ),
            named("sales"),
        ),
        (answer("null", "null"), Some(Team::Absent)),
        (
            r#"{"dag_run":{"dag_id":"a","run_id":"r"}"#.to_owned(),
            Some(Team::Unknown),
        ),
        (
            r#"{"team_name":"ml","dag_run":{"team_name":"sales","run_id":"r","dag_id":"a"}"#.to_owned(),
            named("sales"),
        ),
        (
            r#"{"dag_run":{"dag_id":"a","run_id":"r","team_name":"sales""#.to_owned(),
            None,
        ),
    ] {
        assert_eq!(read(&text), expected, "{text}");
    }
}

#[test]
fn a_team_that_cannot_be_read_is_unknown() {
    let long = format!(r#""{}""#, "x".repeat(251));
    for team in [
        r#""""#,
        r#""a b""#,
        r#""a/b""#,
        r#""a\n""#,
        "7",
        "true",
        r#"["sales"]"#,
        r#""sales","team_name":"ml""#,
        r#""sales","team_name":null"#,
        r#"null,"t\u0065am_name":"ml""#,
        &long,
    ] {
        assert_eq!(read(&answer("{}", team)), Some(Team::Unknown), "{team}");
    }
    let cut_short = r#"{"dag_run":{"dag_id":"a","run_id":"r","team_name":"sales""#;
    assert_eq!(read_until(cut_short, true), Some(Team::Unknown));
    let broken = r#"{"dag_run":{"dag_id":"a","run_id":"r","a":nulx"#;
    assert_eq!(read(broken), Some(Team::Unknown));
}

#[test]
fn it_is_not_looked_for_behind_the_longest_prefix() {
    let conf = |bytes: usize| answer(&format!(r#""{}""#, "x".repeat(bytes)), r#""sales""#);
    let room = MAX_PREFIX_BYTES - conf(0).len();
    assert_eq!(read(&conf(room)), named("sales"));
    let mut reader = AnswerReader::default();
    let reading = reader.read(
        &conf(2 * MAX_PREFIX_BYTES).as_bytes()[..MAX_PREFIX_BYTES - 1],
        false,
    );
    assert_eq!(reading, run("a", "r"));
    let mut other = AnswerReader::default();
    other.read(b"{", false);
    assert_eq!(
        other.read(&conf(2 * MAX_PREFIX_BYTES).as_bytes()[1..], false),
        without_team("a", "r")
    );
    assert_eq!(reader.team(b"xx", false), Some(Team::Unknown));
}

proptest! {
    #[test]
    fn chunks_change_nothing(
        team in prop_oneof![r#""[a-z_]{1,9}""#, Just("null".to_owned()), Just("7".to_owned())],
        conf in prop_oneof![Just("{}"), Just(r#"{"a":[-1.5e3,"\u0041"]}"#)],
        cuts in proptest::collection::vec(0..200_usize, 0..12),
    ) {
        let text = answer(conf, &team);
        let whole = read_until(&text, true);
        let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
        cuts.sort_unstable();
        cuts.push(text.len());
        let (mut reader, mut start, mut known, mut found) = (AnswerReader::default(), 0, false, None);
        for cut in cuts {
            let (more, end) = (&text.as_bytes()[start..cut], cut == text.len());
            start = cut;
            if known {
                found = reader.team(more, end);
            } else if let Reading::Run(_, team) = reader.read(more, end) {
                (known, found) = (true, team);
            }
            if found.is_some() {
                break;
            }
        }
        prop_assert_eq!(found, whole);
    }
}

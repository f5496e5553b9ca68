use proptest::prelude::*;

use super::*;

mod airflow;

const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

fn token(claims: &[u8]) -> String {
    format!(
        "{}.{}.c2ln",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512"}"#),
        URL_SAFE_NO_PAD.encode(claims)
    )
}

fn of_subject(subject: &str) -> String {
    let subject = serde_json::to_string(subject).unwrap();
    token(format!(r#"{{"sub":{subject},"scope":"workload","exp":1}}"#).as_bytes())
}

fn read(authorization: &[u8]) -> Credential<String> {
    credential(&[(b"accept", b"*/*"), (b"authorization", authorization)])
}

#[test]
fn a_task_tokens_subject_is_its_task() {
    let token = of_subject(TASK);
    for scheme in ["Bearer", "bearer", "bEARER"] {
        let read = read(format!("{scheme} {token}").as_bytes());
        assert_eq!(read.as_deref().task().map(TaskInstanceId::text), Some(TASK));
        assert_eq!(read.unreadable(), None);
    }
}

#[test]
fn only_a_request_without_the_header_has_none() {
    assert_eq!(credential(&[]), Credential::Absent);
    assert_eq!(
        credential(&[(b"proxy-authorization", b"Bearer a")]),
        Credential::Absent
    );
    assert_eq!(read(b""), Credential::Unreadable(Unreadable::Scheme));
}

#[test]
fn a_subject_that_is_no_uuid_is_not_a_task() {
    let short = "0".repeat(31);
    for subject in [
        "",
        "admin",
        "1",
        "system:serviceaccount:airflow:worker",
        &short,
        &"z".repeat(32),
    ] {
        let authorization = format!("Bearer {}", of_subject(subject));
        assert_eq!(read(authorization.as_bytes()), Credential::Other, "{subject}");
    }
}

#[test]
fn a_uuid_in_another_spelling_is_unreadable() {
    let plain = TASK.replace('-', "");
    let without = |places: usize| -> String { plain.chars().skip(places).collect() };
    let spelled = [
        plain.clone(),
        TASK.to_uppercase(),
        format!("{{{TASK}}}"),
        format!("urn:uuid:{TASK}"),
        format!("{{{{urn:{plain}"),
        format!("-{TASK}-"),
        // Spellings that `int(…, 16)` accepts.
        format!("0x{}", without(2)),
        format!("+{}", without(1)),
        format!("0_1{}", without(3)),
        format!(" {}\u{1f}", without(2)),
        format!("\u{a0}{}", without(1)),
        plain.replace('0', "\u{660}"),
    ];
    for subject in spelled {
        let authorization = format!("Bearer {}", of_subject(&subject));
        assert_eq!(
            read(authorization.as_bytes()),
            Credential::Unreadable(Unreadable::Subject),
            "{subject:?}"
        );
    }
}

#[test]
fn all_else_that_is_there_is_unreadable() {
    let token = of_subject(TASK);
    let (header, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    for (authorization, why) in [
        ("Bearer".to_owned(), Unreadable::Scheme),
        ("Basic YTpi".to_owned(), Unreadable::Scheme),
        (token.clone(), Unreadable::Scheme),
        (format!("Bearer\t{token}"), Unreadable::Scheme),
        (format!(" Bearer {token}"), Unreadable::Scheme),
        (format!("\tBearer {token}"), Unreadable::Scheme),
        ("Bearer ".to_owned(), Unreadable::Token),
        (format!("Bearer  {token}"), Unreadable::Token),
        (format!("Bearer {token} "), Unreadable::Token),
        (format!("Bearer {header}\n.{rest}"), Unreadable::Token),
        (format!("Bearer {header}.{claims}"), Unreadable::Token),
        (format!("Bearer {token}.c2ln"), Unreadable::Token),
        (format!("Bearer {header}..{rest}"), Unreadable::Token),
        (
            format!("Bearer {header}.{claims}=.{signature}"),
            Unreadable::Token,
        ),
        (
            format!("Bearer {header}.{claims}.{signature}!"),
            Unreadable::Token,
        ),
        (format!("Bearer {token},"), Unreadable::Repeated),
        (format!("Bearer {token}, Bearer {token}"), Unreadable::Repeated),
        (format!("Bearer {}", "a".repeat(MAX_BYTES)), Unreadable::TooLong),
    ] {
        let read = read(authorization.as_bytes());
        assert_eq!(read, Credential::Unreadable(why), "{authorization:.60}");
    }
    for bytes in [b"\xa0".as_slice(), b"\x85", b"\xff", b"\0"] {
        let first = [b"Bearer ", bytes, token.as_bytes()].concat();
        let last = [b"Bearer ", token.as_bytes(), bytes].concat();
        for authorization in [first, last] {
            assert_eq!(read(&authorization), Credential::Unreadable(Unreadable::Token));
        }
    }
    let header: Header<'_> = (b"authorization", b"Bearer a.b.c");
    for other in [header, (b"authorization", b"")] {
        assert_eq!(
            credential(&[header, other]),
            Credential::Unreadable(Unreadable::Repeated)
        );
    }
}

#[test]
fn claims_have_one_subject() {
    let utf16: Vec<u8> = format!(r#"{{"sub":"{TASK}"}}"#)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for claims in [
        b"".as_slice(),
        b"{}",
        br#"["019ab1c2-7d11-7b3f-a3c4-5d6e7f809112"]"#,
        br#"{"sub":5}"#,
        br#"{"sub":null}"#,
        br#"{"sub":"a","sub":"b"}"#,
        br#"{"sub":"a","\u0073ub":"b"}"#,
        br#"{"sub":"a","exp":1,"exp":2}"#,
        br#"{"sub":"a","exp":NaN}"#,
        br#"{"sub":"a"} x"#,
        b"\xef\xbb\xbf{\"sub\":\"a\"}",
        &utf16,
    ] {
        let authorization = format!("Bearer {}", token(claims));
        assert_eq!(
            read(authorization.as_bytes()),
            Credential::Unreadable(Unreadable::Claims),
            "{}",
            String::from_utf8_lossy(claims)
        );
    }
}

#[test]
fn each_problem_names_the_header() {
    for why in [
        Unreadable::Repeated,
        Unreadable::TooLong,
        Unreadable::Scheme,
        Unreadable::Token,
        Unreadable::Claims,
        Unreadable::Subject,
    ] {
        assert!(why.to_string().starts_with("header `authorization`: "), "{why}");
    }
}

/// Subjects, most of them UUIDs in some spelling.
fn subjects() -> impl Strategy<Value = String> {
    let plain = TASK.replace('-', "");
    prop_oneof![
        4 => Just(TASK.to_owned()),
        1 => Just(TASK.to_uppercase()),
        1 => Just(format!("{{{plain}}}")),
        1 => Just(format!("urn:uuid:{TASK}")),
        1 => Just("admin".to_owned()),
        2 => "(urn:)?(uuid:)?[{]{0,2}[ +]?(0x)?[0-9a-fA-F_\u{660}-]{28,34}[ \u{a0}]?[}]?",
        1 => any::<String>(),
    ]
}

/// Claims, most of them readable.
fn claims() -> impl Strategy<Value = Vec<u8>> {
    (subjects(), subjects(), 0..8_u8).prop_map(|(subject, other, form)| {
        let subject = serde_json::to_string(&subject).unwrap();
        let other = serde_json::to_string(&other).unwrap();
        match form {
            0 => format!(r#"{{"sub":{other},"sub":{subject}}}"#),
            1 => format!(r#"{{"sub":{other},"\u0073ub":{subject}}}"#),
            2 => format!("[{subject}]"),
            3 => format!(r#" {{"exp":1,"exp":2,"sub":{subject}}} "#),
            _ => format!(r#"{{"sub":{subject},"exp":1}}"#),
        }
        .into_bytes()
    })
}

/// Bytes that servers drop, trim, or cut at, and a few bytes that they keep.
fn odd() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::sample::select(b" \t\x0b\x1c\x85\xa0\xff,.=!+/-_A".to_vec());
    prop_oneof![
        3 => prop::collection::vec(bytes, 1..3),
        1 => prop::collection::vec(any::<u8>(), 1..3),
        1 => Just(vec![b'A'; MAX_BYTES]),
    ]
}

proptest! {
    #[test]
    fn an_unreadable_credential_never_decides_as_an_absent_one(
        claims in claims(),
        scheme in prop::sample::select(vec!["Bearer ", "bearer ", "BEARER ", "Bearer", "Basic ", ""]),
        odd in prop::collection::vec((any::<prop::sample::Index>(), odd()), 0..3),
        ends in prop::collection::vec((any::<bool>(), odd()), 0..2),
        times in 1..3_usize,
    ) {
        let mut value = format!("{scheme}{}", token(&claims)).into_bytes();
        for (at, bytes) in odd {
            let at = at.index(value.len());
            value.splice(at..at, bytes);
        }
        for (front, bytes) in ends {
            let at = if front { 0 } else { value.len() };
            value.splice(at..at, bytes);
        }
        let headers = vec![(b"authorization".as_slice(), value.as_slice()); times];
        airflow::agrees(&headers, &credential(&headers))?;
    }

    #[test]
    fn no_bytes_decide_as_absent(value: Vec<u8>) {
        let headers = [(b"authorization".as_slice(), value.as_slice())];
        let read = credential(&headers);
        prop_assert!(read != Credential::Absent);
        airflow::agrees(&headers, &read)?;
    }
}

//! `dagward token inspect` on real tokens. `token/NAME.txt` holds the output for each. `BLESS=1` writes the files
//! again: read them before you commit them.

#![expect(clippy::unwrap_used, reason = "a failed test is what a panic means here")]

mod common;

use common::{Run, dagward};
use dagward_forge::jwt::{Algorithm, SigningKey, encode};
use serde_json::json;

/// The time from which the tokens' times are seen.
const NOW: u64 = 1_800_000_000;

fn inspect(token: &str) -> Run {
    dagward(
        "token",
        &["token", "inspect", "-", "--at", &NOW.to_string()],
        token,
    )
}

/// A token whose bytes are the same in every run.
fn signed(header: &str, claims: &str) -> String {
    let key = SigningKey::with_secret(Algorithm::HS256, b"a secret of the tests").unwrap();
    key.sign_raw(header.as_bytes(), claims.as_bytes()).unwrap()
}

#[test]
fn a_token_is_shown_as_it_is_written() {
    let header = json!({"typ": "JWT", "alg": "HS256", "kid": "2026-11"}).to_string();
    let claims = r#"{"sub":"anna","iss":"https://login.example","aud":["airflow"],"groups":["on-call","é"],
        "iat":1799999000,"nbf":1799999000.5,"exp":1800003723,"n":1.50,"none":null,"email_verified":true,"empty":{}}"#;
    let token = signed(&header, claims);
    let run = inspect(&format!("{token}\n"));
    let signature = token.rsplit('.').next().unwrap();
    assert!(!run.stdout.contains(signature), "{}", run.stdout);
    run.assert(0, "token/good.txt");
}

#[test]
fn a_token_that_is_refused_for_its_form_is_shown_all_the_same() {
    let header = r#"{"alg":"HS256"}"#;
    for (name, token) in [
        (
            "times",
            signed(r#"{"alg":"none"}"#, r#"{"iat":"yesterday","nbf":1e9}"#),
        ),
        ("twice", signed(header, r#"{"sub":"anna","sub":"bob"}"#)),
        (
            "terminal",
            signed(
                header,
                "{\"sub\":\"\u{9b}31m\u{202e}\u{1b}[2J\", \"a\":\"\\u001b[2J\"}",
            ),
        ),
        ("padding", format!("{}=", signed(header, r#"{"exp":1700000000}"#))),
        (
            "unsigned",
            format!("{}.{}.", encode(header.as_bytes()), encode(b"{}")),
        ),
        ("words", "these are words".to_owned()),
    ] {
        let run = inspect(&token);
        let control = |character: char| character.is_control() && character != '\n';
        assert!(!run.stdout.contains(control), "{name}");
        assert!(run.stdout.starts_with("not verified"), "{name}");
        run.assert(1, &format!("token/{name}.txt"));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_misuse() {
    let run = dagward("token", &["token", "inspect", "no-such-file"], "");
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr.starts_with("error: cannot read `no-such-file`"),
        "{}",
        run.stderr
    );
}

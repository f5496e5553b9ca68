//! The making of a token by an attacker, or by an issuer with odd habits.

use dagward_forge::edit::{CLAIMS, HEADER, edit, edited};
use dagward_forge::slip::{Slip, replaced, slip};
use proptest::prelude::*;
use proptest::sample::select;

use crate::Algorithm;
use crate::testing::{self, NOW};

/// A token that may be valid, and the algorithm that its issuer uses.
#[derive(Debug, Clone)]
pub(crate) struct Forged {
    pub(crate) token: String,
    pub(crate) verified_as: Algorithm,
}

/// One change of a finished token.
#[derive(Debug, Clone)]
enum Change {
    Slip(Slip),
    /// Replaces a part by that of another token of the same issuer.
    Part(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = prop_oneof![
        any::<u8>().prop_map(|byte| byte & 0x7f),
        select(b"AQw_-.=+/ \n".to_vec())
    ];
    prop_oneof![
        8 => slip(byte).prop_map(Change::Slip),
        1 => (0usize..3).prop_map(Change::Part),
    ]
}

impl Change {
    fn apply(&self, token: String, signer: Algorithm) -> String {
        match self {
            Self::Slip(slip) => slip.apply(token),
            Self::Part(number) => {
                let claims = testing::claims().to_string().replace("\"me\"", "\"you\"");
                let header = format!(r#"{{"alg":"{}"}}"#, signer.as_str());
                let other = testing::token(signer, &header, &claims);
                let part = other.split('.').nth(*number).unwrap();
                replaced(&token, *number, part)
            }
        }
    }
}

/// Algorithms, weighted by their cost in a test.
fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop_oneof![
        60 => select(vec![Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]),
        12 => Just(Algorithm::EdDsa),
        4 => Just(Algorithm::Es256),
        1 => select(Algorithm::ALL.to_vec()),
    ]
}

/// Values that some field accepts, and values that none does.
fn value() -> impl Strategy<Value = String> {
    let times =
        [NOW - 61, NOW - 60, NOW - 59, NOW, NOW + 59, NOW + 60, NOW + 61].map(|time| time.to_string());
    let others = [
        r#""HS256""#,
        r#""HS512""#,
        r#""none""#,
        r#""NONE""#,
        r#""EdDSA""#,
        r#""RS256""#,
        r#""JWT""#,
        r#""at+jwt""#,
        r#""JOSE""#,
        r#""me""#,
        r#""""#,
        r#""airflow""#,
        r#"["airflow"]"#,
        r#"["x","other"]"#,
        r#"[["airflow"]]"#,
        r#"["airflow",1]"#,
        r#""https://issuer.example""#,
        r#""https://issuer.example/""#,
        r#"["exp"]"#,
        "[]",
        "{}",
        "null",
        "true",
        "0",
        "-1",
        "1e400",
        "1e10",
        "1.5",
        "1800000000.5",
        "1800000600.0",
        "18446744073709551616",
        "99999999999999999999999",
        r#""1800000600""#,
        r#"{"a":{"a":1}}"#,
        r#"{"a":1,"a":2}"#,
        r#""\ud800""#,
        "NaN",
        r#""\u0000""#,
        r#"{"kty":"oct","k":""}"#,
    ];
    select(
        times
            .into_iter()
            .chain(others.map(str::to_owned))
            .collect::<Vec<_>>(),
    )
}

/// Tokens of all kinds: some valid, some signed with another key, some changed afterwards.
pub(crate) fn forged() -> impl Strategy<Value = Forged> {
    let signer = (
        algorithm(),
        prop::option::weighted(0.1, algorithm()),
        prop::option::weighted(0.1, algorithm()),
    );
    let header = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(edit(&HEADER, value), 1..3)];
    let claims = prop_oneof![2 => Just(Vec::new()), 3 => prop::collection::vec(edit(&CLAIMS, value), 1..4)];
    let slips = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(change(), 1..4)];
    (signer, header, claims, slips).prop_map(|((own, named, verified), header, claims, slips)| {
        let named = named.unwrap_or(own).as_str();
        let header = edited(
            &[("alg", format!(r#""{named}""#)), ("typ", r#""JWT""#.to_owned())],
            &header,
            String::clone,
        );
        let claims = edited(&members(), &claims, String::clone);
        let token = testing::token(own, &header, &claims);
        Forged {
            token: slips.iter().fold(token, |token, change| change.apply(token, own)),
            verified_as: verified.unwrap_or(own),
        }
    })
}

/// The members of valid claims.
fn members() -> Vec<(&'static str, String)> {
    let claims = testing::claims();
    let names = ["iss", "aud", "sub", "exp", "nbf", "iat"];
    names.map(|name| (name, claims[name].to_string())).to_vec()
}

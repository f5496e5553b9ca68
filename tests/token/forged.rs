//! The making of a token by an attacker, or by an issuer with odd habits.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::Algorithm;
use crate::testing::{self, NOW, encode};

/// A token that may be valid, and the algorithm that its issuer uses.
#[derive(Debug, Clone)]
pub(crate) struct Forged {
    pub(crate) token: String,
    pub(crate) verified_as: Algorithm,
}

/// One change of an object's text.
#[derive(Debug, Clone)]
enum Edit {
    /// This JSON replaces the member.
    Set(&'static str, String),
    /// The member is there once more.
    Repeat(&'static str, String),
    Remove(&'static str),
}

/// One change of a finished token.
#[derive(Debug, Clone)]
enum Slip {
    Overwrite(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    /// Flips a bit of a part's bytes, which are base64url again afterwards.
    Bit(Index, Index),
    /// Replaces a part by that of another token of the same issuer.
    Part(usize),
    /// Empties a part.
    Empty(usize),
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

fn edit(names: &'static [&'static str]) -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => (select(names), value()).prop_map(|(name, value)| Edit::Set(name, value)),
        1 => (select(names), value()).prop_map(|(name, value)| Edit::Repeat(name, value)),
        1 => select(names).prop_map(Edit::Remove),
    ]
}

const HEADER: [&str; 13] = [
    "alg",
    "typ",
    "cty",
    "kid",
    "crit",
    "b64",
    "jku",
    "jwk",
    "x5u",
    "x5c",
    "x5t",
    "zip",
    "\\u0061lg",
];
const CLAIMS: [&str; 10] = [
    "iss",
    "aud",
    "sub",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "x",
    "\\u0073ub",
];

fn slip() -> impl Strategy<Value = Slip> {
    let byte = || {
        prop_oneof![
            any::<u8>().prop_map(|byte| byte & 0x7f),
            select(b"AQw_-.=+/ \n".to_vec())
        ]
    };
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Slip::Overwrite(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Slip::Insert(at, byte)),
        any::<Index>().prop_map(Slip::Remove),
        (any::<Index>(), any::<Index>()).prop_map(|(part, bit)| Slip::Bit(part, bit)),
        (0usize..3).prop_map(Slip::Part),
        (0usize..3).prop_map(Slip::Empty),
    ]
}

/// Tokens of all kinds: some valid, some signed with another key, some changed afterwards.
pub(crate) fn forged() -> impl Strategy<Value = Forged> {
    let signer = (
        algorithm(),
        prop::option::weighted(0.1, algorithm()),
        prop::option::weighted(0.1, algorithm()),
    );
    let header = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(edit(&HEADER), 1..3)];
    let claims = prop_oneof![2 => Just(Vec::new()), 3 => prop::collection::vec(edit(&CLAIMS), 1..4)];
    let slips = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(slip(), 1..4)];
    (signer, header, claims, slips).prop_map(|((own, named, verified), header, claims, slips)| {
        let named = named.unwrap_or(own).as_str();
        let header = edited(
            &[("alg", format!(r#""{named}""#)), ("typ", r#""JWT""#.to_owned())],
            &header,
        );
        let claims = edited(&members(), &claims);
        let token = testing::token(own, &header, &claims);
        Forged {
            token: slips.iter().fold(token, |token, slip| slip.apply(token, own)),
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

/// The text of an object with these members, changed.
fn edited(members: &[(&'static str, String)], edits: &[Edit]) -> String {
    let mut members = members.to_vec();
    for edit in edits {
        match edit {
            Edit::Set(name, value) => {
                members.retain(|(other, _)| other != name);
                members.push((name, value.clone()));
            }
            Edit::Repeat(name, value) => members.push((name, value.clone())),
            Edit::Remove(name) => members.retain(|(other, _)| other != name),
        }
    }
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!(r#""{name}":{value}"#))
        .collect();
    format!("{{{}}}", members.join(","))
}

impl Slip {
    fn apply(&self, token: String, signer: Algorithm) -> String {
        let mut bytes = token.clone().into_bytes();
        match self {
            Self::Overwrite(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), *byte),
            Self::Remove(at) if !bytes.is_empty() => drop(bytes.remove(at.index(bytes.len()))),
            Self::Overwrite(..) | Self::Remove(_) => {}
            Self::Bit(part, bit) => return flip(token, *part, *bit),
            Self::Part(number) => {
                let claims = testing::claims().to_string().replace("\"me\"", "\"you\"");
                let header = format!(r#"{{"alg":"{}"}}"#, signer.as_str());
                let other = testing::token(signer, &header, &claims);
                let part = other.split('.').nth(*number).unwrap().to_owned();
                return replaced(&token, *number, &part);
            }
            Self::Empty(number) => return replaced(&token, *number, ""),
        }
        // All text that is overwritten or inserted is ASCII, and so is the token.
        String::from_utf8(bytes).unwrap()
    }
}

fn flip(token: String, part: Index, bit: Index) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let parts: Vec<&str> = token.split('.').collect();
    let number = part.index(parts.len());
    match URL_SAFE_NO_PAD.decode(parts[number]) {
        Ok(mut bytes) if !bytes.is_empty() => {
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            replaced(&token, number, &encode(bytes))
        }
        _ => token,
    }
}

fn replaced(token: &str, number: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    if let Some(old) = parts.get_mut(number) {
        *old = part;
    }
    parts.join(".")
}

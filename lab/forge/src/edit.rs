//! Changes of a token's header and claims, before it is signed.

use std::fmt::Write;

use proptest::prelude::*;
use proptest::sample::select;

/// One change of an object's text.
#[derive(Debug, Clone)]
pub enum Edit<Value> {
    /// This value replaces the member.
    Set(&'static str, Value),
    /// The member is there once more.
    Repeat(&'static str, Value),
    /// The member is not there.
    Remove(&'static str),
}

/// Members of a header, known ones and unknown ones.
pub const HEADER: [&str; 13] = [
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
/// Members of the claims, known ones and unknown ones.
pub const CLAIMS: [&str; 10] = [
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

/// One of the changes to one of the members `names`.
pub fn edit<V: std::fmt::Debug, S: Strategy<Value = V>>(
    names: &'static [&'static str],
    value: impl Fn() -> S,
) -> impl Strategy<Value = Edit<V>> {
    prop_oneof![
        6 => (select(names), value()).prop_map(|(name, value)| Edit::Set(name, value)),
        1 => (select(names), value()).prop_map(|(name, value)| Edit::Repeat(name, value)),
        1 => select(names).prop_map(Edit::Remove),
    ]
}

/// The text of an object with these members, changed. `text` gives the JSON of a value.
pub fn edited<V>(
    members: &[(&'static str, String)],
    edits: &[Edit<V>],
    text: impl Fn(&V) -> String,
) -> String {
    let mut members = members.to_vec();
    for edit in edits {
        match edit {
            Edit::Set(name, value) => {
                members.retain(|(other, _)| other != name);
                members.push((name, text(value)));
            }
            Edit::Repeat(name, value) => members.push((name, text(value))),
            Edit::Remove(name) => members.retain(|(other, _)| other != name),
        }
    }
    let mut object = String::new();
    for (number, (name, value)) in members.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(object, r#"{comma}"{name}":{value}"#);
    }
    format!("{{{object}}}")
}

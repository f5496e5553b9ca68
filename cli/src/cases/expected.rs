//! Reads the decision that a case expects.

use dagward::authorize::Code;
use dagward::policy::nearest;

use super::case::Expected;
use super::known::Known;
use super::reader::{At, Fields, Reader};
use crate::source::node::Kind;

const WHY: [&str; 3] = ["code", "policy", "rule"];

/// Reads `expect` and `why`.
pub(super) fn expected<'n>(
    reader: &mut Reader<'n>,
    fields: &Fields<'n>,
    known: &Known<'_>,
) -> Option<Expected> {
    let words = ["allow", "deny"];
    let at = fields.get("expect")?;
    let word = reader.text(at, "`allow` or `deny`")?;
    if !words.contains(&word) {
        reader.unknown_word(at, "found", word, &words);
    }
    let expected = Expected {
        allow: word == "allow",
        code: None,
        policy: None,
        rule: None,
    };
    match fields.get("why") {
        Some(at) => why(reader, at, known, expected),
        None => Some(expected),
    }
}

/// Reads the expected reason.
fn why<'n>(reader: &mut Reader<'n>, at: &At<'n>, known: &Known<'_>, expected: Expected) -> Option<Expected> {
    match at.node.kind {
        Kind::Scalar(_) => {
            let code = Some(code(reader, at)?);
            return Some(Expected { code, ..expected });
        }
        Kind::List(_) => {
            reader.wrong_type(at, "a code, or an object with `code`, `policy` and `rule`");
            return None;
        }
        Kind::Map(_) => {}
    }
    let fields = reader.fields(at, "a reason", &WHY, &[])?;
    let code = fields.get("code").and_then(|at| code(reader, at));
    let policy = reader.text_of(&fields, "policy", "the name of a policy");
    let rules = known.policies.iter().find(|(name, _)| Some(*name) == policy);
    if let (Some(at), Some(policy), None) = (fields.get("policy"), policy, rules) {
        let names: Vec<&str> = known.policies.iter().map(|(name, _)| *name).collect();
        reader.unknown_word(at, "unknown policy", policy, &names);
    }
    let rule = fields.get("rule").and_then(|at| {
        let number: u32 = reader.number(at, "the number of a rule in its policy, from 0")?;
        match rules {
            Some((_, rules)) if number < *rules => Some(number),
            Some((policy, rules)) => {
                let last = rules.saturating_sub(1);
                let message = format!("policy `{policy}` has no rule {number}");
                reader.problem(at, message, Some(&format!("0 to {last}")), None);
                None
            }
            None if policy.is_some() => None,
            None => {
                let message = "`rule` needs `policy` beside it".to_owned();
                reader.problem(at, message, None, None);
                None
            }
        }
    });
    Some(Expected {
        code,
        policy: policy.map(str::to_owned),
        rule,
        ..expected
    })
}

fn code<'n>(reader: &mut Reader<'n>, at: &At<'n>) -> Option<Code> {
    let word = reader.text(at, "a code from docs/codes.md")?;
    let code = Code::ALL.into_iter().find(|code| code.as_str() == word);
    if code.is_none() {
        let words = Code::ALL.map(Code::as_str);
        let near = nearest(word, words);
        let message = format!("unknown code `{word}`");
        reader.problem(at, message, Some("a code from docs/codes.md"), near);
    }
    code
}

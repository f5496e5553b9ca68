//! The secrets of a document: what is shown of a file is often kept, as in the logs of a build.

use super::node::{Kind, Node, Span};

/// The members of a JWK that nobody is to read (RFC 7518 §6.2.2, §6.3.2, §6.4.1), but for `oth`, which has these in
/// it.
const MEMBERS: [&str; 7] = ["k", "d", "p", "q", "dp", "dq", "qi"];

/// Where the secrets of a document stand: in JWKs, wherever these are, and in texts that hold some.
pub(crate) fn find(node: &Node) -> Vec<Span> {
    let mut found = Vec::new();
    walk(node, &mut found);
    found
}

fn walk(node: &Node, found: &mut Vec<Span>) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(elements) => elements.iter().for_each(|element| walk(element, found)),
        Kind::Map(entries) => {
            for entry in entries {
                let is_secret = MEMBERS.contains(&entry.key.as_str()) || entry.key == "jwks";
                match &entry.value.kind {
                    Kind::Scalar(_) if is_secret => found.push(entry.value.span.clone()),
                    _ => walk(&entry.value, found),
                }
            }
        }
    }
}

//! The secrets of a document. The command hides them, because logs often keep its output, for example the logs of a
//! build.

use super::node::{Kind, Node, Span};

/// The secret members of a JWK (RFC 7518 §6.2.2, §6.3.2, §6.4.1). `oth` is left out, because its elements have these
/// members.
const MEMBERS: [&str; 7] = ["k", "d", "p", "q", "dp", "dq", "qi"];

/// The positions of the secrets of a document: in JWKs at any place, and in texts that hold a JWK.
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

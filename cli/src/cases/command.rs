//! The `dagward explain` command for a request of a case.

use super::trial::HOST;
use crate::explain::{Inquiry, Vouched};

/// The command in a shell's words.
pub(super) fn explain(policy: &str, inquiry: &Inquiry, token: Option<&Vouched>) -> String {
    let mut words = vec!["dagward explain".to_owned(), quoted(policy)];
    if inquiry.peer.is_none() {
        words.push("--plaintext".to_owned());
    }
    let mut option = |name: &str, value: &str| words.push(format!("{name} {}", quoted(value)));
    if let Some(peer) = &inquiry.peer {
        option("--peer", peer);
    }
    if let Some(proxy) = &inquiry.proxy {
        option("--proxy", proxy);
    }
    for header in &inquiry.headers {
        option("--header", &header.line());
    }
    if let Some(Vouched { issuer, claims }) = token {
        let claims = serde_json::to_string(claims).unwrap_or_default();
        option("--claims", &format!("{issuer}={claims}"));
    }
    option("--method", &inquiry.method);
    option("--path", &inquiry.path);
    if inquiry.host != HOST {
        option("--host", &inquiry.host);
    }
    if let Some(port) = inquiry.port {
        option("--port", &port.to_string());
    }
    if inquiry.callback {
        words.push("--callback".to_owned());
    }
    for (name, content) in [("--body", &inquiry.body), ("--answer", &inquiry.answer)] {
        if let Some(content) = content {
            let text = quoted(&String::from_utf8_lossy(content));
            words.push(format!("{name} <(printf %s {text})"));
        }
    }
    words.join(" ")
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-:=~%@+,".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_word_to_a_shell() {
        for (word, expected) in [
            ("policy.yaml", "policy.yaml"),
            ("x-airflow-proof: pod", "'x-airflow-proof: pod'"),
            ("it's $HOME", r"'it'\''s $HOME'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}

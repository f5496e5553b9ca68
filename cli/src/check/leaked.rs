//! Secrets in a resource: passwords, tokens and private keys in texts that are no secrets' place.

use dagward::policy::{FieldPath, Step};

use super::code::Code;
use crate::report::Problem;
use crate::source::node::{Kind, Node};

/// Finds the secrets of a document.
pub(super) fn find(root: &Node) -> Vec<Problem> {
    let mut found = Vec::new();
    walk(root, &mut FieldPath::default(), &mut found);
    found
}

fn walk(node: &Node, path: &mut FieldPath, found: &mut Vec<Problem>) {
    match &node.kind {
        Kind::Scalar(_) => {
            if let Some(what) = node.text().and_then(secret) {
                found.push(problem(node, path.clone(), what));
            }
        }
        Kind::List(elements) => {
            for (number, element) in elements.iter().enumerate() {
                path.0.push(Step::Index(number));
                walk(element, path, found);
                path.0.pop();
            }
        }
        Kind::Map(entries) => {
            if let Some(value) = of_variable(node) {
                found.push(problem(
                    value,
                    path.key("value"),
                    "the value of a secret variable",
                ));
                return;
            }
            // A key set has warnings of its own.
            for entry in entries.iter().filter(|entry| entry.key != "jwks") {
                path.0.push(Step::Key(entry.key.clone()));
                walk(&entry.value, path, found);
                path.0.pop();
            }
        }
    }
}

fn problem(node: &Node, path: FieldPath, what: &str) -> Problem {
    Problem {
        code: Code::Secret,
        path,
        span: node.span.clone(),
        message: format!(
            "holds {what}: every account that can read the resource or the proxy's configuration has it"
        ),
        allowed: Some("a Secret that the pod mounts, and a new secret in the place of this one".to_owned()),
        suggestion: None,
    }
}

/// The value of an environment variable whose name says that it is secret.
fn of_variable(node: &Node) -> Option<&Node> {
    let name = node.field("name").and_then(Node::text)?.to_ascii_uppercase();
    let is_secret = [
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
        "PRIVATE_KEY",
        "API_KEY",
        "FERNET_KEY",
        "SQL_ALCHEMY_CONN",
    ]
    .iter()
    .any(|word| name.contains(word));
    let value = node.field("value")?;
    (is_secret && value.text().is_some_and(|text| !text.is_empty())).then_some(value)
}

/// The kind of secret in a text.
fn secret(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    if has_password(text) {
        return Some("a password in a URL");
    }
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut words = text.split(|c| !is_of_word(c));
    words.find_map(token)
}

/// The kind of token in a word: a signed JWT, or a credential with a prefix that its issuer documents.
fn token(word: &str) -> Option<&'static str> {
    let has = |prefix: &str, length: usize| word.starts_with(prefix) && word.len() >= length;
    if has("eyJ", 40) && word.matches('.').count() == 2 {
        Some("a token (JWT)")
    } else if has("AKIA", 20)
        || has("ASIA", 20) && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    {
        Some("an access key of AWS")
    } else if ["ghp_", "gho_", "ghs_", "github_pat_", "glpat-"]
        .iter()
        .any(|prefix| has(prefix, 24))
    {
        Some("a token of a code host")
    } else if ["xoxb-", "xoxp-"].iter().any(|prefix| has(prefix, 20)) {
        Some("a token of Slack")
    } else {
        None
    }
}

/// Whether a text has a URL with a user and a password (RFC 3986 §3.2.1).
fn has_password(text: &str) -> bool {
    let mut urls = text.split("://").skip(1);
    urls.any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        let password = user
            .and_then(|user| user.split_once(':'))
            .map(|(_, password)| password);
        password.is_some_and(|password| !password.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_form() {
        let jwt = format!(
            "Bearer eyJ{}.eyJ{}.{}",
            "a".repeat(20),
            "b".repeat(20),
            "c".repeat(20)
        );
        for secret_text in [
            jwt.as_str(),
            "-----BEGIN RSA PRIVATE KEY-----\nMII",
            "https://jo:hunter2@registry.example.com/x",
            "AKIAABCDEFGHIJKLMNOP",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        ] {
            assert!(secret(secret_text).is_some(), "{secret_text}");
        }
        for plain in [
            "spiffe://cluster.local/ns/airflow/sa/airflow-worker",
            "oci://registry.example.com/dagward@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "https://jo@registry.example.com/x",
            "airflow.providers.standard.triggers.temporal.DateTimeTrigger",
            "-----BEGIN PUBLIC KEY-----",
            "eyJ",
        ] {
            assert_eq!(secret(plain), None, "{plain}");
        }
    }
}

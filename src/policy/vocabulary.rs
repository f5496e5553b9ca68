//! What each condition accepts, so that a value that could never match is refused at load.

use crate::caller::{Proof, id};
use crate::operation::{self, Surface};

use super::field::Field;
use super::nearest::nearest;
use super::pattern::{Piece, Shape, Written};

/// Why a value can never match.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) found: String,
    pub(super) allowed: String,
    pub(super) nearest: Option<String>,
}

/// Checks one pattern of one condition.
pub(super) fn check(field: Field, text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    match field {
        Field::Proof => one_of(text, written, Proof::ALL.map(Proof::as_str)),
        Field::Surfaces => surface(text, written),
        Field::Actions => one_of(text, written, operation::actions()),
        Field::Principals => principal(text, written),
        Field::RequestPrincipals => request_principal(text, written),
        Field::Namespaces => characters(text, written, "a Kubernetes namespace, such as `airflow`", |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
        }),
        Field::ServiceAccounts => service_account(text, written),
        Field::ActingDags | Field::Dags => {
            characters(text, written, "a DAG id, such as `sales_*`", id::is_id_char)
        }
        Field::ActingTasks | Field::Tasks => {
            characters(text, written, "a task id, such as `extract`", id::is_id_char)
        }
        Field::Triggers => trigger(text, written),
        Field::Methods => method(text, written),
        Field::Paths => starts_with_slash(text, written),
        Field::Hosts => host(text, written),
        Field::Claims
        | Field::Connections
        | Field::Variables
        | Field::Pools
        | Field::XcomKeys
        | Field::Assets
        | Field::Queues => Ok(()),
    }
}

/// For a closed list of words: the pattern must match at least one of them. A template may match
/// any, as its variable is known only later.
fn one_of<'w>(
    text: &str,
    written: &Written<'_>,
    words: impl IntoIterator<Item = &'w str> + Clone,
) -> Result<(), Complaint> {
    if written.is_template()
        || words
            .clone()
            .into_iter()
            .any(|word| literal_matches(written, word))
    {
        return Ok(());
    }
    let words: Vec<&str> = words.into_iter().collect();
    Err(Complaint {
        found: format!("`{text}` matches nothing that exists"),
        allowed: list(&words),
        nearest: nearest(text, words).map(str::to_owned),
    })
}

/// A word of earlier releases says how a rule names these routes now.
fn surface(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let surfaces = Surface::ALL.map(Surface::as_str);
    if text == "unclassified" {
        return Err(Complaint {
            found: "`unclassified` is not a surface: a route that is not known keeps its own".to_owned(),
            allowed: format!(
                "{}; or, beside it, `actions: [\"*:unclassified\"]`",
                list(&surfaces)
            ),
            nearest: None,
        });
    }
    one_of(text, written, surfaces)
}

fn list(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn literal_matches(written: &Written<'_>, word: &str) -> bool {
    let body = match written.pieces.first() {
        Some(Piece::Text(text)) => *text,
        _ => "",
    };
    match written.shape {
        Shape::Any => true,
        Shape::Exact => word == body,
        Shape::Prefix => word.starts_with(body),
        Shape::Suffix => word.ends_with(body),
    }
}

fn principal(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let complaint = |found: String, nearest: Option<String>| Complaint {
        found,
        allowed: "a whole SPIFFE ID, such as `spiffe://cluster.local/ns/airflow/sa/airflow-worker`"
            .to_owned(),
        nearest,
    };
    let Some(Piece::Text(head)) = written.pieces.first() else {
        return Ok(());
    };
    if written.shape == Shape::Suffix {
        return Ok(());
    }
    let scheme = "spiffe://";
    let starts = head.starts_with(scheme) || (written.shape == Shape::Prefix && scheme.starts_with(head));
    if !starts {
        let nearest = (!text.contains("://")).then(|| format!("{scheme}{text}"));
        return Err(complaint(
            format!("`{text}` does not begin with `{scheme}`"),
            nearest,
        ));
    }
    let trust_domain = head
        .strip_prefix(scheme)
        .unwrap_or_default()
        .split('/')
        .next()
        .unwrap_or_default();
    if trust_domain.chars().any(|c| c.is_ascii_uppercase()) {
        let nearest = text.replacen(trust_domain, &trust_domain.to_ascii_lowercase(), 1);
        return Err(complaint(
            format!("`{text}` has upper case in its trust domain"),
            Some(nearest),
        ));
    }
    let bad = written.pieces.iter().any(|piece| match piece {
        Piece::Text(text) => text
            .strip_prefix(scheme)
            .unwrap_or(text)
            .contains(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/'))),
        Piece::Variable(_) => false,
    });
    if bad {
        return Err(complaint(
            format!("`{text}` has a character that no SPIFFE ID has"),
            None,
        ));
    }
    Ok(())
}

fn service_account(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let slashes = text.matches('/').count();
    let starred = written.shape != Shape::Exact;
    if slashes == 1 || (slashes == 0 && starred) {
        return characters(text, written, SERVICE_ACCOUNT, |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '/')
        });
    }
    Err(Complaint {
        found: format!("`{text}` is not of the form `namespace/service-account`"),
        allowed: SERVICE_ACCOUNT.to_owned(),
        nearest: None,
    })
}

fn request_principal(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    if text.contains('/') || written.shape != Shape::Exact || written.is_template() {
        return Ok(());
    }
    Err(Complaint {
        found: format!("`{text}` is not of the form `issuer/subject`"),
        allowed: "`issuer/subject`, such as `https://issuer.example/*`".to_owned(),
        nearest: Some(format!("{text}/*")),
    })
}

/// Airflow imports any attribute of a module as a trigger, so a module's name with a `*` also admits
/// all that the module itself imports.
fn trigger(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    const AIRFLOW: &str = "airflow.";
    let head = match written.pieces.first() {
        Some(Piece::Text(head)) => *head,
        _ => "",
    };
    let why = match written.shape {
        Shape::Prefix if !head.is_empty() && (head.starts_with(AIRFLOW) || AIRFLOW.starts_with(head)) => {
            "all that Airflow's modules import, such as `airflow.providers.standard.hooks.subprocess.Popen`"
        }
        Shape::Suffix => "a class of this name in any module",
        _ => {
            return characters(text, written, CLASS_PATH, |c| {
                c.is_alphanumeric() || matches!(c, '_' | '.')
            });
        }
    };
    Err(Complaint {
        found: format!("`{text}` also matches {why}"),
        allowed: CLASS_PATH.to_owned(),
        nearest: None,
    })
}

const CLASS_PATH: &str = "the whole path of a class, such as \
    `airflow.providers.standard.triggers.temporal.DateTimeTrigger`, a package of your own, such as \
    `sales.triggers.*`, or `*`";

const SERVICE_ACCOUNT: &str = "`namespace/service-account`, such as `airflow/airflow-worker`";

fn method(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    const KNOWN: [&str; 9] = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    if text.chars().any(|c| c.is_ascii_lowercase()) && !written.is_template() {
        return Err(Complaint {
            found: format!("`{text}` is not upper case, as methods are"),
            allowed: list(&KNOWN),
            nearest: nearest(text, KNOWN).map(str::to_owned),
        });
    }
    Ok(())
}

fn starts_with_slash(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let complaint = |found: String, nearest: Option<String>| Complaint {
        found,
        allowed: "a path that begins with `/`, without its query".to_owned(),
        nearest,
    };
    if text.contains('?') {
        let path = text.split('?').next().unwrap_or_default();
        return Err(complaint(
            format!("`{text}` holds a query, which no path has"),
            Some(path.to_owned()),
        ));
    }
    let rooted = matches!(written.pieces.first(), Some(Piece::Text(head)) if head.starts_with('/'));
    if rooted || matches!(written.shape, Shape::Suffix | Shape::Any) {
        return Ok(());
    }
    Err(complaint(
        format!("`{text}` does not begin with `/`"),
        Some(format!("/{text}")),
    ))
}

fn host(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let port = text.rsplit_once(':').filter(|(_, port)| {
        !port.is_empty() && port.chars().all(|c| c.is_ascii_digit() || c == '*') && !text.ends_with(']')
    });
    if let Some((name, _)) = port {
        return Err(Complaint {
            found: format!("`{text}` names a port; hosts are compared without theirs"),
            allowed: "a host name, such as `api.airflow.svc.cluster.local`".to_owned(),
            nearest: Some(name.to_owned()),
        });
    }
    if text.chars().any(|c| c.is_ascii_uppercase()) && !written.is_template() {
        return Err(Complaint {
            found: format!("`{text}` has upper case; hosts are compared in lower case"),
            allowed: "a host name in lower case".to_owned(),
            nearest: Some(text.to_ascii_lowercase()),
        });
    }
    characters(
        text,
        written,
        "a host name, such as `api.airflow.svc.cluster.local`",
        |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']'),
    )
}

fn characters(
    text: &str,
    written: &Written<'_>,
    allowed: &str,
    legal: impl Fn(char) -> bool,
) -> Result<(), Complaint> {
    let bad = written.pieces.iter().find_map(|piece| match piece {
        Piece::Text(text) => text.chars().find(|c| !legal(*c)),
        Piece::Variable(_) => None,
    });
    match bad {
        None => Ok(()),
        Some(bad) => Err(Complaint {
            found: format!("`{text}` has `{}`, so it matches nothing", bad.escape_default()),
            allowed: allowed.to_owned(),
            nearest: None,
        }),
    }
}

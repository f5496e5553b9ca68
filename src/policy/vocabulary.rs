//! Checks the values of each condition, so that a value that can never match is refused at load.

use crate::caller::{Principal, Proof, id, is_namespace, is_service_account};
use crate::operation::{self, Surface};

use super::field::Field;
use super::nearest::nearest;
use super::pattern::{Piece, Shape, Written};

/// The reason why a value can never match.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) found: String,
    pub(super) allowed: String,
    pub(super) nearest: Option<String>,
}

/// Checks one pattern of one condition.
pub(super) fn check(field: Field, text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let possible = |allowed, legal: fn(char) -> bool, fits| {
        characters(text, written, allowed, legal).and_then(|()| some_fit(text, written, allowed, fits))
    };
    match field {
        Field::Proof => one_of(text, written, Proof::ALL.map(Proof::as_str)),
        Field::Surfaces => surface(text, written),
        Field::Actions => one_of(text, written, operation::Action::WORDS.iter().copied()),
        Field::Principals => principal(text, written),
        Field::RequestPrincipals => request_principal(text, written),
        Field::Namespaces => possible(
            "a Kubernetes namespace, such as `airflow`",
            |c| is_of_name(c) && c != '.',
            is_namespace,
        ),
        Field::ServiceAccounts => {
            has_account(text, written)?;
            possible(SERVICE_ACCOUNT, |c| is_of_name(c) || c == '/', is_service_account)
        }
        Field::ActingDags | Field::Dags => possible("a DAG id, such as `sales_*`", id::is_id_char, id::is_id),
        Field::ActingRuns => run(text, written),
        Field::Runs => run(text, written).and_then(|()| ends_visibly(text, written)),
        Field::ActingTasks | Field::Tasks => {
            possible("a task id, such as `extract`", id::is_id_char, id::is_id)
        }
        Field::ActingTeams | Field::Teams => {
            characters(text, written, "a team's name, such as `sales`", |c| {
                c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
            })
        }
        Field::Triggers => trigger(text, written),
        Field::Methods => method(text, written),
        Field::Paths => path(text, written),
        Field::Hosts => host(text, written),
        Field::Connections | Field::Variables | Field::Pools | Field::XcomKeys | Field::Assets => {
            ends_visibly(text, written)
        }
        Field::Claims | Field::Queues => Ok(()),
    }
}

/// Texts that may take the place of a `*`.
const FILLINGS: [&str; 8] = [
    "",
    "a",
    "/a",
    "a/a",
    "spiffe://a/a",
    "spiffe://a",
    "spiffe://",
    "spiffe",
];

/// Checks that the pattern matches a value that the reader of requests can produce; `fits` tells such values.
fn some_fit(
    text: &str,
    written: &Written<'_>,
    allowed: &str,
    fits: fn(&str) -> bool,
) -> Result<(), Complaint> {
    let body: String = written
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => *text,
            Piece::Variable(_) => "a",
        })
        .collect();
    let filled = |filling: &&str| match written.shape {
        Shape::Any => true,
        Shape::Exact => fits(&body),
        Shape::Prefix => fits(&format!("{body}{filling}")),
        Shape::Suffix => fits(&format!("{filling}{body}")),
    };
    match FILLINGS.iter().any(filled) {
        true => Ok(()),
        false => Err(complaint(format!("`{text}` matches nothing"), allowed, None)),
    }
}

fn complaint(found: String, allowed: &str, nearest: Option<String>) -> Complaint {
    Complaint {
        found,
        allowed: allowed.to_owned(),
        nearest,
    }
}

/// Checks a pattern of a closed list of words: it must match at least one of them. A template may match any,
/// because its variable is known only later.
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

/// Checks a surface. For a word of earlier releases, the error tells how a rule names these routes now.
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

pub(super) fn literal_matches(written: &Written<'_>, word: &str) -> bool {
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

const PRINCIPAL: &str = "a whole SPIFFE ID, such as `spiffe://cluster.local/ns/airflow/sa/airflow-worker`";

fn principal(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    const SCHEME: &str = "spiffe://";
    let wrong = |found, nearest| Err(complaint(found, PRINCIPAL, nearest));
    if let Some(Piece::Text(head)) = written.pieces.first()
        && written.shape != Shape::Suffix
    {
        if written.shape == Shape::Prefix && SCHEME.starts_with(head) {
            return Ok(());
        }
        if !head.starts_with(SCHEME) {
            let nearest = (!text.contains("://")).then(|| format!("{SCHEME}{text}"));
            return wrong(format!("`{text}` does not begin with `{SCHEME}`"), nearest);
        }
        let rest = head.strip_prefix(SCHEME).unwrap_or_default();
        let trust_domain = rest.split('/').next().unwrap_or_default();
        if trust_domain.contains(|c: char| c.is_ascii_uppercase()) {
            let nearest = text.replacen(trust_domain, &trust_domain.to_ascii_lowercase(), 1);
            return wrong(
                format!("`{text}` has upper case in its trust domain"),
                Some(nearest),
            );
        }
    }
    let is_principal = |text: &str| Principal::parse(text).is_ok();
    some_fit(text, written, PRINCIPAL, is_principal).map_err(|none| Complaint {
        nearest: text.strip_suffix('/').map(str::to_owned),
        ..none
    })
}

fn has_account(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let slashes = text.matches('/').count();
    match slashes == 1 || (slashes == 0 && written.shape != Shape::Exact) {
        true => Ok(()),
        false => Err(complaint(
            format!("`{text}` is not of the form `namespace/service-account`"),
            SERVICE_ACCOUNT,
            None,
        )),
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.')
}

/// Where a match refuses, spaces at the end of a value are ignored, so no value ends with one.
fn ends_visibly(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    match written.shape {
        Shape::Exact | Shape::Suffix if text.ends_with(' ') => Err(complaint(
            format!("`{text}` ends with a space, which does not count there"),
            "a name that ends with another character",
            Some(text.trim_end_matches(' ').to_owned()),
        )),
        _ => Ok(()),
    }
}

fn request_principal(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    if text.contains('/') || written.shape != Shape::Exact || written.is_template() {
        return Ok(());
    }
    Err(complaint(
        format!("`{text}` is not of the form `issuer/subject`"),
        "`issuer/subject`, such as `https://issuer.example/*`",
        Some(format!("{text}/*")),
    ))
}

/// Checks a run's id, which may have nearly every character.
fn run(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    const RUN: &str = "a run's id, such as `manual__*`";
    characters(text, written, RUN, |c| !c.is_control())
        .and_then(|()| some_fit(text, written, RUN, id::is_run_id))
}

/// Checks a trigger's class path. Airflow imports any attribute of a module as a trigger, so a module's name
/// with a `*` also admits everything that the module itself imports.
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
    Err(complaint(
        format!("`{text}` also matches {why}"),
        CLASS_PATH,
        None,
    ))
}

const CLASS_PATH: &str = "the whole path of a class, such as \
    `airflow.providers.standard.triggers.temporal.DateTimeTrigger`, a package of your own, such as \
    `sales.triggers.*`, or `*`";

const SERVICE_ACCOUNT: &str = "`namespace/service-account`, such as `airflow/airflow-worker`";

fn method(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    const KNOWN: [&str; 9] = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    // A token as in RFC 9110 §5.6.2, without lower case.
    let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "!#$%&'+-.^_`|~".contains(c);
    let is_lower = |piece: &Piece<'_>| matches!(piece, Piece::Text(text) if text.contains(|c: char| c.is_ascii_lowercase()));
    match written.pieces.iter().any(is_lower) {
        true => Err(complaint(
            format!("`{text}` is not upper case, as methods are"),
            &list(&KNOWN),
            nearest(text, KNOWN).map(str::to_owned),
        )),
        false => characters(text, written, &list(&KNOWN), legal),
    }
}

const PATH: &str = "a path that begins with `/`, without its query";

fn path(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let wrong = |found, nearest| Err(complaint(found, PATH, nearest));
    if let Some((path, _)) = text.split_once('?') {
        return wrong(
            format!("`{text}` holds a query, which no path has"),
            Some(path.to_owned()),
        );
    }
    let rooted = matches!(written.pieces.first(), Some(Piece::Text(head)) if head.starts_with('/'));
    if !rooted && !matches!(written.shape, Shape::Suffix | Shape::Any) {
        return wrong(
            format!("`{text}` does not begin with `/`"),
            Some(format!("/{text}")),
        );
    }
    if let Some(decoded) = operation::unescaped(text) {
        return wrong(
            format!("`{text}` has an escape; paths are compared decoded"),
            Some(decoded),
        );
    }
    some_fit(text, written, PATH, operation::is_path)
}

const HOST: &str = "a host name, such as `api.airflow.svc.cluster.local`";

fn host(text: &str, written: &Written<'_>) -> Result<(), Complaint> {
    let port = text.rsplit_once(':').filter(|(_, port)| {
        !port.is_empty() && port.chars().all(|c| c.is_ascii_digit() || c == '*') && !text.ends_with(']')
    });
    let (why, nearest) = if let Some((name, _)) = port {
        ("names a port; hosts are compared without theirs", name.to_owned())
    } else if text.contains(|c: char| c.is_ascii_uppercase()) && !written.is_template() {
        (
            "has upper case; hosts are compared in lower case",
            text.to_ascii_lowercase(),
        )
    } else if let Some(name) = text.strip_suffix('.').filter(|name| !name.ends_with(['.', '*'])) {
        ("ends with a dot; hosts are compared without it", name.to_owned())
    } else {
        return some_fit(text, written, HOST, operation::is_host);
    };
    Err(complaint(format!("`{text}` {why}"), HOST, Some(nearest)))
}

fn characters(
    text: &str,
    written: &Written<'_>,
    allowed: &str,
    legal: fn(char) -> bool,
) -> Result<(), Complaint> {
    let bad = written.pieces.iter().find_map(|piece| match piece {
        Piece::Text(text) => text.chars().find(|c| !legal(*c)),
        Piece::Variable(_) => None,
    });
    match bad {
        None => Ok(()),
        Some(bad) => Err(complaint(
            format!("`{text}` has `{}`, so it matches nothing", bad.escape_default()),
            allowed,
            None,
        )),
    }
}

#[cfg(test)]
mod tests;

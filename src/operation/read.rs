//! From a request line to an operation.

use std::borrow::Cow;

use super::asks::Asks;
use super::find::find;
use super::path::{self, Ambiguity, Path};
use super::{Ask, Malformed, Operation, Request, Surface};
use crate::fact::Fact;

/// What `request` asks for.
///
/// # Errors
/// A request to Airflow that two parsers could take for different ones. Elsewhere such a request
/// has an unknown path.
pub fn read<'a>(request: &Request<'a>) -> Result<Operation<'a>, Malformed> {
    let (target, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let path = match path::read(target) {
        Ok(path) => path,
        Err(ambiguity) if path::may_be_airflow(target) => return Err(Malformed::Path(ambiguity)),
        Err(_) => return Ok(not_airflow(request, Fact::Unknown)),
    };
    // What is decoded must be copied, all else is borrowed from the target.
    match &path.text {
        Cow::Borrowed(text) => classify(request, &path, query, text, Cow::Borrowed),
        Cow::Owned(text) => classify(request, &path, query, text, |piece| Cow::Owned(piece.to_owned())),
    }
}

fn classify<'a, 'p>(
    request: &Request<'a>,
    path: &Path<'a>,
    query: &'a str,
    text: &'p str,
    own: impl Fn(&'p str) -> Cow<'a, str>,
) -> Result<Operation<'a>, Malformed> {
    let Some(found) = find(request.method, text) else {
        return unrouted(request, path);
    };
    if let Some((first, last)) = path.encoded_slashes
        && !found
            .tail
            .as_ref()
            .is_some_and(|tail| tail.contains(&first) && tail.contains(&last))
    {
        return Err(Malformed::Path(Ambiguity::EncodedSlash));
    }
    let route = found.route;
    let mut asks = Asks::default();
    for (id, value) in found.ids() {
        asks.name(id, &[own(value)]);
    }
    asks.query(route.query, query)?;
    for &id in route.any {
        asks.any(id);
    }
    asks.body(route.body);
    Ok(Operation {
        surface: found.surface,
        path: Fact::Known(path.text.clone()),
        template: Some(route.template),
        any_dag: asks.any_dag(),
        asks: asks.for_actions(route.actions),
        ..not_airflow(request, Fact::Absent)
    })
}

/// A clean path that no row fits.
fn unrouted<'a>(request: &Request<'a>, path: &Path<'a>) -> Result<Operation<'a>, Malformed> {
    let encoded_slash = path.encoded_slashes.is_some();
    if !path::is_airflow(&path.text) {
        let path = if encoded_slash {
            Fact::Unknown
        } else {
            Fact::Known(path.text.clone())
        };
        return Ok(not_airflow(request, path));
    }
    if encoded_slash {
        return Err(Malformed::Path(Ambiguity::EncodedSlash));
    }
    Ok(Operation {
        surface: Surface::Unclassified,
        path: Fact::Known(path.text.clone()),
        any_dag: true,
        asks: vec![Ask {
            action: Fact::Unknown,
            dag: Fact::Unknown,
            run: Fact::Unknown,
            task: Fact::Unknown,
            connection: Fact::Unknown,
            variable: Fact::Unknown,
            pool: Fact::Unknown,
            xcom_key: Fact::Unknown,
            asset: Fact::Unknown,
        }],
        ..not_airflow(request, Fact::Absent)
    })
}

fn not_airflow<'a>(request: &Request<'a>, path: Fact<Cow<'a, str>>) -> Operation<'a> {
    Operation {
        surface: Surface::Other,
        method: request.method,
        host: without_port(request.host),
        path,
        template: None,
        any_dag: false,
        asks: vec![Ask::default()],
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

//! Classifies a request line: from method, path and query to an operation.

use std::borrow::Cow;
use std::ops::Range;

use super::access::Accesses;
use super::body::Json;
use super::fields::{self, Added};
use super::path::{self, Ambiguity, Path};
use super::route::{Id, Route};
use super::router::{Found, route_of};
use super::{Access, Action, Body, Malformed, Operation, Request, Site, Surface, deferral};
use crate::fact::Fact;

/// Classifies `request` for the Airflow at `site`.
///
/// # Errors
/// A request to Airflow that two parsers could read differently, or a request without a method or a path. A
/// request to another service that parsers could read differently is not an error: its path is unknown.
pub fn classify<'a>(request: &Request<'a>, site: &Site) -> Result<Operation<'a>, Malformed> {
    let target = target_of(request)?;
    let (target, query) = target.split_once('?').unwrap_or((target, ""));
    let path = match path::read(target) {
        Ok(path) => path,
        Err(ambiguity) if path::may_be_airflow(target, site) => return Err(Malformed::Path(ambiguity)),
        Err(_) => return Ok(other(request, target, site)),
    };
    // Decoded text must be copied; everything else is borrowed from the target.
    let (operation, routed) = match &path.text {
        Cow::Borrowed(text) => at_path(request, site, &path, query, text, Cow::Borrowed),
        Cow::Owned(text) => at_path(request, site, &path, query, text, |piece| {
            Cow::Owned(piece.to_owned())
        }),
    }?;
    if operation.surface == Surface::Other && path.encoded_slashes.is_some() {
        return Ok(other(request, target, site));
    }
    let text = path::below_base(path.text, routed);
    let path = match &text {
        // Such text comes only from an escape that a server may decode, or cut at, once more.
        Cow::Owned(text) if !path::is_plain(text) => Fact::Unknown,
        _ => Fact::Known(text),
    };
    Ok(Operation { path, ..operation })
}

/// Classifies `request` for a server that is not Airflow. The filter gives its path no meaning and does not
/// read its body.
///
/// # Errors
/// A request without a method or a path.
pub fn classify_elsewhere<'a>(request: &Request<'a>) -> Result<Operation<'a>, Malformed> {
    let target = target_of(request)?;
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    Ok(Operation {
        path: path::elsewhere(path),
        ..not_airflow(request)
    })
}

/// Classifies a path that is not Airflow's, on a port where Airflow may be.
fn other<'a>(request: &Request<'a>, path: &'a str, site: &Site) -> Operation<'a> {
    let path = path::elsewhere(path).map(|text| {
        let routed = site.below(&text).map_or(text.len(), str::len);
        path::below_base(text, routed)
    });
    Operation {
        path,
        ..not_airflow(request)
    }
}

/// The request's target.
fn target_of<'a>(request: &Request<'a>) -> Result<&'a str, Malformed> {
    // Only CONNECT has no path (RFC 9113 §8.5).
    let has_path = !request.target.is_empty() || request.method == "CONNECT";
    match request.method.is_empty() || !has_path {
        true => Err(Malformed::RequestLine),
        false => Ok(request.target),
    }
}

/// Classifies a path that every parser reads alike. Also returns the length of the part that Airflow routes.
/// The operation's path is left unknown.
fn at_path<'a, 'p>(
    request: &Request<'a>,
    site: &Site,
    path: &Path<'a>,
    query: &'a str,
    text: &'p str,
    own: impl Fn(&'p str) -> Cow<'a, str>,
) -> Result<(Operation<'a>, usize), Malformed> {
    let (routed, found) = route(request.method, text, site);
    let Some(found) = found else {
        return Ok((unrouted(request, site, path, routed)?, routed.len()));
    };
    if is_page(&found) && path.encoded_slashes.is_some() {
        return Ok((not_airflow(request), routed.len()));
    }
    if let Some((first, last)) = path.encoded_slashes {
        let base = text.len() - routed.len();
        let in_tail = |tail: &Range<usize>| {
            [first, last]
                .iter()
                .all(|slash| slash.checked_sub(base).is_some_and(|slash| tail.contains(&slash)))
        };
        if !found.tail.as_ref().is_some_and(in_tail) {
            return Err(Malformed::Path(Ambiguity::EncodedSlash));
        }
    }
    let route = found.route;
    if !route.query.is_empty() && query.contains('#') {
        return Err(Malformed::Path(Ambiguity::Fragment));
    }
    let mut accesses = Accesses::default();
    let (mut task_instance, mut callback) = (None, None);
    for (id, value) in found.ids() {
        accesses.name(id, &[own(value)]);
        match id {
            Id::TaskInstance => task_instance = Some(own(value)),
            Id::Callback => callback = Some(own(value)),
            _ => {}
        }
    }
    accesses.query(route.query, query)?;
    for &id in route.any {
        accesses.any(id);
    }
    for &id in route.beyond {
        accesses.widen(id);
    }
    if route.answer_names_dag {
        accesses.answer();
    }
    let Read {
        any_dag,
        awaits_body,
        accesses,
    } = match request.body {
        Body::Unread => whatever(route, accesses),
        body => named(route, accesses, body, task_instance.as_deref())?,
    };
    let operation = Operation {
        below_execution: is_below_execution(routed),
        template: Some(route.template),
        any_dag,
        awaits_body,
        task_instance,
        callback,
        awaits_answer: route.answer_names_dag,
        ..operation(request, found.surface, accesses)
    };
    Ok((operation, routed.len()))
}

/// The meaning of a request, as far as its body has arrived.
struct Read<'a> {
    any_dag: bool,
    awaits_body: bool,
    accesses: Vec<Access<'a>>,
}

/// Narrows `accesses` by the ids in the body. The body is parsed once, and only if its route takes something
/// from it.
fn named<'a>(
    route: &Route,
    mut accesses: Accesses<'a>,
    body: Body<'_>,
    task_instance: Option<&str>,
) -> Result<Read<'a>, Malformed> {
    let body = match route.reads_body() {
        true => body.read().map_err(Malformed::Body)?,
        false => Some(Json::Object(Vec::new())),
    };
    let Some(body) = body else {
        accesses.later(route.body);
        return Ok(Read {
            any_dag: accesses.any_dag(),
            awaits_body: true,
            accesses: accesses.for_actions(route.actions),
        });
    };
    accesses.body(route.body, &body)?;
    let Added { actions, unknown } = fields::added(route, &body);
    if unknown {
        accesses.anything();
    }
    let any_dag = accesses.any_dag();
    let mut accesses = match actions.as_slice() {
        [] => accesses.for_actions(route.actions),
        more => accesses.for_actions(&[route.actions, more].concat()),
    };
    if let Some((action, places)) = route.also {
        accesses.extend(Accesses::beside(action, places, &body)?);
    }
    if let Some(task_instance) = task_instance.filter(|_| route.defers) {
        accesses.extend(deferral::accesses(task_instance, &body));
    }
    Ok(Read {
        any_dag,
        awaits_body: false,
        accesses,
    })
}

/// Widens `accesses` to any body: all ids that the body may name are unknown, and all further actions are
/// included. A policy that allows this allows the request with any body.
fn whatever<'a>(route: &Route, mut accesses: Accesses<'a>) -> Read<'a> {
    for field in route.body {
        accesses.any(field.id);
    }
    if route.reads.is_some() {
        accesses.anything();
    }
    let any_dag = accesses.any_dag();
    let mut accesses = accesses.for_actions(route.actions);
    accesses.extend(route.further_actions().map(Fact::Known).map(anything));
    Read {
        any_dag,
        awaits_body: false,
        accesses,
    }
}

/// The part of a path that Airflow routes, and its row. Airflow 3 serves most paths both with and without its
/// base path. Applications of plugins stand below the base path too, and have no row.
fn route<'p>(method: &str, text: &'p str, site: &Site) -> (&'p str, Option<Found<'p>>) {
    let Some(below) = site.below(text) else {
        return (text, route_of(method, text, site));
    };
    let found = route_of(method, below, site);
    let page = found.as_ref().is_some_and(is_page);
    if !page && (found.is_some() || path::is_airflow(below, site)) {
        return (below, found);
    }
    // A base path can begin with the same text as a path of Airflow's, and the log servers have no base path.
    // So a page below the base path may also be a log file, and the request then accesses that.
    match route_of(method, text, site).filter(|whole| !page || !is_page(whole)) {
        Some(whole) => (text, Some(whole)),
        None => (below, found),
    }
}

fn is_page(found: &Found<'_>) -> bool {
    found.surface == Surface::Pages
}

/// Classifies a path that no row fits.
fn unrouted<'a>(
    request: &Request<'a>,
    site: &Site,
    path: &Path<'a>,
    routed: &str,
) -> Result<Operation<'a>, Malformed> {
    let Some(surface) = path::surface(routed, site) else {
        return Ok(not_airflow(request));
    };
    if path.encoded_slashes.is_some() {
        return Err(Malformed::Path(Ambiguity::EncodedSlash));
    }
    let action = surface.unclassified().map_or(Fact::Unknown, Fact::Known);
    Ok(Operation {
        below_execution: is_below_execution(routed),
        any_dag: true,
        ..operation(request, surface, vec![anything(action)])
    })
}

/// An action on any object.
fn anything<'a>(action: Fact<Action>) -> Access<'a> {
    Access {
        action,
        dag: Fact::Unknown,
        team: Fact::Unknown,
        run: Fact::Unknown,
        task: Fact::Unknown,
        connection: Fact::Unknown,
        variable: Fact::Unknown,
        pool: Fact::Unknown,
        xcom_key: Fact::Unknown,
        asset: Fact::Unknown,
        trigger: Fact::Unknown,
        queue: Fact::Unknown,
        by_uuid: false,
    }
}

fn is_below_execution(routed: &str) -> bool {
    let below = routed.strip_prefix("/execution");
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn not_airflow<'a>(request: &Request<'a>) -> Operation<'a> {
    operation(request, Surface::Other, vec![Access::default()])
}

fn operation<'a>(request: &Request<'a>, surface: Surface, accesses: Vec<Access<'a>>) -> Operation<'a> {
    Operation {
        surface,
        below_execution: false,
        method: request.method,
        host: request.host,
        path: Fact::Unknown,
        template: None,
        any_dag: false,
        awaits_body: false,
        task_instance: None,
        callback: None,
        awaits_answer: false,
        accesses,
    }
}

#[cfg(test)]
mod tests;

//! What the fields of a body add to what its route asks for.

use super::body::{Body, Json};
use super::route::Route;
use super::{Action, Malformed};

/// What a body adds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// The further actions.
    pub(super) actions: Vec<Action>,
    /// Whether it has a field that no known release reads on this route. Then the request may be for a route that a
    /// newer release has in the place of an id, and nothing that the path names is sure.
    pub(super) unknown: bool,
}

/// What `body` adds to what `route` asks for; `None` while it is to come.
pub(super) fn added(route: &Route, body: Body<'_>) -> Result<Option<Added>, Malformed> {
    if route.when.is_empty() && route.reads.is_none() {
        return Ok(Some(Added::default()));
    }
    let Some(json) = body.read().map_err(Malformed::Body)? else {
        return Ok(None);
    };
    let says = |field: &str| !matches!(json.get(field), None | Some(Json::Null | Json::False));
    let said = route.when.iter().filter(|(field, _)| says(field));
    Ok(Some(Added {
        actions: said.map(|(_, action)| *action).collect(),
        unknown: route.reads.is_some() && !json.names().all(|name| is_read(route, name)),
    }))
}

/// Whether some release reads this field on `route`.
pub(super) fn is_read(route: &Route, name: &str) -> bool {
    let reads = route.reads.into_iter().flatten().copied();
    let when = route.when.iter().map(|(field, _)| *field);
    let first = |path: &'static str| path.split(['.', '[']).next().unwrap_or(path).split('|');
    let ids = route.body.iter().flat_map(|field| first(field.path));
    reads.chain(when).chain(ids).any(|known| known == name)
}

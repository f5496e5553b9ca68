//! The accesses that the fields of a body add to those of its route.

use super::Action;
use super::body::Json;
use super::route::Route;

/// The additions of a body.
pub(super) struct Added {
    /// The further actions.
    pub(super) actions: Vec<Action>,
    /// Whether the body has a field that no known release reads on this route. The request may then be for a
    /// route that a newer release has in the place of an id, so no id in the path is certain.
    pub(super) unknown: bool,
}

/// The accesses that `body` adds to those of `route`.
pub(super) fn added(route: &Route, body: &Json<'_>) -> Added {
    let says = |field: &str| !matches!(body.get(field), None | Some(Json::Null | Json::False));
    let said = route.when.iter().filter(|(field, _)| says(field));
    Added {
        actions: said.map(|(_, action)| *action).collect(),
        unknown: route.reads.is_some() && !body.names().all(|name| is_read(route, name)),
    }
}

/// Whether some release reads this field on `route`.
pub(super) fn is_read(route: &Route, name: &str) -> bool {
    let reads = route.reads.into_iter().flatten().copied();
    let when = route.when.iter().map(|(field, _)| *field);
    let first = |path: &'static str| path.split(['.', '[']).next().unwrap_or(path).split('|');
    let ids = route.body.iter().flat_map(|field| first(field.path));
    reads.chain(when).chain(ids).any(|known| known == name)
}

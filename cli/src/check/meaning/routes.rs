//! The requests that conditions of `to` can match together, by the filter's own table of routes.

use std::sync::LazyLock;

use dagward::operation::{self, Action, Object, Row, Surface};
use dagward::policy::Field;

use super::pattern::{Pattern, Shape};
use super::view::{Condition, Entry};

/// A kind of request: a known route with one of its actions, an unknown route of a surface, or one that is not
/// Airflow's.
enum Request {
    Known(Row, Action),
    Unknown(Surface, &'static str),
    Other,
}

static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    let mut requests = vec![Request::Other];
    for row in operation::rows() {
        requests.extend(row.actions().map(|action| Request::Known(row, action)));
    }
    requests.extend(operation::prefixes().map(|(prefix, surface)| Request::Unknown(surface, prefix)));
    requests
});

/// Whether some request can match all of these conditions.
pub(super) fn can_hold_together(conditions: &[&Condition<'_>], denies: bool) -> bool {
    let fits = |request: &Request| conditions.iter().all(|condition| request.fits(condition, denies));
    // A DENY matches every unknown route, whatever it names. That is not what its author means by an action.
    let named = conditions
        .iter()
        .any(|condition| condition.field == Field::Actions && !condition.negated);
    let counts = |request: &&Request| !(denies && named && matches!(request, Request::Unknown(..)));
    REQUESTS.iter().filter(counts).any(fits)
}

/// Whether some request can match an entry, if only this pattern of one of its conditions counts.
pub(super) fn can_hold_with(entry: &Entry<'_>, narrowed: &Condition<'_>, denies: bool) -> bool {
    let conditions: Vec<&Condition<'_>> = entry
        .conditions
        .iter()
        .map(|condition| match narrowed.path == condition.path {
            true => narrowed,
            false => condition,
        })
        .collect();
    can_hold_together(&conditions, denies)
}

impl Request {
    fn fits(&self, condition: &Condition<'_>, denies: bool) -> bool {
        let matches =
            |word: &str| condition.patterns.iter().any(|pattern| pattern.matches(word)) != condition.negated;
        if let Some(object) = object(condition.field) {
            return condition.negated || self.has(object, denies);
        }
        match (condition.field, self) {
            (Field::Surfaces, Self::Known(row, _)) => matches(row.surface.as_str()),
            (Field::Surfaces, Self::Unknown(surface, _)) => matches(surface.as_str()),
            (Field::Surfaces, Self::Other) => matches(Surface::Other.as_str()),
            (Field::Actions, Self::Known(_, action)) => matches(action.as_str()),
            (Field::Actions, Self::Unknown(surface, _)) => {
                let name = format!("{}:unclassified", surface.as_str());
                matches(&name) && !condition.negated
            }
            (Field::Actions, Self::Other) => condition.negated,
            (Field::Methods, Self::Known(row, _)) => {
                let methods = [
                    row.method(),
                    if row.method() == "GET" {
                        "HEAD"
                    } else {
                        row.method()
                    },
                ];
                methods.iter().any(|method| matches(method))
            }
            (Field::Paths, Self::Known(row, _)) => condition.negated || meet(row.template(), condition),
            (Field::Paths, Self::Unknown(_, prefix)) => {
                condition.negated || meet(&format!("{prefix}/{{rest}}"), condition)
            }
            _ => true,
        }
    }

    fn has(&self, object: Object, denies: bool) -> bool {
        match self {
            Self::Known(row, action) if denies => row.is_about(*action, object),
            Self::Known(row, action) => row.can_name(*action, object),
            // An unknown route may be about any object. An ALLOW needs its name, and a DENY does not.
            Self::Unknown(..) => denies,
            Self::Other => false,
        }
    }
}

/// The kind of object that a condition is on.
fn object(field: Field) -> Option<Object> {
    Some(match field {
        Field::Dags => Object::Dag,
        Field::Tasks => Object::Task,
        Field::Connections => Object::Connection,
        Field::Variables => Object::Variable,
        Field::Pools => Object::Pool,
        Field::XcomKeys => Object::XcomKey,
        Field::Assets => Object::Asset,
        Field::Triggers => Object::Trigger,
        Field::Queues => Object::Queue,
        _ => return None,
    })
}

/// Whether some path of a template matches a condition. A server also takes the path with a slash behind it.
fn meet(template: &str, condition: &Condition<'_>) -> bool {
    let with_slash = format!("{template}/");
    let paths = [template, &with_slash].map(glyphs);
    condition.patterns.iter().any(|pattern| {
        let pattern = of_pattern(pattern);
        paths.iter().any(|path| intersect(path, &pattern))
    })
}

/// A byte, or any text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Glyph {
    Byte(u8),
    Any,
}

/// A template with each placeholder as any text, which is more than it takes.
fn glyphs(template: &str) -> Vec<Glyph> {
    let mut glyphs = Vec::new();
    let mut is_inside = false;
    for byte in template.bytes() {
        match byte {
            b'{' => is_inside = true,
            b'}' => {
                is_inside = false;
                glyphs.push(Glyph::Any);
            }
            _ if is_inside => {}
            byte => glyphs.push(Glyph::Byte(byte)),
        }
    }
    glyphs
}

fn of_pattern(pattern: &Pattern<'_>) -> Vec<Glyph> {
    let body = glyphs(pattern.body);
    let any = |shapes: &[Shape]| shapes.contains(&pattern.shape).then_some(Glyph::Any);
    any(&[Shape::Any, Shape::Suffix])
        .into_iter()
        .chain(body)
        .chain(any(&[Shape::Prefix]))
        .collect()
}

/// Whether some text matches both.
fn intersect(one: &[Glyph], other: &[Glyph]) -> bool {
    // `reached[j]`: the glyphs of `one` so far and the first `j` of `other` match some text.
    let mut reached = vec![false; other.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    skip(&mut reached, other);
    for glyph in one {
        let mut next = vec![false; reached.len()];
        let mut before = false;
        for (j, is_reached) in reached.iter().enumerate() {
            let last = j.checked_sub(1).and_then(|last| other.get(last)).copied();
            let own = match glyph {
                // Any text takes nothing, or the glyphs of `other` one by one.
                Glyph::Any => *is_reached || before,
                Glyph::Byte(byte) => {
                    let by_star = *is_reached && last == Some(Glyph::Any);
                    let by_byte = last == Some(Glyph::Byte(*byte))
                        && j.checked_sub(1).and_then(|last| reached.get(last)) == Some(&true);
                    by_star || by_byte
                }
            };
            before = own;
            if let Some(place) = next.get_mut(j) {
                *place = own;
            }
        }
        skip(&mut next, other);
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

/// A star of `other` may take nothing.
fn skip(reached: &mut [bool], other: &[Glyph]) {
    let mut before = false;
    for (j, place) in reached.iter_mut().enumerate() {
        let is_star = j.checked_sub(1).and_then(|last| other.get(last)) == Some(&Glyph::Any);
        *place |= before && is_star;
        before = *place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_and_patterns_meet() {
        let meet =
            |template: &str, pattern: &str| intersect(&glyphs(template), &of_pattern(&Pattern::of(pattern)));
        for (template, pattern) in [
            ("/api/v2/dags/{dag_id}", "/api/v2/dags/a"),
            ("/api/v2/dags/{dag_id}", "/api/v2/*"),
            ("/api/v2/dags/{dag_id}/dagRuns", "*/dagRuns"),
            ("/execution/xcoms/{a}/{b}", "/execution/xcoms/x*"),
            ("/x/{a}/y", "*"),
            ("/x", "/x*"),
        ] {
            assert!(meet(template, pattern), "{template} {pattern}");
        }
        for (template, pattern) in [
            ("/api/v2/dags/{dag_id}", "/api/v2/pools/*"),
            ("/api/v2/dags", "/api/v2/dags/a"),
            ("/api/v2/dags/{dag_id}/dagRuns", "*/taskInstances"),
            ("/x", "/"),
            ("/x/{a}", "/xy"),
        ] {
            assert!(!meet(template, pattern), "{template} {pattern}");
        }
    }
}

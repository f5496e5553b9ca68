//! Compares the ids that Airflow's routes take, in path, query and body, with those in the table.

use std::collections::BTreeSet;

use dagward_releases::routes::Served;

use super::*;

/// The kind of id that a name in the query or a body stands for, on a route below `path`. Runs are left out,
/// because a policy has no conditions on them. A task instance's pool is left out too, because it is one of
/// its traits.
fn named(name: &str, path: &str) -> Option<Id> {
    let asset = ["/asset", "/dataset", "_outlets"]
        .iter()
        .any(|part| path.contains(part));
    Some(match name {
        "dag_id" | "dag_ids" | "source_dag_id" => Id::Dag,
        "task_id" | "task_ids" | "source_task_id" => Id::Task,
        "asset_id" | "dataset_id" | "dataset_uri" => Id::Asset,
        "name" | "uri" if asset => Id::Asset,
        "connection_id" | "conn_id" => Id::Connection,
        "pool" | "name" if path.contains("/pools") => Id::Pool,
        "key" if path.contains("/variables") => Id::Variable,
        "key" if path.contains("/xcom") => Id::XcomKey,
        "variable_key" => Id::Variable,
        "xcom_key" => Id::XcomKey,
        "task_group_id" => Id::Task,
        "task_instance_id" => Id::Dag,
        _ => return None,
    })
}

/// A pattern finds every object that matches it, so the row must stand for any.
fn pattern(name: &str) -> Option<Id> {
    let pattern = name.strip_suffix("_pattern")?;
    let pattern = pattern.strip_suffix("_prefix").unwrap_or(pattern);
    match pattern {
        "dag_id" | "dag_display_name" => Some(Id::Dag),
        "task_id" | "task_display_name" => Some(Id::Task),
        "connection_id" => Some(Id::Connection),
        "variable_key" => Some(Id::Variable),
        "xcom_key" => Some(Id::XcomKey),
        _ => None,
    }
}

/// Places in bodies that look like ids but are not in the table.
const LEFT_OUT: [(&str, &str); 4] = [
    // In 3.1's document, the bodies of all bulk routes have this field, but only that of task instances reads
    // it.
    ("/api/v2/connections", "actions[].entities[].task_id"),
    ("/api/v2/pools", "actions[].entities[].task_id"),
    ("/api/v2/variables", "actions[].entities[].task_id"),
    // It must be that of the job that the path names.
    (
        "/edge_worker/v1/jobs/state/{dag_id}/{task_id}/{run_id}/{try_number}/{map_index}/{state}",
        "task_instance_id",
    ),
];

/// A route that a release serves, with its row.
pub(super) fn with_rows() -> Vec<(Release, Served, &'static Route)> {
    let mut found = Vec::new();
    for release in Release::ALL {
        let line = Line::of(release.version).unwrap();
        for served in Listing::kept(release).unwrap().routes().unwrap() {
            let mut rows = all().chain(web_pages());
            let row = rows.find(|(_, route)| {
                route.versions.include(line)
                    && route.method == served.method
                    && fits(route.template, &served.path)
            });
            found.extend(row.map(|(_, route)| (release, served, route)));
        }
    }
    found
}

/// Whether both stand for objects of one kind. An asset has a number, too.
fn same(one: Id, other: Id) -> bool {
    let asset = |id| matches!(id, Id::Asset | Id::AssetNumber);
    one == other || (asset(one) && asset(other))
}

fn names_in_path(route: &Route, id: Id) -> bool {
    segments(route.template).any(|segment| match segment {
        Segment::Value(_, named) | Segment::Tail(named) => named.is_some_and(|named| same(named, id)),
        Segment::Literal(_) => false,
    })
}

/// A field's path with each of the names that its last step has.
fn spellings(path: &str) -> impl Iterator<Item = String> {
    let (parent, names) = path
        .rsplit_once('.')
        .map_or(("", path), |(parent, names)| (parent, names));
    let dot = if parent.is_empty() { "" } else { "." };
    names.split('|').map(move |name| format!("{parent}{dot}{name}"))
}

/// Whether a filter in the query or the body can only narrow the ids of path or row: the row names the id, or
/// stands for any.
fn settled(route: &Route, id: Id) -> bool {
    names_in_path(route, id)
        || route.any.contains(&id)
        || route.beyond.contains(&id)
        || route.query.iter().any(|param| same(param.id, id))
}

#[test]
fn every_id_that_airflow_takes_is_in_the_table() {
    let mut missing = Vec::new();
    for (release, served, route) in with_rows() {
        let path = served.path.as_str();
        for name in &served.query {
            if let Some(id) = named(name, path).or_else(|| pattern(name))
                && !settled(route, id)
            {
                missing.push(format!("{}: {} {path}?{name}", release.version, served.method));
            }
        }
        for place in &served.body {
            let last = place.rsplit('.').next().unwrap().trim_end_matches("[]");
            let id = named(last, &format!("{path} {place}")).filter(|_| !LEFT_OUT.contains(&(path, place)));
            let known = |id| {
                let also = route.also.iter().flat_map(|(_, fields)| *fields);
                let mut fields = route.body.iter().chain(also);
                fields.any(|field| spellings(field.path).any(|path| path == *place))
                    || route.beyond.contains(&id)
            };
            if id.is_some_and(|id| !known(id)) {
                missing.push(format!(
                    "{}: {} {path} with `{place}`",
                    release.version, served.method
                ));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Otherwise a row would ask for an id, and wait for a body, in vain.
#[test]
fn airflow_takes_every_id_that_the_table_has() {
    let mut served = with_rows();
    // No document describes the fields of Airflow 2's web pages.
    served.retain(|(_, served, _)| served.app != "webserver" || served.path.starts_with("/api/v1/"));
    let mut taken = BTreeSet::new();
    for (_, served, route) in &served {
        let key = (route.method, route.template);
        taken.extend(served.query.iter().map(|name| (key, name.as_str())));
        taken.extend(served.body.iter().map(|place| (key, place.as_str())));
    }
    let mut unknown = Vec::new();
    for (_, _, route) in &served {
        let key = (route.method, route.template);
        let query = route.query.iter().map(|param| param.name);
        for name in query.chain(route.body.iter().map(|field| field.path)) {
            if !spellings(name).any(|name| taken.contains(&(key, name.as_str()))) {
                unknown.push(format!("{} {}: `{name}`", route.method, route.template));
            }
        }
    }
    unknown.sort();
    unknown.dedup();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// The names of a body's fields.
fn fields(served: &Served) -> impl Iterator<Item = &str> {
    let first = |place: &'_ String| place.find(['.', '[']).unwrap_or(place.len());
    served
        .body
        .iter()
        .filter_map(move |place| place.get(..first(place)))
}

/// Otherwise a body with a field that Airflow reads would count as one of an unknown route, or the filter
/// would not notice a newer route by its fields.
#[test]
fn the_fields_of_changing_bodies_are_those_that_airflow_reads() {
    let served = with_rows();
    let mut problems = BTreeSet::new();
    for (release, served, route) in &served {
        let newer = route.versions.reach_3() && served.path.starts_with("/api/v2/");
        let lists = route.template.ends_with("/list");
        if newer && !lists && served.method != "GET" && served.path.contains('{') && route.reads.is_none() {
            problems.insert(format!("{} {}: names no fields", route.method, route.template));
        }
        let unknown = |name: &&str| route.reads.is_some() && !crate::operation::fields::is_read(route, name);
        for name in fields(served).filter(unknown) {
            problems.insert(format!(
                "{}: {} {}: `{name}`",
                release.version, route.method, route.template
            ));
        }
    }
    for (_, _, route) in &served {
        let known = route
            .reads
            .into_iter()
            .flatten()
            .chain(route.when.iter().map(|(field, _)| field));
        for name in known {
            let same = |other: &&(Release, Served, &Route)| std::ptr::eq(other.2, *route);
            if !served
                .iter()
                .filter(same)
                .any(|(_, served, _)| fields(served).any(|field| field == *name))
            {
                problems.insert(format!(
                    "{} {}: no release reads `{name}`",
                    route.method, route.template
                ));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// The names of placeholders that are ids, on the routes of any release.
#[test]
fn every_id_in_a_path_is_recognised() {
    for (_, served, route) in with_rows() {
        for segment in served.path.split('/') {
            let Some((_, name)) = segment.split_once('{') else {
                continue;
            };
            let name = name.trim_end_matches('}').trim_end_matches(":path");
            let id = match name {
                "run_id" | "dag_run_id" => Some(Id::Run),
                "task_instance_id" => Some(Id::TaskInstance),
                _ => named(name, &served.path),
            };
            // FAB's roles have names, and values that are stored with tasks and assets have keys.
            let other = matches!(name, "name" | "key") && !served.path.contains("/xcoms/");
            assert!(
                other || id.is_none_or(|id| names_in_path(route, id)),
                "{} {}: `{name}`",
                served.method,
                served.path
            );
        }
    }
}

//! Templates of paths: Airflow's and dagward's differ in names, and in the number of segments that
//! a placeholder matches.

/// Whether the table's `template` matches the route `served`.
///
/// Names of placeholders do not matter. A tail, `{key:path}`, also matches one segment, as in older
/// releases of Airflow; a tail with the name `page` or `file` matches everything below.
pub fn fits(template: &str, served: &str) -> bool {
    let mut theirs = segments(served);
    for ours in segments(template) {
        if matches!(ours, "{page:path}" | "{file:path}") {
            return theirs.next().is_some();
        }
        let alike = match (theirs.next(), ours.split_once('{')) {
            (None, _) => false,
            (Some(theirs), None) => ours == theirs,
            (Some(theirs), Some((prefix, name))) => match theirs.split_once('{') {
                Some((their_prefix, their_name)) => {
                    let wider = name.ends_with(":path}") || !their_name.ends_with(":path}");
                    prefix == their_prefix && wider
                }
                None => false,
            },
        };
        if !alike {
            return false;
        }
    }
    theirs.next().is_none()
}

/// The segments of a template, without the empty one that a slash at its end adds.
fn segments(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_count_and_places_do() {
        for (template, served, expected) in [
            ("/dags/{dag_id}", "/dags/{id}", true),
            ("/dags/{dag_id}", "/dags/{id}/", true),
            ("/dags/{dag_id}", "/dags/details", false),
            ("/dags/details", "/dags/{dag_id}", false),
            ("/dags/{dag_id}", "/dags", false),
            ("/dags", "/dags/{dag_id}", false),
            ("/keys/{key:path}", "/keys/{key}", true),
            ("/keys/{key:path}/slice", "/keys/{key:path}/slice", true),
            ("/keys/{key:path}", "/keys/{key:path}/slice", false),
            ("/keys/{key}", "/keys/{key:path}", false),
            ("/log/a={a}", "/log/a={b}", true),
            ("/log/a={a}", "/log/b={a}", false),
            ("/users/{page:path}", "/users/edit/{pk}", true),
            ("/users/{page:path}", "/users/", false),
            ("/", "/", true),
        ] {
            assert_eq!(fits(template, served), expected, "{template} {served}");
        }
    }
}

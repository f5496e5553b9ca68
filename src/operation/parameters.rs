//! The names in a path that a policy cannot match, for explanations only. The filter itself does not use
//! them.

use super::Operation;
use super::route::{Id, id_named, placeholder};

impl Operation<'_> {
    /// The template's placeholders that are not ids of a policy, such as a map index or a backfill's id, with
    /// their values in the path; in the template's order.
    pub fn other_parameters(&self) -> Vec<(&'static str, String)> {
        let (Some(template), Some(path)) = (self.template, self.path.known()) else {
            return Vec::new();
        };
        let template: Vec<_> = template.split('/').collect();
        let tail = template.iter().position(|segment| segment.ends_with(":path}"));
        let behind = tail.map_or(0, |tail| template.len() - tail - 1);
        // The template begins after the base path.
        let below = path
            .split('/')
            .skip(1)
            .skip_while(|value| template.get(1) != Some(value));
        let mut values: Vec<_> = std::iter::once("").chain(below).map(str::to_owned).collect();
        if let Some(tail) = tail {
            // A tail takes all segments except those that the template has behind it.
            let end = values.len().saturating_sub(behind).max(tail);
            let taken = values.drain(tail..end).collect::<Vec<_>>().join("/");
            values.insert(tail, taken);
        }
        let pairs = template.into_iter().zip(values);
        pairs
            .filter_map(|(segment, value)| other(segment, &value))
            .collect()
    }
}

fn other(segment: &'static str, value: &str) -> Option<(&'static str, String)> {
    let (prefix, name) = placeholder(segment)?;
    let name = name.strip_suffix(":path").unwrap_or(name);
    let is_other = !name.is_empty() && matches!(id_named(name), None | Some(Id::TaskInstance | Id::Callback));
    let value = value.strip_prefix(prefix).filter(|_| is_other)?;
    Some((name, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::operation::{Body, Request, Site, classify};

    fn others(method: &str, target: &str) -> Vec<(&'static str, String)> {
        let site = Site::default().with_base_path("/airflow").unwrap();
        let request = Request {
            method,
            target,
            host: "api",
            body: Body::Pending,
        };
        classify(&request, &site).unwrap().other_parameters()
    }

    #[test]
    fn what_no_policy_asks_for_is_told() {
        let ti = "/api/v2/dags/d/dagRuns/r/taskInstances/t";
        let uuid = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";
        for (method, target, expected) in [
            ("GET", format!("{ti}/3"), vec![("map_index", "3")]),
            (
                "GET",
                format!("{ti}/3/tries/2"),
                vec![("map_index", "3"), ("task_try_number", "2")],
            ),
            (
                "GET",
                format!("{ti}/logs/2?map_index=7"),
                vec![("try_number", "2")],
            ),
            ("GET", "/api/v2/backfills/12/".into(), vec![("backfill_id", "12")]),
            (
                "GET",
                "/airflow/api/v2/backfills/12".into(),
                vec![("backfill_id", "12")],
            ),
            (
                "PATCH",
                format!("/execution/task-instances/{uuid}/run"),
                vec![("task_instance_id", uuid)],
            ),
            (
                "GET",
                "/execution/xcoms/d/r/t/a%2Fb/c/item/5".into(),
                vec![("offset", "5")],
            ),
            (
                "GET",
                format!("/execution/store/ti/{uuid}/a/b"),
                vec![("task_instance_id", uuid), ("key", "a/b")],
            ),
            ("GET", "/api/v2/dags/d".into(), vec![]),
            ("GET", "/api/v2/variables/a/b".into(), vec![]),
            ("GET", "/elsewhere/7".into(), vec![]),
        ] {
            let found = others(method, &target);
            let found: Vec<_> = found
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            assert_eq!(found, expected, "{target}");
        }
    }
}

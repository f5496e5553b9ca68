//! The parts of a request: its path, its body and its headers.

use std::sync::LazyLock;

use dagward::caller::{Credential, credential, headers, id};
use dagward::fact::Fact;
use dagward::operation::{self, Body, ENCODED_SLASH, Operation, Request, Site};
use dagward::wire::pairs;

/// The largest number of accesses of one request: 128 ids in a body, on the route with the most
/// actions.
const MAX_ACCESSES: usize = 1_024;

/// Every route on which a body may name ids.
static WITH_BODY: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let rows = operation::rows().map(|row| {
        let segments = row.template().split('/').map(|segment| {
            let end = segment.find('{').unwrap_or(segment.len());
            format!(
                "{}{}",
                &segment[..end],
                if end < segment.len() { "x" } else { "" }
            )
        });
        (row.method(), segments.collect::<Vec<_>>().join("/"))
    });
    let awaits = |(method, path): &(&str, String)| {
        classify(method, path, Body::Pending).is_some_and(|operation| operation.awaits_body)
    };
    rows.filter(awaits).collect()
});

fn classify<'a>(method: &'a str, target: &'a str, body: Body<'a>) -> Option<Operation<'a>> {
    let request = Request {
        method,
        target,
        host: "api",
        body,
    };
    let operation = operation::classify(&request, &Site::default()).ok()?;
    assert!((1..=MAX_ACCESSES).contains(&operation.accesses.len()));
    Some(operation)
}

/// Reads a request's target; returns whether it leads to a route of Airflow.
pub(crate) fn path(bytes: &[u8]) -> bool {
    let Ok(target) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut is_routed = false;
    for method in ["GET", "PATCH", "DELETE"] {
        let Some(operation) = classify(method, target, Body::Whole(&[])) else {
            continue;
        };
        is_routed |= operation.template.is_some();
        let Fact::Known(path) = &operation.path else {
            continue;
        };
        assert!(path.starts_with('/') && !path.contains(|c: char| c.is_control() && c != ENCODED_SLASH));
        if path.contains(ENCODED_SLASH) || operation.surface == operation::Surface::Other {
            continue;
        }
        // A known path has one meaning, however it is spelt.
        let spelt: String = path
            .bytes()
            .map(|byte| match byte {
                b'/' => "/".to_owned(),
                other => format!("%{other:02x}"),
            })
            .collect();
        let query = target
            .split_once('?')
            .map_or(String::new(), |(_, query)| format!("?{query}"));
        let target = format!("{spelt}{query}");
        let Some(again) = classify(method, &target, Body::Whole(&[])) else {
            panic!("{target:?} is refused")
        };
        assert_eq!(
            (&again.path, again.template),
            (&operation.path, operation.template)
        );
        assert_eq!(again.actions(), operation.actions());
    }
    is_routed
}

/// Reads a body on every route where bodies count; returns whether one of the routes accepts it.
pub(crate) fn body(bytes: &[u8]) -> bool {
    let mut is_read = false;
    for (method, path) in WITH_BODY.iter() {
        if let Some(operation) = classify(method, path, Body::Whole(bytes)) {
            assert!(!operation.awaits_body);
            is_read |= !bytes.is_empty();
        }
    }
    is_read
}

/// Reads a serialized list of headers; returns whether it names the task that its sender acts for.
pub(crate) fn headers(bytes: &[u8]) -> bool {
    let headers = pairs::read(bytes);
    let texts = headers.iter().map(|(name, value)| {
        let name = std::str::from_utf8(name).ok()?;
        Some((name, std::str::from_utf8(value).ok()?))
    });
    if let Some(texts) = texts.collect::<Option<Vec<_>>>() {
        assert_eq!(pairs::read(&pairs::write(&texts)), headers);
    }
    let _ = operation::check_headers(&headers);
    if let Credential::Task(task) = credential(&headers) {
        assert!(id::is_uuid(task.as_deref().text().as_bytes()));
    }
    if let Some(callback) = headers::callback(&headers) {
        assert!(id::is_uuid(callback.as_bytes()));
    }
    let claimed = headers::read(&headers, false);
    let believed = headers::read(&headers, true);
    for acting in [&claimed, &believed].into_iter().flatten().flatten() {
        assert!(id::is_id(&acting.dag_id));
        assert!(acting.run_id.as_deref().is_none_or(id::is_run_id));
        assert!(acting.task_id.as_deref().is_none_or(id::is_id));
    }
    // If the peer is not believed, the task is the same, and its proof is weaker or the same.
    if let (Ok(Some(claimed)), Ok(Some(believed))) = (&claimed, &believed) {
        assert_eq!(claimed.dag_id, believed.dag_id);
        assert!(claimed.proof <= believed.proof);
    }
    matches!(claimed, Ok(Some(_)))
}

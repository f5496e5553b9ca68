//! Reads log lines back as logfmt: every field, whatever the caller sent.

use super::mesh::{Proxy, bearer, task, worker};
use crate::exchange::log::pairs;

const FIELDS: [&str; 11] = [
    "dagward",
    "event",
    "request_id",
    "caller",
    "callback",
    "acting",
    "method",
    "path",
    "host",
    "code",
    "reasons",
];

/// The lines of a request, each in pairs.
fn lines(mode: &str, request: &str, headers: &[(&str, &str)]) -> Vec<Vec<(String, String)>> {
    let mut proxy = Proxy::new(mode, false);
    let token = bearer(&task(1));
    let headers = [&[("authorization", token.as_str())], headers].concat();
    proxy.exchange(worker("ml").as_ref(), request, &headers, 200, &[b"done"]);
    proxy.host.log.iter().map(|line| pairs(line)).collect()
}

#[test]
fn each_field_of_a_refusal_is_read_back() {
    let forged = "/api/v2/x\" code=allowed why_1=\"\u{1b}[2J\u{202e}";
    let long = format!("/execution/variables/{}", "%22".repeat(5_000));
    for (mode, event) in [("enforce", "refused"), ("shadow", "would_refuse")] {
        for (path, code) in [
            ("/execution/xcoms/ml_train/r/load/k", "no_rule_allows"),
            (&long, "no_rule_allows"),
        ] {
            let lines = lines(mode, &format!("GET {path}"), &[]);
            let [line] = &lines[..] else {
                panic!("{lines:?}");
            };
            let value = |name: &str| {
                let pair = line.iter().find(|pair| pair.0 == name);
                pair.map(|pair| pair.1.as_str())
            };
            let cut = path.len() > 2_048;
            assert_eq!(value("path_bytes"), cut.then_some("15021"), "{line:?}");
            let shown = value("path").unwrap().trim_end_matches('…');
            assert!(path.starts_with(shown) && (cut || path == shown), "{line:?}");
            assert_eq!(value("event"), Some(event));
            assert_eq!(value("code"), Some(code));
            assert_eq!(value("caller"), Some("spiffe://td/ns/airflow/sa/worker-ml"));
            assert_eq!((value("method"), value("host")), (Some("GET"), Some("api")));
            let reasons: usize = value("reasons").unwrap().parse().unwrap();
            let names = line.iter().map(|pair| pair.0.as_str());
            let names: Vec<_> = names.filter(|name| *name != "path_bytes").collect();
            let why: Vec<_> = (1..=reasons.min(8))
                .map(|number| format!("why_{number}"))
                .collect();
            let why: Vec<_> = why.iter().map(String::as_str).collect();
            assert!(reasons > 0);
            assert_eq!(names, [&FIELDS[..], &why].concat());
        }
        // A path that is refused for its form, with characters that could end the value and begin another.
        let lines = lines(
            mode,
            &format!("GET {forged}"),
            &[("x-airflow-dag-id", "a\" code=allowed")],
        );
        for line in &lines {
            let pairs_named = |name: &str| line.iter().filter(|pair| pair.0 == name).count();
            assert_eq!((pairs_named("code"), pairs_named("why_1")), (1, 1), "{line:?}");
            assert!(
                line.iter().any(|pair| pair.0 == "path" && pair.1 == forged),
                "{line:?}"
            );
        }
        assert!(!lines.is_empty());
    }
}

#[test]
fn a_replaced_id_is_read_back() {
    let old = "a\" request_id=forged";
    let lines = lines("observe", "GET /api/v2/version", &[("x-request-id", old)]);
    let names: Vec<_> = lines[0].iter().map(|pair| pair.0.as_str()).collect();
    assert_eq!(names, ["dagward", "event", "request_id", "old"]);
    assert_eq!(lines[0][1].1, "replaced_request_id");
    assert_eq!(lines[0][3].1, old);
}

//! The policy document.

use dagward::authorize;
use dagward::caller::Principal;
use dagward::operation::{self, Body, Request};
use dagward::policy::{self, Scope};

/// Requests of each kind: one object, several, any, an unknown route, another service.
const REQUESTS: [(&str, &str); 5] = [
    ("GET", "/execution/variables/sales_key"),
    ("GET", "/api/v2/dagStats?dag_ids=a,b,c,d,e,f"),
    ("DELETE", "/api/v2/dags/~/dagRuns/~/taskInstances"),
    ("GET", "/ui/a/new/route"),
    ("GET", "/elsewhere"),
];

/// Reads a document and decides requests by it; returns whether the document is valid.
pub(crate) fn document(bytes: &[u8]) -> bool {
    let ruleset = match policy::load(bytes) {
        Ok(ruleset) => ruleset,
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|error| !error.to_string().is_empty()));
            return false;
        }
    };
    let Ok(principal) = Principal::parse("spiffe://cluster.local/ns/airflow/sa/worker-sales") else {
        panic!("the principal is good")
    };
    for (method, target) in REQUESTS {
        let request = Request {
            method,
            target,
            host: "api",
            body: Body::Unread,
        };
        let Ok(operation) = operation::classify(&request, ruleset.site()) else {
            continue;
        };
        for principal in [Some(&principal), None] {
            let facts = authorize::facts(&ruleset, principal, None, &[], &operation);
            for scope in [Scope::Enforced, Scope::All] {
                let verdict = ruleset.decide(scope, &facts);
                assert!(!verdict.allowed || verdict.by.is_some());
                assert!(verdict.access < facts.len());
            }
        }
    }
    true
}

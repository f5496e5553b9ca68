//! `components.yaml`: each component may call the servers that it needs, and nothing else.

use dagward::authorize::Code;

use crate::asking::{
    API_SERVER, Asked, GATEWAY, HEARTBEAT, LOG, MONITORING, PAYMENTS, PROCESSOR, RUN, SALES, SCHEDULER,
    TRIGGERER, WORKER,
};
use crate::sites::everywhere;

/// One request for each thing that a component could need.
const WANTED: [&str; 10] = [
    RUN,
    HEARTBEAT,
    "GET /execution/connections/warehouse",
    "POST /execution/dag-runs/etl/r",
    "GET /api/v2/dags",
    "GET /ui/config",
    "POST /auth/token",
    "GET /",
    LOG,
    "GET /metrics",
];

#[test]
fn each_calls_what_it_needs_and_nothing_else() {
    let components = everywhere("examples/policies/components.yaml");
    let allowed: [(&str, &[usize]); 9] = [
        (WORKER, &[0, 1, 2, 3]),
        (API_SERVER, &[8]),
        (GATEWAY, &[4, 5, 6, 7, 9]),
        (MONITORING, &[9]),
        (SCHEDULER, &[]),
        (PROCESSOR, &[]),
        (TRIGGERER, &[]),
        (SALES, &[]),
        (PAYMENTS, &[]),
    ];
    for (peer, allowed) in allowed {
        for (place, request) in WANTED.iter().enumerate() {
            let refused = Asked::of(peer, request).refused(&components);
            assert_eq!(refused.is_none(), allowed.contains(&place), "{peer} {request}");
        }
        let health = Asked::of(peer, "GET /api/v2/monitor/health");
        assert_eq!(health.refused(&components), None, "{peer}");
    }
}

#[test]
fn no_allow_opens_the_api_to_parsers() {
    let components = everywhere("examples/policies/components.yaml");
    for peer in [PROCESSOR, TRIGGERER] {
        let refused = Asked::of(peer, RUN).refused(&components);
        assert_eq!(refused, Some(Code::DeniedByRule), "{peer}");
    }
}

//! The files that users copy: each loads, and its policy decides as its comments say.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod files;

use dagward::caller::Principal;
use dagward::measure::{Direction, catalog};
use dagward::operation::{Body, Request};
use dagward::policy::{self, LoadError, Mode, Ruleset};
use dagward::walk::{self, Code, Incoming, Outcome, Proxy, Token};
use files::{policy_in, stat_tags, yaml_files};

const API_SERVER: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-api-server";
const WORKER: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker";
const SALES: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales";
const FINANCE: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-finance";
const GATEWAY: &str = "spiffe://cluster.local/ns/istio-ingress/sa/gateway";
const PAYMENTS: &str = "spiffe://cluster.local/ns/billing/sa/payments";

const UUID: &str = "0192f0c1-0000-7000-8000-000000000001";

/// A request to a sidecar of `own`, as its peer's sidecar sends it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    own: &'a str,
    peer: &'a str,
    /// DAG, task and proof.
    acting: Option<[&'a str; 3]>,
    request: &'a str,
}

impl Asked<'_> {
    /// Why it is refused, or would be if all were enforced; `None` if it passes.
    fn refused(self, ruleset: &Ruleset) -> Option<Code> {
        let (own, peer) = (principal(self.own), principal(self.peer));
        let (method, target) = self.request.split_once(' ').unwrap();
        let names = ["x-airflow-dag-id", "x-airflow-task-id", "x-airflow-proof"];
        let headers: Vec<_> = self
            .acting
            .iter()
            .flat_map(|values| names.into_iter().zip(*values))
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        let incoming = Incoming {
            listener: Direction::Inbound,
            peer: Ok(Some(&peer)),
            request: Request {
                method,
                target,
                host: "airflow-api-server",
                body: Body::Whole(&[]),
            },
            headers: &headers,
            cluster: b"",
            // A task's own routes are asked for with its own token.
            token: Token {
                task: target.contains(UUID).then_some(UUID),
                ..Token::default()
            },
        };
        let proxy = Proxy {
            identity: Some(&own),
            pod: None,
        };
        match walk::walk(Some(ruleset), proxy, &incoming) {
            Outcome {
                shadow: Some((_, code)),
                ..
            } => Some(code),
            Outcome {
                code: Code::Allowed, ..
            } => None,
            Outcome { code, .. } => Some(code),
        }
    }
}

fn principal(id: &str) -> Principal {
    Principal::parse(id).unwrap()
}

/// The policy of a file.
fn ruleset(file: &str) -> Ruleset {
    let document = policy_in(file).expect(file);
    policy::load(document.as_bytes()).unwrap_or_else(|errors| {
        let errors: Vec<_> = errors.iter().map(LoadError::to_string).collect();
        panic!("{file}: {errors:#?}")
    })
}

#[test]
fn every_policy_loads() {
    let with_policy: Vec<_> = yaml_files()
        .into_iter()
        .filter(|file| policy_in(file).is_some())
        .collect();
    assert_eq!(
        with_policy,
        [
            "examples/istio/traffic-extension.yaml",
            "examples/policies/business-service.yaml",
            "examples/policies/observe-first-day.yaml",
            "examples/policies/teams-by-template.yaml",
            "wasm-plugin.yaml",
        ]
    );
    for file in with_policy {
        let ruleset = ruleset(&file);
        assert_eq!(ruleset.policies() == 0, ruleset.mode() == Mode::Observe, "{file}");
    }
}

#[test]
fn the_stat_tags_are_the_labels() {
    let mut labels: Vec<&str> = catalog::ALL
        .iter()
        .flat_map(|(_, labels)| *labels)
        .copied()
        .collect();
    let mut tags = stat_tags("examples/istio/proxy-config.yaml");
    labels.sort_unstable();
    labels.dedup();
    tags.sort_unstable();
    assert_eq!(tags, labels);
}

#[test]
fn the_plugin_lets_an_airflow_of_the_chart_work() {
    let ruleset = ruleset("wasm-plugin.yaml");
    assert_eq!(ruleset.mode(), Mode::Shadow);
    let asks = |peer, request| {
        let asked = Asked {
            own: API_SERVER,
            peer,
            acting: None,
            request,
        };
        asked.refused(&ruleset)
    };
    let run = format!("PATCH /execution/task-instances/{UUID}/run");
    for (peer, request) in [
        (WORKER, run.as_str()),
        (SALES, run.as_str()),
        (WORKER, "GET /execution/variables/region"),
        (WORKER, "POST /execution/xcoms/etl/r/extract/return_value"),
        (GATEWAY, "GET /"),
        (GATEWAY, "GET /ui/dags"),
        (GATEWAY, "POST /api/v2/dags/etl/dagRuns"),
        (GATEWAY, "POST /auth/token"),
        (API_SERVER, "GET /log/dag_id=etl/run_id=r/task_id=t/attempt=1.log"),
        (PAYMENTS, "GET /api/v2/monitor/health"),
    ] {
        assert_eq!(asks(peer, request), None, "{peer} {request}");
    }
    let triggerer = "spiffe://cluster.local/ns/airflow/sa/airflow-triggerer";
    for (peer, request, code) in [
        (WORKER, "POST /api/v2/dags/etl/dagRuns", Code::NoRuleAllows),
        (
            WORKER,
            "GET /log/dag_id=etl/run_id=r/task_id=t/attempt=1.log",
            Code::NoRuleAllows,
        ),
        (GATEWAY, run.as_str(), Code::NoRuleAllows),
        (
            PAYMENTS,
            "GET /execution/connections/warehouse",
            Code::NoRuleAllows,
        ),
        (triggerer, run.as_str(), Code::DeniedByRule),
    ] {
        assert_eq!(asks(peer, request), Some(code), "{peer} {request}");
    }
}

#[test]
fn teams_stay_with_their_own() {
    let starter = ruleset("wasm-plugin.yaml");
    let teams = ruleset("examples/policies/teams-by-template.yaml");
    let own = Some(["sales_report", "load", "pod"]);
    let cases = [
        (own, "GET /execution/xcoms/sales_daily/r/t/return_value", None),
        (own, "GET /execution/connections/sales_db", None),
        (
            own,
            "GET /execution/xcoms/ml_train/r/t/return_value",
            Some(Code::NoRuleAllows),
        ),
        (own, "GET /execution/connections/ml_db", Some(Code::NoRuleAllows)),
        (
            own,
            "POST /execution/dag-runs/ml_train/r",
            Some(Code::NoRuleAllows),
        ),
        // Another team's DAG on a worker of this team, a task that only says so itself, and none.
        (
            Some(["ml_train", "fit", "pod"]),
            "GET /execution/connections/sales_db",
            Some(Code::NoRuleAllows),
        ),
        (
            Some(["sales_report", "load", "claimed"]),
            "GET /execution/connections/sales_db",
            Some(Code::NoRuleAllows),
        ),
        (
            None,
            "GET /execution/connections/sales_db",
            Some(Code::NoRuleAllows),
        ),
    ];
    for (acting, request, code) in cases {
        let asked = Asked {
            own: API_SERVER,
            peer: SALES,
            acting,
            request,
        };
        for ruleset in [&starter, &teams] {
            assert_eq!(asked.refused(ruleset), code, "{acting:?} {request}");
        }
    }
    let shared = Asked {
        own: API_SERVER,
        peer: SALES,
        acting: None,
        request: "GET /execution/variables/shared_region",
    };
    assert_eq!(shared.refused(&teams), None);
    // The try-out policy counts, and does not refuse.
    let trigger = Asked {
        acting: own,
        request: "POST /execution/dag-runs/sales_daily/r",
        ..shared
    };
    assert_eq!(trigger.refused(&teams), Some(Code::DeniedByRule));
    assert_eq!(trigger.refused(&starter), None);
}

#[test]
fn one_task_books_payments() {
    let ruleset = ruleset("examples/policies/business-service.yaml");
    let asks = |peer, acting, request| {
        let asked = Asked {
            own: PAYMENTS,
            peer,
            acting,
            request,
        };
        asked.refused(&ruleset)
    };
    let book = "POST /v1/payments";
    let booking = Some(["finance_daily", "book_payments", "pod"]);
    assert_eq!(asks(FINANCE, booking, book), None);
    let report = Some(["finance_daily", "report", "pod"]);
    assert_eq!(asks(FINANCE, report, "GET /v1/payments/7"), None);
    let shop = "spiffe://cluster.local/ns/shop/sa/web";
    assert_eq!(asks(shop, None, book), None);
    let claimed = Some(["finance_daily", "book_payments", "claimed"]);
    let other = Some(["finance_other", "book_payments", "pod"]);
    for (peer, acting) in [
        (FINANCE, report),
        (FINANCE, claimed),
        (FINANCE, other),
        (FINANCE, None),
        // Not a stamper: what it says of itself does not count.
        (SALES, booking),
        (GATEWAY, booking),
    ] {
        assert_eq!(
            asks(peer, acting, book),
            Some(Code::NoRuleAllows),
            "{peer} {acting:?}"
        );
    }
}

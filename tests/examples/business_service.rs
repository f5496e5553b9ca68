//! `business-service.yaml`: one task may book, its DAG may look, and the shop may pay.

use dagward::authorize::Code;
use serde_json::json;

use crate::asking::{Asked, FINANCE, GATEWAY, PAYMENTS, SALES};
use crate::files::policy_in;
use crate::sites::{Sites, everywhere};

#[test]
fn one_task_books_payments() {
    let ruleset = everywhere("examples/policies/business-service.yaml");
    let asks = |peer, acting, request| {
        let asked = Asked {
            own: PAYMENTS,
            acting,
            ..Asked::of(peer, request)
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
        // This caller is not a stamper: its task headers do not count.
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

/// A path of the service can begin like one of Airflow's, and have names that Airflow does not allow.
#[test]
fn its_paths_are_its_own() {
    let mut document = policy_in("examples/policies/business-service.yaml").unwrap();
    let shop = "spiffe://cluster.local/ns/shop/sa/web";
    let lineage = "POST /api/v1/namespaces/s3%3A%2F%2Fbucket/datasets/orders";
    let asked = Asked {
        own: PAYMENTS,
        body: "a=form",
        ..Asked::of(shop, lineage)
    };
    assert_eq!(asked.refused(&Sites::of(&document)), Some(Code::NoRuleAllows));
    document["policies"][2]["rules"][0]["to"][0]["paths"] = json!(["/api/v1/namespaces/*"]);
    assert_eq!(asked.refused(&Sites::of(&document)), None);
    for elsewhere in [
        "POST /api/v1/namespaces/..%2Fadmin",
        "POST /api/v1/namespaces%2Fs3",
    ] {
        let asked = Asked {
            request: elsewhere,
            ..asked
        };
        assert_eq!(
            asked.refused(&Sites::of(&document)),
            Some(Code::NoRuleAllows),
            "{elsewhere}"
        );
    }
}

//! `business-service.yaml`: one task books, its DAG looks, the shop pays.

use dagward::walk::Code;

use crate::asking::{Asked, FINANCE, GATEWAY, PAYMENTS, SALES};
use crate::sites::everywhere;

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

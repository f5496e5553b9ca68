//! The request's body: held only if the decision needs it.

use super::life::Life;
use super::mesh::{Proxy, worker};
use crate::exchange::Flow;
use crate::operation::MAX_BODY_BYTES;

const POLICY: &str = r#"{"apiVersion":"dagward/v1","policies":[
  {"name":"sales","action":"ALLOW","rules":[{
    "from":[{"principals":["spiffe://td/ns/airflow/sa/worker-sales"]}],
    "to":[{"dags":["sales_*"]}]}]}]}"#;

/// The body names the DAGs.
const LIST: &str = "POST /api/v2/dags/~/dagRuns/list";

const OWN: &[u8] = br#"{"dag_ids":["sales_daily"]}"#;
const OTHER: &[u8] = br#"{"dag_ids":["sales_daily","finance_daily"]}"#;

fn proxy() -> Proxy {
    Proxy::new("enforce", false).under(POLICY)
}

/// A request whose body decides, after its headers have passed.
fn begun(proxy: &mut Proxy) -> Life<'_> {
    let (life, flow) = proxy.begin(worker("sales").as_ref(), LIST, &[], false);
    assert_eq!(flow, Flow::GoOn);
    life
}

fn no_rule() -> Option<(u16, String)> {
    Some((403, "no_rule_allows".to_owned()))
}

#[test]
fn the_body_that_decides_is_held_until_all_of_it_is_there() {
    for (body, flow, refused) in [(OWN, Flow::GoOn, None), (OTHER, Flow::Hold, no_rule())] {
        let mut proxy = proxy();
        let mut life = begun(&mut proxy);
        for size in [0, 1, body.len()] {
            assert_eq!(life.request_body(Some(&body[..size]), size, false), Flow::Hold);
            assert_eq!(life.refused(), None);
        }
        assert_eq!(life.request_body(Some(body), body.len(), true), flow);
        assert_eq!(life.refused(), refused);
        let code = refused.map_or("allowed", |_| "no_rule_allows");
        assert_eq!(life.host.properties["dagward_decision"], code);
        let traffic = life.exchange.traffic("", life.host).unwrap();
        let headers = ":method:path:authorityPOSTapi".len() + LIST.len() - "POST ".len();
        assert_eq!(traffic.request_bytes, (headers + body.len()) as u64);
    }
}

#[test]
fn trailers_end_the_body_that_decides() {
    for (body, flow, refused) in [(OWN, Flow::GoOn, None), (OTHER, Flow::Hold, no_rule())] {
        let mut proxy = proxy();
        let mut life = begun(&mut proxy);
        assert_eq!(life.request_body(Some(body), body.len(), false), Flow::Hold);
        assert_eq!(life.request_trailers(), flow);
        assert_eq!(life.refused(), refused);
    }
    // A body without any bytes is empty and names no DAG, so it means all of them.
    let mut proxy = proxy();
    let mut life = begun(&mut proxy);
    assert_eq!(life.request_trailers(), Flow::Hold);
    assert_eq!(life.refused(), no_rule());
}

#[test]
fn a_body_that_cannot_be_read_is_refused_as_soon_as_that_is_known() {
    let malformed = Some((403, "malformed_body".to_owned()));
    let long = MAX_BODY_BYTES + 1;
    for (body, size, end) in [
        (Some(&b"no JSON"[..]), 7, true),
        (None, 7, true),
        (None, long, true),
        (None, long, false),
    ] {
        let mut proxy = proxy();
        let mut life = begun(&mut proxy);
        assert_eq!(life.request_body(body, size, end), Flow::Hold);
        assert_eq!(life.refused(), malformed, "{size} {end}");
    }
}

#[test]
fn a_body_that_decides_nothing_is_not_held() {
    let xcom = "POST /execution/xcoms/sales_daily/r/load/k";
    let mut proxy = proxy();
    let (mut life, flow) = proxy.begin(worker("sales").as_ref(), xcom, &[], false);
    assert_eq!(flow, Flow::GoOn);
    let before = life.exchange.traffic("", life.host).unwrap().request_bytes;
    // The filter does not ask the proxy for it.
    assert_eq!(life.request_body(None, 1_000, false), Flow::GoOn);
    assert_eq!(life.request_body(None, 500, true), Flow::GoOn);
    assert_eq!(life.request_trailers(), Flow::GoOn);
    let traffic = life.exchange.traffic("", life.host).unwrap();
    assert_eq!(traffic.request_bytes, before + 1_500);
}

#[test]
fn nothing_of_a_request_that_is_refused_at_its_headers_goes_on() {
    let mut proxy = proxy();
    let other = "POST /api/v2/dags/finance_daily/dagRuns/r/clear";
    let (mut life, flow) = proxy.begin(worker("sales").as_ref(), other, &[], false);
    assert_eq!(flow, Flow::Hold);
    assert_eq!(life.refused(), no_rule());
    assert_eq!(life.request_body(Some(OWN), OWN.len(), true), Flow::Hold);
    assert_eq!(life.request_trailers(), Flow::Hold);
    // It is refused once.
    assert_eq!(life.refused(), None);
}

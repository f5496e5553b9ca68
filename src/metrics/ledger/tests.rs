use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;

use super::super::host::Kind;
use super::super::testing::{Proxy, Vm};
use super::*;

fn allowed<'a>(dag_id: &'a str, task_id: &'a str) -> Traffic<'a> {
    Traffic {
        direction: Direction::Inbound,
        caller: "spiffe://cluster.local/ns/airflow/sa/worker",
        dag_id,
        task_id,
        proven: true,
        action: "dag_run:read",
        decision: Decision::Allow,
        status: 200,
        request_bytes: 10,
        response_bytes: 20,
        duration_ms: 5,
        denied: None,
        shadow_denied: None,
    }
}

fn denied(dag_id: &str) -> Traffic<'_> {
    Traffic {
        decision: Decision::Deny,
        status: 403,
        denied: Some(("teams", "no_match")),
        ..allowed(dag_id, "t")
    }
}

fn stat(vm: &Vm, name: &str) -> Option<u64> {
    vm.proxy.borrow().stats.get(name).map(|(_, value)| *value)
}

/// The sum over all series whose name begins with `start` and contains `contains`.
fn sum(vm: &Vm, start: &str, contains: &str) -> u64 {
    let proxy = vm.proxy.borrow();
    let matching = proxy
        .stats
        .iter()
        .filter(|(name, _)| name.starts_with(start) && name.contains(contains));
    matching.map(|(_, (_, value))| value).sum()
}

/// The label sets of `dagward_requests_total`, without `__other__`.
fn label_sets(vm: &Vm) -> usize {
    let is_own = |name: &&String| name.starts_with("dagward_requests_total.") && !name.contains(OTHER);
    vm.proxy.borrow().stats.keys().filter(is_own).count()
}

#[test]
fn a_request_adds_to_each_of_its_series_once() {
    let (mut ledger, mut vm) = (Ledger::default(), Vm::default());
    ledger.record(&allowed("etl", "load"), &mut vm);
    ledger.record(&allowed("etl", "load"), &mut vm);
    let expected = [
        (
            "dagward_request_bytes_total.direction=.=inbound;.;dag_id=.=etl;.;task_id=.=load;.;",
            Kind::Counter,
            20,
        ),
        (
            "dagward_request_duration_milliseconds.direction=.=inbound;.;dag_id=.=etl;.;",
            Kind::Histogram,
            2,
        ),
        (
            "dagward_requests_total.direction=.=inbound;.;caller=.=spiffe://cluster.local/ns/airflow/sa/worker;.;\
             dag_id=.=etl;.;task_id=.=load;.;action=.=dag_run:read;.;decision=.=allow;.;code_class=.=2xx;.;",
            Kind::Counter,
            2,
        ),
        (
            "dagward_response_bytes_total.direction=.=inbound;.;dag_id=.=etl;.;task_id=.=load;.;",
            Kind::Counter,
            40,
        ),
    ];
    let stats = vm.proxy.borrow().stats.clone();
    let stats: Vec<_> = stats
        .iter()
        .map(|(name, (kind, value))| (name.as_str(), *kind, *value))
        .collect();
    assert_eq!(stats, expected);
}

#[test]
fn denials_are_counted_by_policy_and_reason() {
    let (mut ledger, mut vm) = (Ledger::default(), Vm::default());
    ledger.record(&denied("etl"), &mut vm);
    ledger.record(
        &Traffic {
            shadow_denied: Some(("", "no_match")),
            ..allowed("etl", "load")
        },
        &mut vm,
    );
    assert_eq!(
        stat(&vm, "dagward_denied_total.policy=.=teams;.;reason=.=no_match;.;"),
        Some(1)
    );
    assert_eq!(
        stat(
            &vm,
            "dagward_shadow_denied_total.policy=.=;.;reason=.=no_match;.;"
        ),
        Some(1)
    );
}

#[test]
fn adds_no_bytes_where_there_are_none() {
    let (mut ledger, mut vm) = (Ledger::default(), Vm::default());
    ledger.record(
        &Traffic {
            request_bytes: 0,
            response_bytes: 0,
            ..allowed("etl", "load")
        },
        &mut vm,
    );
    assert_eq!(sum(&vm, "dagward_request_bytes_total", ""), 0);
    assert_eq!(sum(&vm, "dagward_requests_total", ""), 1);
}

/// A ledger of 80 label sets. 60 are for proven series, and one caller may have 40 of these. 20 are for all
/// others; one caller may have 5 of these, and 2 with its own claims.
fn small() -> Ledger {
    Ledger::new(80)
}

fn names(start: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{start}-{number}")).collect()
}

fn claimed<'a>(caller: &'a str, dag_id: &'a str) -> Traffic<'a> {
    Traffic {
        caller,
        proven: false,
        ..allowed(dag_id, "t")
    }
}

/// Whether a request of this DAG is counted under it.
fn is_own(vm: &Vm, dag_id: &str) -> bool {
    sum(vm, "dagward_requests_total", &format!("dag_id=.={dag_id};.;")) > 0
}

#[test]
fn over_the_cap_requests_count_as_other() {
    let (mut ledger, mut vm) = (small(), Vm::default());
    for _twice in 0..2 {
        for dag in names("dag", 45) {
            ledger.record(&allowed(&dag, "t"), &mut vm);
        }
    }
    assert_eq!(stat(&vm, "dagward_series_dropped_total"), Some(10));
    let other =
        "caller=.=spiffe://cluster.local/ns/airflow/sa/worker;.;dag_id=.=__other__;.;task_id=.=__other__;.;";
    assert_eq!(sum(&vm, "dagward_requests_total", other), 10);
    let bytes = sum(
        &vm,
        "dagward_request_bytes_total",
        "dag_id=.=__other__;.;task_id=.=__other__;.;",
    );
    assert_eq!(bytes, 100);
    assert_eq!(
        sum(&vm, "dagward_requests_total", ""),
        90,
        "every request counts once"
    );
}

#[test]
fn ids_that_are_only_claimed_take_a_small_share_of_the_callers_own() {
    let (mut ledger, mut vm) = (small(), Vm::default());
    for dag in names("forged", 500) {
        ledger.record(&claimed("thief", &dag), &mut vm);
    }
    let of_thief = |label: &str| {
        sum(
            &vm,
            "dagward_requests_total",
            &format!("caller=.=thief;.;{label}"),
        )
    };
    assert_eq!(
        (of_thief("dag_id=.=forged"), of_thief("dag_id=.=__other__")),
        (2, 498)
    );
    assert_eq!(label_sets(&vm), 2);

    // This affects neither the claims of other callers nor proven series.
    ledger.record(&claimed("honest", "claimed"), &mut vm);
    for task in names("task", 40) {
        ledger.record(&allowed("proven", &task), &mut vm);
    }
    assert!(is_own(&vm, "claimed"));
    assert_eq!(label_sets(&vm), 2 + 1 + 40);
}

#[test]
fn no_caller_takes_the_series_of_another_by_what_it_asks_for() {
    let (mut ledger, mut vm) = (small(), Vm::default());
    let actions = names("action", 100);
    for (number, action) in actions.iter().enumerate() {
        for decision in [Decision::Allow, Decision::Deny, Decision::Malformed] {
            let traffic = Traffic {
                action,
                decision,
                status: [200, 403, 500][number % 3],
                proven: number % 2 == 0,
                dag_id: "",
                task_id: "",
                ..claimed("busy", "")
            };
            ledger.record(&traffic, &mut vm);
        }
    }
    let of_busy = sum(&vm, "dagward_requests_total", "caller=.=busy;.;");
    assert!(of_busy < 60, "{of_busy}");
    ledger.record(
        &Traffic {
            dag_id: "",
            task_id: "",
            ..claimed("quiet", "")
        },
        &mut vm,
    );
    ledger.record(&denied("quiet"), &mut vm);
    assert_eq!(sum(&vm, "dagward_requests_total", "caller=.=quiet;.;"), 1);
    assert!(is_own(&vm, "quiet"));
}

#[test]
fn no_caller_takes_all_that_is_proven_by_having_many_dags() {
    let (mut ledger, mut vm) = (small(), Vm::default());
    for dag in names("generated", 500) {
        ledger.record(&allowed(&dag, "t"), &mut vm);
    }
    for dag in names("other", 20) {
        let traffic = Traffic {
            caller: "spiffe://cluster.local/ns/airflow/sa/other",
            ..allowed(&dag, "t")
        };
        ledger.record(&traffic, &mut vm);
        assert!(is_own(&vm, &dag), "{dag}");
    }
}

#[test]
fn callers_without_number_leave_what_is_proven_alone() {
    let (mut ledger, mut vm) = (small(), Vm::default());
    for caller in names("caller", 500) {
        ledger.record(&claimed(&caller, "x"), &mut vm);
        ledger.record(
            &Traffic {
                decision: Decision::Deny,
                ..claimed(&caller, "y")
            },
            &mut vm,
        );
    }
    assert_eq!(label_sets(&vm), 20);
    let (keys, rooms) = (vm.proxy.borrow().stored(), 20);
    assert!(keys <= 3 * 20 + rooms + 2, "{keys} keys");
    for task in names("task", 40) {
        ledger.record(&allowed("proven", &task), &mut vm);
    }
    assert_eq!(label_sets(&vm), 20 + 40);
}

#[test]
fn a_flood_of_forged_ids_leaves_what_is_allowed_to_others() {
    let (mut ledger, mut vm) = (small(), Vm::default());
    for (n, dag) in names("forged", 500).iter().enumerate() {
        let decision = [Decision::Deny, Decision::Malformed][n % 2];
        ledger.record(
            &Traffic {
                decision,
                ..denied(dag)
            },
            &mut vm,
        );
    }
    assert_eq!(label_sets(&vm), 5);
    for task in names("task", 40) {
        ledger.record(&allowed("honest", &task), &mut vm);
    }
    assert_eq!(label_sets(&vm), 5 + 40);
}

#[test]
fn memory_is_bounded_under_a_flood() {
    let (mut ledger, mut vm) = (small(), Vm::default());
    for n in 0..1_000 {
        ledger.record(&denied(&format!("forged-{n}")), &mut vm);
    }
    assert!(ledger.remembered.len() <= 160, "{}", ledger.remembered.len());
    let (defined, remembered) = (vm.defined(), ledger.remembered.len());
    ledger.record(&denied(&"x".repeat(8_192)), &mut vm);
    assert_eq!((vm.defined(), ledger.remembered.len()), (defined, remembered));
}

#[test]
fn shows_the_configuration_in_force() {
    let (mut ledger, mut vm) = (Ledger::default(), Vm::default());
    for status in ["ok", "refused", "ok"] {
        ledger.configured("enforce", status, "proxy", &mut vm);
    }
    let name = |status| {
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "dagward_config_info.version=.={version};.;mode=.=enforce;.;status=.={status};.;signatures=.=proxy;.;"
        )
    };
    assert_eq!(
        (stat(&vm, &name("ok")), stat(&vm, &name("refused"))),
        (Some(1), Some(0))
    );
}

#[test]
fn an_answer_without_status_has_no_class() {
    assert_eq!(
        [0, 99, 100, 204, 403, 599, 600].map(|status| Traffic {
            status,
            ..allowed("", "")
        }
        .code_class()),
        ["", "", "1xx", "2xx", "4xx", "5xx", ""]
    );
}

type Sent = (u8, u8, bool, bool, bool, u8);

fn traffic() -> impl Strategy<Value = Vec<Sent>> {
    let proven = any::<bool>();
    let sent = (0..12_u8, 0..3_u8, any::<bool>(), any::<bool>(), proven, 0..4_u8);
    proptest::collection::vec(sent, 0..100)
}

/// The counts of a proxy with `vms` VMs.
fn counts(sent: &[Sent], vms: u8) -> Vec<(String, u64)> {
    let proxy = Rc::new(RefCell::new(Proxy::default()));
    let mut workers: Vec<_> = (0..vms).map(|_| (Ledger::new(48), Vm::of(&proxy))).collect();
    for (dag, task, deny, shadow, proven, vm) in sent {
        let (dag, task) = (format!("dag-{dag}"), format!("task-{task}"));
        let (ledger, vm) = &mut workers[usize::from(vm % vms)];
        let base = if *deny { denied(&dag) } else { allowed(&dag, &task) };
        let shadow_denied = shadow.then_some(("shadow", "no_match"));
        ledger.record(
            &Traffic {
                shadow_denied,
                proven: *proven,
                ..base
            },
            vm,
        );
    }
    let proxy = proxy.borrow();
    proxy
        .stats
        .iter()
        .map(|(name, (_, value))| (name.clone(), *value))
        .collect()
}

proptest! {
    #[test]
    fn many_vms_count_as_one(sent in traffic()) {
        prop_assert_eq!(counts(&sent, 4), counts(&sent, 1));
    }
}

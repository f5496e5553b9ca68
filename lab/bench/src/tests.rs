use serde_json::Value;

use super::*;

/// Every measurement runs and has its row. The test does not check the numbers, as other tests run
/// at the same time.
#[test]
fn a_quick_run_has_every_row() {
    let (findings, path) = run(Effort::QUICK).unwrap();
    let written: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let rows: Vec<String> = written["findings"]["proxies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {}", row["filter"].as_str().unwrap(), row["rules"]))
        .collect();
    assert_eq!(
        rows,
        [
            "none null",
            "empty null",
            "dagward 10",
            "dagward 1000",
            "dagward 10000",
            "lua 10000",
            "rbac 10",
            "rbac 1000",
            "rbac 10000"
        ]
    );
    let numbers = [
        "/module_bytes",
        "/loading/vm_ms",
        "/loading/linear_bytes_per_vm",
        "/tokens/unread_us",
    ];
    for number in numbers {
        let value = written["findings"].pointer(number).unwrap();
        assert!(
            value.as_f64().is_some_and(|value| value > 0.0),
            "{number}: {value}"
        );
    }
    let table = findings.to_string();
    assert!(table.contains("| dagward, 10,000 rules |"), "{table}");
    assert!(table.contains("| RS256 | the proxy |"), "{table}");
    let budgets = written["budgets"].as_array().unwrap().len();
    match &written["findings"]["instructions"] {
        Value::Null => {
            assert!(table.contains("apt-get install valgrind"), "{table}");
            assert_eq!(budgets, 9);
        }
        counted => {
            assert_eq!(
                counted.as_array().unwrap().len(),
                11 + 2 + 2 + 1 + 16,
                "{counted}"
            );
            assert_eq!(budgets, 10);
        }
    }
}

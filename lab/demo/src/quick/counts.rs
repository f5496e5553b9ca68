//! The metrics as tables: one for each metric, a column for each label.

use std::collections::BTreeMap;

use dagward_testbed::admin::Sample;
use dagward_workbench::table::Table;

/// The most informative metrics come first, all others follow.
const FIRST: [&str; 2] = ["dagward_requests_total", "dagward_denied_total"];

/// The order of the labels' columns.
const LABELS: [&str; 8] = [
    "direction",
    "caller",
    "dag_id",
    "task_id",
    "action",
    "decision",
    "policy",
    "reason",
];

/// The last part of an identity, which distinguishes it from the others.
pub(super) fn account(principal: &str) -> String {
    let workload = principal.strip_prefix("spiffe://cluster.local/ns/");
    match workload.and_then(|rest| rest.split_once("/sa/")) {
        Some(("airflow", account)) => account.to_owned(),
        Some((namespace, account)) => format!("{namespace}/{account}"),
        None => principal.to_owned(),
    }
}

/// Every metric with its table; samples of several proxies are added up.
pub(super) fn tables(samples: &[Sample]) -> Vec<(&str, Table)> {
    let mut metrics: BTreeMap<_, BTreeMap<_, f64>> = BTreeMap::new();
    // The buckets of a histogram are not readable in a table.
    for sample in samples.iter().filter(|sample| !sample.name.ends_with("_bucket")) {
        let name = sample.name.as_str();
        let series = metrics.entry((place(&FIRST, name), name)).or_default();
        *series.entry(ordered(&sample.labels)).or_default() += sample.value;
    }
    metrics
        .into_iter()
        .map(|((_, name), series)| (name, table(&series)))
        .collect()
}

/// A series: its labels with their values, in order.
type Labels<'s> = Vec<(usize, &'s str, &'s str)>;

fn ordered(labels: &BTreeMap<String, String>) -> Labels<'_> {
    let mut ordered: Vec<_> = labels
        .iter()
        .map(|(name, value)| (place(&LABELS, name), name.as_str(), value.as_str()))
        .collect();
    ordered.sort_unstable();
    ordered
}

fn place(order: &[&str], name: &str) -> usize {
    order
        .iter()
        .position(|known| *known == name)
        .unwrap_or(order.len())
}

fn table(series: &BTreeMap<Labels<'_>, f64>) -> Table {
    let labels = series.keys().next().into_iter().flatten();
    let mut table = Table::plain(labels.map(|(_, name, _)| *name).chain(["value"]));
    for (values, value) in series {
        let cells = values.iter().map(|(_, _, value)| match *value {
            "" => "-".to_owned(),
            value => account(value),
        });
        table.row(cells.chain([format!("{}", (value * 10.0).round() / 10.0)]));
    }
    table
}

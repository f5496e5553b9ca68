//! The table of metrics in `docs/metrics.md`.

use dagward::metrics::{Kind, catalog};

use crate::region::{assert_region, table};

#[test]
fn the_table_of_metrics_is_the_catalogue() {
    let rows: Vec<_> = catalog::ALL
        .iter()
        .map(|(name, kind, labels)| {
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            let kind = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            vec![format!("`{name}`"), kind.to_owned(), labels.join(", ")]
        })
        .collect();
    assert_region(
        "docs/metrics.md",
        "metrics",
        &table(&["metric", "kind", "labels"], &rows),
    );
}

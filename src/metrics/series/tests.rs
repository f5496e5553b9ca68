use std::collections::BTreeMap;

use proptest::prelude::*;
use regex::Regex;

use super::super::catalog::*;
use super::*;

/// Those of Istio's regular expressions that could match a name of dagward: the tag's name, the expression.
/// The others are anchored at the start of Envoy's own names.
const BUILT_IN: [(&str, &str); 10] = [
    ("cache", r"(cache\.(.+?)\.)"),
    ("component", r"(component\.(.+?)\.)"),
    ("tag", r"(tag\.(.+?);\.)"),
    ("wasm_filter", r"(wasm_filter\.(.+?)\.)"),
    ("response_code", r"_rq(_([0-9]{3}))$"),
    ("response_code_class", r"_rq(_([0-9]xx))$"),
    ("authz_enforce_result", r"rbac(\.(allowed|denied))"),
    ("authz_dry_run_action", r"(\.istio_dry_run_(allow|deny)_)"),
    ("authz_dry_run_result", r"(\.shadow_(allowed|denied))"),
    ("response_code", r"(response_code=\.=(.+?);\.;)"),
];

fn labels() -> Vec<&'static str> {
    let mut labels: Vec<_> = ALL
        .iter()
        .flat_map(|(_, _, labels)| labels.iter().copied())
        .collect();
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// Envoy's tag extraction. Each expression is searched in the whole name, and only its first match counts.
/// Group 1 is removed from the name, and group 2 is the tag's value.
struct Extraction {
    expressions: Vec<(&'static str, Regex)>,
}

impl Extraction {
    fn new() -> Self {
        let built_in = BUILT_IN
            .iter()
            .map(|(tag, expression)| (*tag, (*expression).to_owned()));
        let extra = labels()
            .into_iter()
            .map(|label| (label, format!(r"({label}=\.=(.*?);\.;)")));
        let compile = |(tag, expression): (&'static str, String)| (tag, Regex::new(&expression).unwrap());
        Self {
            expressions: built_in.chain(extra).map(compile).collect(),
        }
    }

    fn extract(&self, series: &str) -> (String, BTreeMap<&'static str, String>) {
        let full = format!("wasmcustom.{series}");
        let mut kept = vec![true; full.len()];
        let mut tags = BTreeMap::new();
        for (tag, expression) in &self.expressions {
            let Some(found) = expression.captures(&full) else {
                continue;
            };
            kept[found.get(1).unwrap().range()].fill(false);
            tags.insert(*tag, found[2].to_owned());
        }
        let name = full
            .bytes()
            .zip(kept)
            .filter(|(_, kept)| *kept)
            .map(|(byte, _)| byte)
            .collect();
        (String::from_utf8(name).unwrap(), tags)
    }
}

fn assert_extracts<const N: usize>(extraction: &Extraction, metric: &Metric<N>, values: [&str; N]) {
    let (name, tags) = extraction.extract(&metric.series(values));
    let escaped = values.map(|value| escape(value).into_owned());
    let expected: BTreeMap<_, _> = metric.labels.into_iter().zip(escaped).collect();
    assert_eq!(tags, expected);
    let dot = if N == 0 { "" } else { "." };
    assert_eq!(name, format!("wasmcustom.{}{dot}", metric.name));
}

#[test]
fn names_are_in_istios_form() {
    assert_eq!(
        DENIED.series(["a", ""]),
        "dagward_denied_total.policy=.=a;.;reason=.=;.;"
    );
    assert_eq!(SERIES_DROPPED.series([]), "dagward_series_dropped_total");
}

#[test]
fn no_label_ends_with_another_and_none_is_a_tag_of_istio() {
    let labels = labels();
    for one in &labels {
        for other in &labels {
            assert!(
                one == other || !one.ends_with(other),
                "`{one}` ends with `{other}`"
            );
        }
        assert!(
            BUILT_IN.iter().all(|(tag, _)| tag != one),
            "`{one}` is a tag of Istio's"
        );
    }
}

#[test]
fn metrics_have_names_of_prometheus_of_their_own() {
    let mut names = ALL.map(|(name, _, _)| name).to_vec();
    for name in &names {
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{name}"
        );
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
}

#[test]
fn values_that_collide_unescaped_do_not_escaped() {
    let extraction = Extraction::new();
    for value in [
        "my-tag.v1",
        "etl.cache.refresh",
        "component.a.b",
        "wasm_filter.a.b",
        "cache.",
        "tag.",
        "rbac.allowed",
        "rbac.denied",
        "x.istio_dry_run_allow_y",
        ".istio_dry_run_deny_y",
        "x.shadow_allowed",
        ".shadow_denied",
        "x_rq_500",
        "x_rq_5xx",
        "response_code=.=200",
        "a task_id=.=b",
        "a;.;b",
        "a;.",
        ".;",
        ";",
        ".=b",
        "a=.",
        "line\nbreak",
        "\0",
        "日本.\u{2028}",
    ] {
        assert_extracts(&extraction, &DENIED, [value, value]);
        assert_extracts(&extraction, &REQUESTS, [value; 7]);
    }
    assert_extracts(&extraction, &SERIES_DROPPED, []);
}

#[test]
fn the_model_sees_the_collisions() {
    let extraction = Extraction::new();
    for (value, tag) in [
        ("my-tag.v1", "tag"),
        ("etl.cache.refresh", "cache"),
        ("component.a.b", "component"),
        ("wasm_filter.a.b", "wasm_filter"),
        ("rbac.denied", "authz_enforce_result"),
        ("x.istio_dry_run_allow_y", "authz_dry_run_action"),
        ("x.shadow_allowed", "authz_dry_run_result"),
        ("a task_id=.=b", "task_id"),
    ] {
        let (_, tags) = extraction.extract(&format!("dagward_denied_total.policy=.={value};.;reason=.=x;.;"));
        assert!(tags.contains_key(tag), "{value}: {tags:?}");
    }
}

#[test]
fn label_vectors_come_back() {
    let extraction = Extraction::new();
    let vectors: Vec<BTreeMap<String, String>> =
        serde_json::from_str(include_str!("../testdata/label_vectors.json")).unwrap();
    for value in vectors.iter().flat_map(BTreeMap::values) {
        assert_extracts(&extraction, &REQUEST_BYTES, ["inbound", value, value]);
    }
}

fn value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(vec![
            ".", ";", "=", "=.=", ";.;", "cache", "component", "tag", "wasm_filter", "rbac", "allowed", "denied",
            "istio_dry_run_allow_", "istio_dry_run_deny_", "shadow_allowed", "shadow_denied", "_rq_500", "_rq_5xx",
            "dag_id", "task_id", "caller", "response_code", "%", "%2E", "\n",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_values_come_back_and_nothing_else(values in proptest::array::uniform7(value())) {
        thread_local!(static EXTRACTION: Extraction = Extraction::new());
        EXTRACTION.with(|extraction| assert_extracts(extraction, &REQUESTS, values.each_ref().map(String::as_str)));
    }
}

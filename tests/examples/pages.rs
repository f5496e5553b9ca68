//! The pages: each example loads, each link has a target, and the table of metrics is the catalogue.
//!
//! A block `yaml` is a policy document, a part of one, or an object of Kubernetes. A block of other YAML names its
//! format: `yaml helm`.

use std::collections::HashMap;

use dagward_shipped::pages::Page;
use dagward_shipped::{manifest, pages};
use dagward_workbench::paths;
use serde_json::{Map, Value, json};

use crate::files::load;

/// The fields of a policy document. An example may show only some of them.
const SETTINGS: [&str; 9] = [
    "airflow",
    "airflow2WebPages",
    "apiServerHosts",
    "apiServers",
    "basePath",
    "meshHosts",
    "mode",
    "stampers",
    "tokens",
];

/// A whole document with this part, after the issuers that the page has named before.
fn document(part: &Value, tokens: Option<&Value>) -> Option<Value> {
    let with = |policies: &Value| {
        let mut whole = json!({"apiVersion": "dagward/v1", "mode": "enforce", "policies": policies});
        if let Some(tokens) = tokens {
            whole["tokens"] = tokens.clone();
        }
        whole
    };
    let of_rules = |rules: &Value| with(&json!([{"name": "example", "action": "ALLOW", "rules": rules}]));
    let has = |part: &Value, key: &str| part.get(key).is_some();
    let document = match part {
        Value::Object(_) if has(part, "apiVersion") && has(part, "policies") => part.clone(),
        Value::Object(fields) if fields.keys().all(|field| SETTINGS.contains(&field.as_str())) => {
            let mut whole = with(&json!([]));
            let whole_fields: &mut Map<String, Value> = whole.as_object_mut()?;
            whole_fields.extend(fields.clone());
            whole
        }
        Value::Object(fields)
            if fields
                .keys()
                .all(|field| ["from", "to"].contains(&field.as_str())) =>
        {
            of_rules(&json!([part]))
        }
        Value::Array(parts) if parts.iter().all(|part| has(part, "name") && has(part, "rules")) => with(part),
        Value::Array(parts) if parts.iter().all(|part| has(part, "from") || has(part, "to")) => {
            of_rules(part)
        }
        _ => return None,
    };
    Some(document)
}

/// The number of a page's examples that are policies. Each of them loads.
fn policies(page: &Page) -> usize {
    let mut tokens = None;
    let mut loaded = 0;
    for block in page.blocks().into_iter().filter(|block| block.info == "yaml") {
        let part = manifest::parse(&block.text).unwrap_or_else(|error| panic!("{}: {error}", page.path));
        if part.get("kind").is_some() && part.get("apiVersion").is_some() {
            continue;
        }
        if let Some(issuers) = part.get("tokens") {
            tokens = Some(issuers.clone());
        }
        let whole = document(&part, tokens.as_ref())
            .unwrap_or_else(|| panic!("{}: neither a policy nor an object:\n{}", page.path, block.text));
        load(&whole);
        loaded += 1;
    }
    loaded
}

#[test]
fn every_policy_of_a_page_loads() {
    let loaded: usize = pages::all().unwrap().iter().map(policies).sum();
    assert!(loaded > 20, "{loaded}");
}

#[test]
fn a_part_that_is_misspelt_is_no_policy() {
    assert_eq!(document(&json!({"stamper": []}), None), None);
    assert_eq!(document(&json!([{"form": []}]), None), None);
    assert!(document(&json!({"to": []}), None).is_some());
}

#[test]
fn every_block_of_yaml_says_whose_it_is() {
    for page in pages::all().unwrap() {
        for block in page.blocks() {
            let known = [
                "yaml",
                "yaml helm",
                "yaml annotations",
                "yaml pre-commit",
                "yaml warning",
                "yaml cases",
                "yaml pipeline",
            ];
            let known = known.contains(&block.info.as_str());
            assert!(
                known || !block.info.starts_with("yaml"),
                "{}: {}",
                page.path,
                block.info
            );
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages::all().unwrap();
    let anchors: HashMap<&str, Vec<String>> = pages
        .iter()
        .map(|page| (page.path.as_str(), page.anchors()))
        .collect();
    let mut broken = Vec::new();
    for page in &pages {
        for link in page.links() {
            let Some((target, anchor)) = page.target(&link) else {
                continue;
            };
            let is_there = paths::workspace().join(&target).exists();
            let is_anchor = anchor.is_none_or(|anchor| {
                anchors
                    .get(target.as_str())
                    .is_some_and(|anchors| anchors.contains(&anchor))
            });
            if !(is_there && is_anchor) {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

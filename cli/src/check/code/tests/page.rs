//! `docs/warnings.md`: it has each code, and each example gives its warning.

use std::{env, fs};

use dagward_shipped::pages::Page;
use dagward_workbench::paths;
use serde_json::{Map, Value, json};

use super::super::Code;
use crate::check::{self, Checked};
use crate::report::Severity;
use crate::source::Source;
use crate::source::yaml;

const PAGE: &str = "docs/warnings.md";

/// A resource without a warning. An example takes the place of a part of it.
fn plugin() -> Value {
    json!({
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "WasmPlugin",
        "metadata": {"name": "dagward", "namespace": "airflow"},
        "spec": {
            "url": format!("oci://registry.example/dagward@sha256:{}", "0123456789abcdef".repeat(4)),
            "phase": "AUTHZ",
            "priority": 10,
            "failStrategy": "FAIL_RELOAD",
            "pluginConfig": document(),
        },
    })
}

/// A document without a warning.
fn document() -> Value {
    let rule = json!({
        "from": [{"serviceAccounts": ["airflow/airflow-api-server"]}],
        "to": [{"surfaces": ["logs"]}],
    });
    json!({
        "apiVersion": "dagward/v1",
        "mode": "enforce",
        "policies": [{"name": "the-api-server-reads-logs", "action": "ALLOW", "rules": [rule]}],
    })
}

/// A whole file with this part: a resource, a document, settings, policies or rules.
pub(crate) fn whole(part: &Value) -> Value {
    let has = |part: &Value, field: &str| part.get(field).is_some();
    match part {
        Value::Object(_) if has(part, "kind") || has(part, "apiVersion") => part.clone(),
        Value::Object(fields) if has(part, "spec") || has(part, "metadata") => merged(plugin(), fields),
        Value::Object(fields) => merged(document(), fields),
        Value::Array(parts) if parts.iter().all(|part| has(part, "name")) => merged(
            document(),
            &Map::from_iter([("policies".to_owned(), part.clone())]),
        ),
        rules => {
            let policies = json!([{"name": "example", "action": "ALLOW", "rules": rules}]);
            merged(document(), &Map::from_iter([("policies".to_owned(), policies)]))
        }
    }
}

fn merged(mut into: Value, fields: &Map<String, Value>) -> Value {
    for (name, value) in fields {
        match (into.get(name), value) {
            (Some(Value::Object(own)), Value::Object(fields)) if name != "pluginConfig" => {
                into[name] = merged(own.clone().into(), fields);
            }
            _ => into[name] = value.clone(),
        }
    }
    into
}

/// The check of a file that holds a part in YAML.
pub(crate) fn checked(part: &str) -> Checked {
    let documents = yaml::read(part);
    assert_eq!(documents.broken, None, "{part}");
    let text = whole(&documents.read[0].root.to_json()).to_string();
    let mut checked = check::check(&Source::new(String::new(), text.into_bytes()).unwrap());
    checked.require_policy();
    let mut seen = Vec::new();
    checked.beside(&mut seen);
    checked
}

/// The codes that a part gives.
pub(crate) fn codes(part: &str) -> Vec<Code> {
    let mut codes: Vec<Code> = checked(part)
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn each_warning_has_a_section_with_an_example_that_gives_it() {
    let page = Page::read(PAGE).unwrap();
    let mut wrong = Vec::new();
    for code in Code::ALL
        .iter()
        .filter(|code| code.severity() == Severity::Warning)
    {
        let heading = format!("\n## {code} {}\n", code.name());
        let section = page
            .text
            .split_once(&heading)
            .map(|(_, rest)| rest.split("\n## ").next().unwrap());
        let Some(section) = section else {
            wrong.push(format!("no section `{}`", heading.trim()));
            continue;
        };
        assert!(
            section.contains("**Mend it:**") && section.contains("**Keep it:**"),
            "{code}"
        );
        let section = Page {
            path: PAGE.to_owned(),
            text: section.to_owned(),
        };
        let blocks = section.blocks();
        let examples: Vec<_> = blocks
            .iter()
            .filter(|block| block.info == "yaml warning")
            .collect();
        assert!(!examples.is_empty(), "{code}");
        for example in examples {
            let given = codes(&example.text);
            if given != [*code] {
                let problems = checked(&example.text).problems;
                let shown: Vec<_> = problems
                    .iter()
                    .map(|problem| format!("{} {}: {}", problem.code, problem.path, problem.message))
                    .collect();
                wrong.push(format!("{code}: {shown:#?}\n{}", example.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_tables_are_the_codes() {
    let path = paths::workspace().join(PAGE);
    let mut text = fs::read_to_string(&path).unwrap();
    for (name, severity) in [("warnings", Severity::Warning), ("errors", Severity::Error)] {
        let start = format!("<!-- generated: {name} (BLESS=1 cargo test -p dagward-cli page) -->\n");
        let (before, rest) = text.split_once(&start).unwrap();
        let (found, after) = rest.split_once("<!-- generated: end -->\n").unwrap();
        let table = table(severity);
        if env::var_os("BLESS").is_none() {
            assert_eq!(found, table, "{PAGE}, region `{name}`");
        }
        text = format!("{before}{start}{table}<!-- generated: end -->\n{after}");
    }
    if env::var_os("BLESS").is_some() {
        fs::write(path, text).unwrap();
    }
}

fn table(severity: Severity) -> String {
    let codes = Code::ALL.iter().filter(|code| code.severity() == severity);
    let rows: String = codes
        .map(|code| match severity {
            Severity::Error => format!("| {code} | `{}` | {} |\n", code.name(), code.meaning()),
            Severity::Warning => {
                let anchor = format!("#{}-{}", code.as_str().to_ascii_lowercase(), code.name());
                format!(
                    "| [{code}]({anchor}) | `{}` | {} | {} |\n",
                    code.name(),
                    code.meaning(),
                    code.mend()
                )
            }
        })
        .collect();
    let head = match severity {
        Severity::Error => "| code | name | meaning |\n|---|---|---|\n",
        Severity::Warning => "| code | name | meaning | instead |\n|---|---|---|---|\n",
    };
    format!("\n{head}{rows}\n")
}

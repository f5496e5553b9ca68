//! The bill of materials: everything that is linked into the module, as CycloneDX in JSON.
//!
//! `cargo tree` lists the crates. `cargo metadata` would list too many: it includes the features
//! that any package of the workspace requests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::blob;
use super::command::output;
use super::labels::{CREATED, Labels};
use super::package;
use dagward_build::TARGET;

/// Its file name, beside the layout and in the artifact.
pub(super) const FILE: &str = "sbom.cdx.json";

/// A component that is linked into the module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    name: String,
    version: String,
    license: String,
    /// Its package URL, which scanners look up.
    pub(super) url: String,
}

/// Every component with its dependencies.
type Parts = BTreeMap<Part, BTreeSet<Part>>;

/// The bill of materials of `module`.
pub(super) fn of(module: &[u8], labels: &Labels) -> Result<Vec<u8>> {
    let mut parts = parts(&tree()?)?;
    let standard = standard_library()?;
    for used in parts.values_mut() {
        used.insert(standard.clone());
    }
    parts.insert(standard, BTreeSet::new());

    let (filters, others): (Vec<_>, Vec<_>) = parts.keys().partition(|part| part.name == package::MODULE);
    let filter = filters.first().context("`cargo tree` does not show the filter")?;
    let mut main = component(filter);
    main.insert(
        "hashes".to_owned(),
        json!([{"alg": "SHA-256", "content": blob::checksum(module)}]),
    );
    let uses = |(part, used): (&Part, &BTreeSet<Part>)| {
        let used: Vec<&str> = used.iter().map(|part| part.url.as_str()).collect();
        json!({"ref": part.url, "dependsOn": used})
    };
    // No serial number: it must differ between two bills, and the image must be reproducible.
    Ok(serde_json::to_vec_pretty(&json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": labels.get(CREATED), "component": main},
        "components": others.into_iter().map(component).collect::<Vec<_>>(),
        "dependencies": parts.iter().map(uses).collect::<Vec<_>>(),
    }))?)
}

fn component(part: &Part) -> Map<String, Value> {
    let fields = [
        ("type", json!("library")),
        ("bom-ref", json!(part.url)),
        ("name", json!(part.name)),
        ("version", json!(part.version)),
        ("licenses", json!([{"expression": part.license}])),
        ("purl", json!(part.url)),
    ];
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// The filter's crates for the module's target, except those that only run during compilation. Each
/// line begins with its depth.
fn tree() -> Result<String> {
    let arguments = [
        "tree",
        "--locked",
        "--package",
        package::MODULE,
        "--target",
        TARGET,
        "--edges",
        "normal,no-proc-macro",
        "--no-dedupe",
        "--prefix",
        "depth",
        "--format",
        " {p} | {l}",
    ];
    output("cargo", &arguments)
}

fn parts(tree: &str) -> Result<Parts> {
    let mut parts = Parts::new();
    // The path from the root to the previous line.
    let mut path: Vec<Part> = Vec::new();
    for line in tree.lines() {
        let (depth, part) = read(line).with_context(|| format!("`cargo tree` printed `{line}`"))?;
        path.truncate(depth);
        if let Some(user) = path.last() {
            parts.entry(user.clone()).or_default().insert(part.clone());
        }
        parts.entry(part.clone()).or_default();
        path.push(part);
    }
    Ok(parts)
}

/// Reads `1 serde v1.0.229 | MIT OR Apache-2.0`; the crate's origin may follow the version.
fn read(line: &str) -> Option<(usize, Part)> {
    let (package, license) = line.split_once(" | ")?;
    let mut words = package.split(' ');
    let depth = words.next()?.parse().ok()?;
    let name = words.next()?;
    let version = words.next()?.strip_prefix('v')?;
    let part = Part {
        name: name.to_owned(),
        version: version.to_owned(),
        // Older crates write a slash.
        license: license.replace('/', " OR "),
        url: format!("pkg:cargo/{name}@{version}"),
    };
    Some((depth, part))
}

/// Rust's standard library, with the library that it contains for this target: WASI's C library.
pub(super) fn standard_library() -> Result<Part> {
    let verbose = output("rustc", &["--version", "--verbose"])?;
    let mut lines = verbose.lines();
    let Some(version) = lines.find_map(|line| line.strip_prefix("release: ")) else {
        bail!("`rustc` does not say its release: {verbose}");
    };
    Ok(Part {
        name: "rust-std".to_owned(),
        version: version.to_owned(),
        license: "MIT OR Apache-2.0".to_owned(),
        url: format!("pkg:github/rust-lang/rust@{version}"),
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use dagward_workbench::{paths, progress, python};

    fn bill() -> Value {
        let labels = [(CREATED.to_owned(), "2026-01-01T00:00:00Z".to_owned())].into();
        serde_json::from_slice(&of(b"\0asm", &labels).unwrap()).unwrap()
    }

    #[test]
    fn it_names_what_is_linked_and_nothing_else() {
        let bill = bill();
        assert_eq!(bill["metadata"]["component"]["name"], "dagward-module");
        let components = bill["components"].as_array().unwrap();
        let names: Vec<&str> = components
            .iter()
            .map(|part| part["name"].as_str().unwrap())
            .collect();
        for linked in ["dagward", "proxy-wasm", "serde_json", "spiffe", "rust-std"] {
            assert!(names.contains(&linked), "{linked} is not in {names:?}");
        }
        // A procedural macro, a dependency of tests, a dependency of another package, and the
        // filter itself.
        for other in ["serde_derive", "proptest", "tokio", "dagward-module"] {
            assert!(!names.contains(&other), "{other} is in {names:?}");
        }
    }

    #[test]
    fn a_tree_says_who_uses_whom() {
        let tree = "0 a v1.0.0 (/work) | Apache-2.0\n1 b v2.0.0 | MIT/Apache-2.0\n2 c v3.0.0 | MIT\n1 c v3.0.0 | MIT\n";
        let parts = parts(tree).unwrap();
        let uses: Vec<(&str, Vec<&str>)> = parts
            .iter()
            .map(|(part, used)| (&*part.name, used.iter().map(|part| &*part.name).collect()))
            .collect();
        assert_eq!(uses, [("a", vec!["b", "c"]), ("b", vec!["c"]), ("c", vec![])]);
        assert_eq!(parts.keys().nth(1).unwrap().license, "MIT OR Apache-2.0");
    }

    #[test]
    fn cyclonedx_itself_accepts_it() {
        let requirement = "cyclonedx-python-lib[json-validation]==11.12.0";
        let venv = python::Venv::ensure("cyclonedx", &[requirement]).unwrap();
        let script = "import sys; from cyclonedx.schema import SchemaVersion; \
                      from cyclonedx.validation.json import JsonStrictValidator; \
                      sys.exit(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()))";
        let directory = paths::scratch("sbom").unwrap();
        let file = directory.path().join(FILE);
        let validate = |bill: &Value| {
            std::fs::write(&file, bill.to_string()).unwrap();
            let mut python = Command::new(venv.python());
            progress::run("validating", python.args(["-c", script]).arg(&file))
        };
        let mut bill = bill();
        validate(&bill).unwrap();
        bill["components"][0]["type"] = json!("nonsense");
        validate(&bill).unwrap_err();
    }
}

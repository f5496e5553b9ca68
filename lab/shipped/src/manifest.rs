//! The YAML files that users apply, and the policies in them.

use std::fs;

use anyhow::{Context, Result, bail};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::Value;

use dagward_workbench::paths;

/// A file of the repository with one YAML document, in the JSON form that `kubectl` makes of it.
pub fn read(file: &str) -> Result<Value> {
    parse(&text(file)?).with_context(|| format!("cannot use `{file}`"))
}

/// All YAML documents of a file of the repository.
pub fn read_all(file: &str) -> Result<Vec<Value>> {
    parse_all(&text(file)?).with_context(|| format!("cannot use `{file}`"))
}

/// All YAML documents of a text.
pub fn parse_all(text: &str) -> Result<Vec<Value>> {
    Yaml::load_from_str(text)?.iter().map(value).collect()
}

/// The one document of a YAML text.
pub fn parse(text: &str) -> Result<Value> {
    match Yaml::load_from_str(text)?.as_slice() {
        [document] => value(document),
        documents => bail!("{} YAML documents, where one was expected", documents.len()),
    }
}

fn text(file: &str) -> Result<String> {
    fs::read_to_string(paths::workspace().join(file)).with_context(|| format!("cannot read `{file}`"))
}

/// The policy document that a manifest is, or contains for the filter.
pub fn policy(manifest: &Value) -> Option<&Value> {
    match manifest.pointer("/kind").and_then(Value::as_str) {
        Some("WasmPlugin") => manifest.pointer("/spec/pluginConfig"),
        Some("TrafficExtension") => manifest.pointer("/spec/wasm/pluginConfig"),
        Some(_) => None,
        None => manifest.pointer("/policies").map(|_| manifest),
    }
}

/// The policy of a file in enforce mode, in the filter's form: the policy of a user who has left
/// shadow mode.
pub fn enforced(file: &str) -> Result<String> {
    let manifest = read(file)?;
    let policy = policy(&manifest).and_then(Value::as_object);
    let mut policy = policy.with_context(|| format!("no policy in `{file}`"))?.clone();
    policy.insert("mode".to_owned(), "enforce".into());
    Ok(Value::from(policy).to_string())
}

fn value(yaml: &Yaml<'_>) -> Result<Value> {
    Ok(match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(boolean)) => (*boolean).into(),
        Yaml::Value(Scalar::Integer(integer)) => (*integer).into(),
        Yaml::Value(Scalar::String(text)) => text.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(value).collect::<Result<_>>()?,
        Yaml::Mapping(fields) => fields.iter().map(field).collect::<Result<_>>()?,
        other => bail!("neither text, number, list nor object: {other:?}"),
    })
}

fn field((key, field): (&Yaml<'_>, &Yaml<'_>)) -> Result<(String, Value)> {
    let key = key.as_str().context("a key that is not a text")?;
    Ok((key.to_owned(), value(field)?))
}

//! A container's variables, and their expansion in its command.

use anyhow::{Context, Result};
use serde_json::Value;

use super::unit::Unit;
use crate::fields::{list, text};

/// The variables of a container's `env` and `envFrom`, in order.
pub(super) fn variables(unit: &Unit, container: &Value) -> Result<Vec<(String, String)>> {
    let mut variables = Vec::new();
    for source in list(container, "/envFrom") {
        for (kind, field) in [("configmaps", "/configMapRef"), ("secrets", "/secretRef")] {
            if let Some(name) = text(source, &format!("{field}/name")) {
                variables.extend(unit.data(kind, name)?);
            }
        }
    }
    for variable in list(container, "/env") {
        let name = text(variable, "/name").context("a variable without a name")?;
        let value = match variable.pointer("/valueFrom") {
            None => expand(text(variable, "/value").unwrap_or_default(), &variables),
            Some(source) => match value(unit, container, source)? {
                Some(value) => value,
                None => continue,
            },
        };
        variables.push((name.to_owned(), value));
    }
    Ok(variables)
}

/// The value of a `valueFrom`; `None` if it is optional and does not exist.
fn value(unit: &Unit, container: &Value, source: &Value) -> Result<Option<String>> {
    if let Some(path) = text(source, "/fieldRef/fieldPath") {
        return Ok(Some(unit.field(path)));
    }
    if let Some(resource) = text(source, "/resourceFieldRef/resource") {
        return Ok(Some(limit(container, resource)));
    }
    for (kind, field) in [("configmaps", "/configMapKeyRef"), ("secrets", "/secretKeyRef")] {
        if let Some(name) = text(source, &format!("{field}/name")) {
            let key = text(source, &format!("{field}/key")).unwrap_or_default();
            let found = unit.data(kind, name)?.into_iter().find(|(found, _)| found == key);
            return Ok(found.map(|(_, value)| value));
        }
    }
    Ok(None)
}

/// A resource's limit as a whole number of cores or bytes.
fn limit(container: &Value, resource: &str) -> String {
    let path = format!("/resources/{}", resource.replace('.', "/"));
    let quantity = text(container, &path).unwrap_or("0");
    let (digits, unit) = match quantity.find(|digit: char| !digit.is_ascii_digit()) {
        Some(end) => quantity.split_at(end),
        None => (quantity, ""),
    };
    let number: u64 = digits.parse().unwrap_or_default();
    let factor = match unit {
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        // Less than one core is rounded up to one.
        "m" => return number.div_ceil(1000).to_string(),
        _ => 1,
    };
    (number * factor).to_string()
}

/// Replaces each `$(NAME)` by the value of the variable.
pub(super) fn expand(text: &str, variables: &[(String, String)]) -> String {
    // If a name occurs twice, the last one counts.
    variables
        .iter()
        .rev()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("$({name})"), value)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_are_whole_numbers() {
        let container = json!({"resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}});
        assert_eq!(limit(&container, "limits.cpu"), "1");
        assert_eq!(limit(&container, "limits.memory"), "1073741824");
        assert_eq!(limit(&container, "requests.cpu"), "0");
    }

    #[test]
    fn variables_stand_for_their_values() {
        let variables = [("A".to_owned(), "1".to_owned()), ("A".to_owned(), "2".to_owned())];
        assert_eq!(expand("x-$(A)-$(B)", &variables), "x-2-$(B)");
    }
}

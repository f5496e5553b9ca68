//! The grammar of the document, as JSON Schema.
//!
//! A schema may be looser than the filter and never stricter. A rule that depends on another field is left out, unless
//! JSON Schema can express all of it.

use dagward::policy::Side;
use dagward::policy::grammar::{Definition, FIRST_VERSION, Form, Need, Object};
use serde_json::{Map, Value, json};

/// A pattern that is not one of the words: it has a star or a variable.
const OTHER_PATTERN: &str = r"[*{]";

/// The name of an object's schema in `$defs`.
pub(super) fn name(object: Object) -> &'static str {
    match object {
        Object::Document => "document",
        Object::Airflow => "airflow",
        Object::Policy => "policy",
        Object::Rule => "rule",
        Object::Entry(Side::From) => "from",
        Object::Entry(Side::To) => "to",
        Object::Issuer => "issuer",
        Object::Location => "location",
        Object::Team => "team",
    }
}

/// The schema of an object.
pub(super) fn object(object: Object) -> Value {
    let fields = object.fields();
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_owned(), property(object, field)))
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| matches!(field.need, Need::Required(_)))
        .map(|field| field.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": capitalized(object.what()),
        "properties": properties,
        "additionalProperties": false,
    });
    if let Value::Object(schema) = &mut schema {
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema.extend(between_fields(object));
    }
    schema
}

/// The rules of an object about several fields together.
fn between_fields(object: Object) -> Map<String, Value> {
    let one_of = |names: &[&str]| {
        let alternatives: Vec<Value> = names.iter().map(|name| json!({"required": [name]})).collect();
        Value::from(alternatives)
    };
    let rules = match object {
        Object::Entry(_) => json!({"minProperties": 1}),
        // `fromIstio: false` is allowed beside another field.
        Object::Issuer => json!({
            "anyOf": one_of(&["jwks", "jwksUri", "fromIstio"]),
            "dependentRequired": {
                "jwksUri": ["cluster"],
                "cluster": ["jwksUri"],
                "refreshSeconds": ["jwksUri"],
            },
        }),
        Object::Location => json!({
            "oneOf": one_of(&["header", "query", "cookie"]),
            "dependentRequired": {"prefix": ["header"]},
        }),
        Object::Document | Object::Airflow | Object::Policy | Object::Rule | Object::Team => json!({}),
    };
    match rules {
        Value::Object(rules) => rules,
        _ => Map::new(),
    }
}

fn property(object: Object, field: &Definition) -> Value {
    let mut schema = form(&field.form);
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), description(object, field).into());
        if let Some(default) = default(field) {
            schema.insert("default".to_owned(), default);
        }
    }
    schema
}

fn form(form: &Form) -> Value {
    match form {
        Form::Word(words) => json!({"type": "string", "enum": words()}),
        Form::Flag => json!({"type": "boolean"}),
        Form::Number(range) => json!({"type": "integer", "minimum": range.start(), "maximum": range.end()}),
        Form::Name => json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,63}$"}),
        Form::Text(example) => json!({"type": "string", "examples": [example]}),
        Form::Pattern(example) => json!({"type": "string", "minLength": 1, "examples": [example]}),
        Form::WordPattern(words, example) => json!({
            "type": "string",
            "examples": [example],
            "anyOf": [{"enum": words()}, {"pattern": OTHER_PATTERN}],
        }),
        Form::List(element) => json!({"type": "array", "items": self::form(element), "minItems": 1}),
        Form::AnyList(element) => json!({"type": "array", "items": self::form(element)}),
        Form::Object(object) => reference(name(*object)),
        Form::WordOr(word, object) => json!({"anyOf": [{"const": word}, reference(name(*object))]}),
        Form::Claims => reference("claims"),
        Form::KeySet => json!({"type": ["object", "string"]}),
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// The schemas of values that are not objects of the grammar.
pub(super) fn shared() -> Map<String, Value> {
    let claims = json!({
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        "minProperties": 1,
    });
    Map::from_iter([("claims".to_owned(), claims)])
}

/// The description that an editor shows for a field.
fn description(object: Object, field: &Definition) -> String {
    let mut text = match (object, field.name.strip_prefix("not")) {
        (Object::Entry(_), Some(_)) => format!("Holds where no pattern matches: {}", field.meaning),
        _ => capitalized(field.meaning),
    };
    match field.need {
        Need::Required(_) => text.push_str(". Required"),
        Need::Depends(when) => text.push_str(&format!(". Required: {when}")),
        Need::Optional => {}
    }
    if !field.default.is_empty() {
        text.push_str(&format!(". Default: {}", field.default));
    }
    if field.since != FIRST_VERSION {
        text.push_str(&format!(". Since {}", field.since));
    }
    without_links(&text)
}

/// The default as a JSON value, if it has one.
fn default(field: &Definition) -> Option<Value> {
    let word = field.default.strip_prefix('`')?.strip_suffix('`')?;
    match field.form {
        Form::Word(_) => Some(word.into()),
        Form::Flag | Form::Number(_) => word.parse().ok(),
        _ => None,
    }
}

/// A line of Markdown without the targets of its links.
fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("](") {
        let (start, shown) = before.rsplit_once('[').unwrap_or((before, ""));
        plain.push_str(start);
        plain.push_str(shown);
        rest = link.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_their_text() {
        assert_eq!(
            without_links("see [Modes](#modes) and `[a, b]`, [c](d.md#e)."),
            "see Modes and `[a, b]`, c."
        );
    }
}

//! `dagward schema`: a JSON Schema of the policy document, for editors.

mod definition;
mod resource;

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use dagward::policy::grammar::Object;
use serde_json::{Map, Value, json};

use crate::output;

/// Print a JSON Schema of the policy document
///
/// Editors use it to complete fields and words, and to mark what the filter would refuse. It accepts every document
/// that the filter accepts. It does not compare fields with each other: `dagward validate` does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dagward schema > dagward.schema.json
  dagward schema --for wasm-plugin > wasm-plugin.schema.json

For the YAML language server, in the first line of a file:
  # yaml-language-server: $schema=dagward.schema.json")]
pub(crate) struct Schema {
    /// The object that the schema describes
    #[arg(long = "for", value_name = "WHAT", value_enum, default_value_t = Target::Document)]
    target: Target,
}

/// The object that a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// The policy document alone
    Document,
    /// A WasmPlugin with the document as its `pluginConfig`
    WasmPlugin,
    /// A TrafficExtension with the document as its `wasm.pluginConfig`
    TrafficExtension,
}

impl Schema {
    /// Prints the schema.
    pub(crate) fn run(&self) -> ExitCode {
        let schema = self.target.schema();
        output::print(&format!("{schema:#}\n"), ExitCode::SUCCESS)
    }
}

pub(crate) use resource::VERSION;

/// The schema of a resource that carries a document.
pub(crate) fn resource_schema(kind: &str) -> Value {
    match kind {
        "TrafficExtension" => Target::TrafficExtension.schema(),
        _ => Target::WasmPlugin.schema(),
    }
}

impl Target {
    fn schema(self) -> Value {
        let mut schema = match self {
            Self::Document => definition::object(Object::Document),
            Self::WasmPlugin => resource::wasm_plugin(),
            Self::TrafficExtension => resource::traffic_extension(),
        };
        let objects = Object::ALL.into_iter();
        let mut definitions: Map<String, Value> = objects
            .map(|object| (definition::name(object).to_owned(), definition::object(object)))
            .collect();
        definitions.extend(definition::shared());
        if self != Self::Document {
            definitions.extend(resource::shared());
        }
        if let Value::Object(fields) = &mut schema {
            fields.insert(
                "$schema".to_owned(),
                json!("https://json-schema.org/draft/2020-12/schema"),
            );
            fields.insert("$defs".to_owned(), definitions.into());
        }
        schema
    }
}

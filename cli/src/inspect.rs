//! `dagward token inspect`: shows the header and the claims of a token.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dagward::token::{Json, Parsed};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::source::Source;
use crate::time::Time;
use crate::{exit, jws, output};

/// The claims that are times (RFC 7519 §4.1.4 to §4.1.6).
const TIMES: [&str; 3] = ["iat", "nbf", "exp"];

/// Show the header and the claims of a token, without verifying it
///
/// Prints the header and the claims, which may be private. The command neither verifies nor prints the signature.
/// Without a verified signature, anyone can have written the claims.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dagward token inspect token.jwt
  kubectl create token airflow-worker-sales -n airflow | dagward token inspect -

Exit status: 0 well formed, 1 refused by every policy for its form, 2 wrong usage or unreadable.")]
pub(crate) struct Inspect {
    /// The file with the token; `-` reads the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The time from which the token's times are seen: seconds since the epoch, or UTC such as `2026-11-26T12:00:00Z`
    /// [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
}

impl Inspect {
    /// Shows the token.
    pub(crate) fn run(&self) -> ExitCode {
        let source = match Source::read(&self.file) {
            Ok(source) => source,
            Err(error) => {
                eprintln!("error: cannot read `{}`: {error}", self.file.display());
                return exit::misuse();
            }
        };
        let token = source.text.trim();
        let status = match Parsed::parse(token.as_bytes()) {
            Ok(_) => ExitCode::SUCCESS,
            Err(_) => exit::negative(),
        };
        output::print(&text(token, self.at.unwrap_or_else(Time::now)), status)
    }
}

fn text(token: &str, now: Time) -> String {
    let claims = jws::part(token, 1).and_then(|claims| Json::parse(&claims).ok());
    let form = match Parsed::parse(token.as_bytes()) {
        Ok(_) => "well formed".to_owned(),
        Err(refusal) => format!("refused by every policy: {refusal}, {}", refusal.message()),
    };
    let signature = match jws::part(token, 2) {
        Some(signature) => format!("{} bytes, not verified", signature.len()),
        None => "missing or unreadable".to_owned(),
    };
    let mut lines = vec![
        "not verified: anyone can write a token with this header and these claims".to_owned(),
        String::new(),
        format!("form       {form}"),
        format!("size       {} bytes", token.len()),
        format!("signature  {signature}"),
    ];
    lines.extend(claims.iter().flat_map(|claims| times(claims, now)));
    lines.extend([String::new(), "header".to_owned(), shown(jws::part(token, 0))]);
    lines.extend([String::new(), "claims".to_owned(), shown(jws::part(token, 1))]);
    lines.join("\n") + "\n"
}

fn times(claims: &Json, now: Time) -> impl Iterator<Item = String> {
    TIMES.into_iter().filter_map(move |name| {
        let value = match claims.get(name) {
            None if name == "exp" => "is missing".to_owned(),
            None => return None,
            Some(value) => time(value).map_or_else(
                || "is not a time".to_owned(),
                |time| format!("{time}, {}", time.distance(now)),
            ),
        };
        Some(format!("{name:<11}{value}"))
    })
}

/// The second of a time. A time can have a fraction.
fn time(value: &Json) -> Option<Time> {
    let Json::Number(number) = value else { return None };
    let whole = number.split_once('.').map_or(number.as_str(), |(whole, _)| whole);
    Time::of(whole.parse().ok()?)
}

/// A part as JSON, in the order and with the numbers of the token.
fn shown(part: Option<Vec<u8>>) -> String {
    let Some(part) = part else {
        return "missing, or not base64url".to_owned();
    };
    match Json::parse(&part) {
        Ok(json) => {
            // Every value that was read from JSON has a JSON form.
            let pretty = serde_json::to_string_pretty(&AsJson(&json)).unwrap_or_default();
            let lines: Vec<String> = pretty.lines().map(printable).collect();
            lines.join("\n")
        }
        Err(_) => format!(
            "not JSON, or a name stands twice in it: {}",
            printable(&String::from_utf8_lossy(&part))
        ),
    }
}

/// The line without characters that control a terminal or change the direction of text: the token may come from an
/// attacker.
fn printable(line: &str) -> String {
    let mut printable = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                printable += &format!("\\u{:04x}", u32::from(character));
            }
            control if control.is_control() => printable += &format!("\\u{:04x}", u32::from(control)),
            plain => printable.push(plain),
        }
    }
    printable
}

struct AsJson<'j>(&'j Json);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::False => serializer.serialize_bool(false),
            Json::True => serializer.serialize_bool(true),
            Json::Number(number) => RawValue::from_string(number.clone())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    list.serialize_element(&Self(element))?;
                }
                list.end()
            }
            Json::Object(members) => {
                let mut object = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    object.serialize_entry(name, &Self(value))?;
                }
                object.end()
            }
        }
    }
}

//! Reads a file of cases.

use dagward::policy::{FieldPath, Ruleset};

use super::caller::{self, caller};
use super::case::{Caller, Case, Request, Site};
use super::expected::expected;
use super::known::Known;
use super::reader::{At, Fields, Reader};
use super::request::{self, Sent, request};
use crate::check::code::Code;
use crate::report::Problem;
use crate::source::Source;
use crate::source::node::Node;
use crate::source::yaml;

/// The version of the format.
const VERSION: &str = "dagward/cases/v1";

const ROOT: [&str; 4] = ["apiVersion", "defaults", "callers", "cases"];
const CASE: [&str; 15] = [
    "name", "because", "as", "acting", "token", "answer", "callback", "request", "body", "headers", "host",
    "port", "proxy", "expect", "why",
];
const DEFAULTS: [&str; 4] = ["proxy", "host", "port", "trustDomain"];

/// The trust domain of accounts that are written without one.
const TRUST_DOMAIN: &str = "cluster.local";

/// The cases of a file.
///
/// # Errors
/// All problems of the file, in the order of their positions.
pub(super) fn read(source: &Source, ruleset: &Ruleset) -> Result<Vec<Case>, Vec<Problem>> {
    let documents = yaml::read(&source.text);
    let mut problems: Vec<Problem> = documents.broken.into_iter().collect();
    let mut cases = Vec::new();
    match documents.read.as_slice() {
        [document] => {
            problems.extend(document.problems.iter().cloned());
            let mut reader = Reader::new(&document.root);
            cases = root(&mut reader, ruleset);
            problems.extend(reader.problems);
        }
        [] if !problems.is_empty() => {}
        documents => problems.push(not_one(documents.get(1).map(|second| &second.root))),
    }
    problems.sort_by_key(|problem| problem.span.start);
    if problems.is_empty() {
        Ok(cases)
    } else {
        Err(problems)
    }
}

fn not_one(second: Option<&Node>) -> Problem {
    let message = match second {
        Some(_) => "a second document",
        None => "no document in this file",
    };
    Problem {
        code: Code::InvalidValue,
        path: FieldPath::default(),
        span: second.map(|second| second.span.clone()).unwrap_or_default(),
        message: message.to_owned(),
        allowed: Some(format!("one document with `apiVersion: {VERSION}` and `cases`")),
        suggestion: None,
    }
}

fn root<'n>(reader: &mut Reader<'n>, ruleset: &Ruleset) -> Vec<Case> {
    let at = reader.root();
    if at.node.field("policies").is_some() {
        let allowed = "a file of cases behind the policy: `dagward test POLICY CASES`";
        reader.problem(&at, "found a policy".to_owned(), Some(allowed), None);
        return Vec::new();
    }
    let required = ["apiVersion", "cases"];
    let Some(fields) = reader.fields(&at, "a file of cases", &ROOT, &required) else {
        return Vec::new();
    };
    if let Some(at) = fields.get("apiVersion")
        && reader.text(at, VERSION).is_some_and(|version| version != VERSION)
    {
        let found = at.node.text().unwrap_or_default();
        reader.unknown_word(at, "found", found, &[VERSION]);
    }
    let mut known = Known::new(ruleset, TRUST_DOMAIN);
    let mut site = Site::default();
    if let Some(at) = fields.get("defaults")
        && let Some(fields) = reader.fields(at, "defaults", &DEFAULTS, &[])
    {
        if let Some(domain) = reader.text_of(&fields, "trustDomain", "a trust domain") {
            domain.clone_into(&mut known.trust_domain);
        }
        site = request::site(reader, &fields, &known, &site);
    }
    if let Some(at) = fields.get("callers")
        && let Some(named) = reader.entries(at, "callers by their names")
    {
        for (name, at) in named.all() {
            if let Some(caller) = caller(reader, at, &known, &Caller::default()) {
                let label = (*name).to_owned();
                known.callers.push(Caller { label, ..caller });
            }
        }
    }
    let listed = fields.get("cases").map(|at| reader.list(at)).unwrap_or_default();
    let cases: Vec<Case> = listed
        .iter()
        .filter_map(|at| case(reader, at, &known, &site))
        .collect();
    repeated(reader, &listed);
    cases
}

fn case<'n>(reader: &mut Reader<'n>, at: &At<'n>, known: &Known<'_>, site: &Site) -> Option<Case> {
    let fields = reader.fields(at, "a case", &CASE, &["name", "as", "request", "expect"])?;
    let name = fields.get("name").cloned();
    let span = name.as_ref().map(|name| reader.span(name)).unwrap_or_default();
    let name = name.and_then(|name| reader.text(&name, "a text that says what the case shows"));
    let because = reader.text_of(&fields, "because", "a text");
    let callers = callers(reader, &fields, known);
    let requests = requests(reader, &fields, known, site);
    let expected = expected(reader, &fields, known);
    Some(Case {
        name: name?.to_owned(),
        span,
        because: because.map(str::to_owned),
        callers,
        requests,
        expected: expected?,
    })
}

fn callers<'n>(reader: &mut Reader<'n>, fields: &Fields<'n>, known: &Known<'_>) -> Vec<Caller> {
    let of_case = caller::of_caller(reader, fields, known, &Caller::default());
    let Some(at) = fields.get("as") else {
        return Vec::new();
    };
    let listed = reader.one_or_more(at);
    let read = listed.iter();
    read.filter_map(|at| caller(reader, at, known, &of_case))
        .collect()
}

fn requests<'n>(
    reader: &mut Reader<'n>,
    fields: &Fields<'n>,
    known: &Known<'_>,
    site: &Site,
) -> Vec<Request> {
    let of_case = request::of_request(reader, fields, known, &Sent::to(site));
    let Some(at) = fields.get("request") else {
        return Vec::new();
    };
    let listed = reader.one_or_more(at);
    let read = listed.iter();
    read.filter_map(|at| request(reader, at, known, &of_case))
        .collect()
}

/// Reports names that two cases have.
fn repeated(reader: &mut Reader<'_>, cases: &[At<'_>]) {
    let name = |at: &At<'_>| at.node.field("name").and_then(Node::text).map(str::to_owned);
    for (number, at) in cases.iter().enumerate() {
        let Some(own) = name(at) else { continue };
        let earlier = cases.iter().take(number);
        if earlier.filter_map(name).any(|other| other == own) {
            let at = At {
                node: at.node,
                path: at.path.key("name"),
            };
            let message = format!("two cases have the name `{own}`");
            reader.problem(&at, message, Some("a name that no other case has"), None);
        }
    }
}

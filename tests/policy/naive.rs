//! A naive reading of the same document: it compiles nothing, has no index, and tries every text of a variable.

use dagward::fact::Fact;
use dagward::policy::Scope;
use serde_json::{Map, Value};

use crate::asked::{Asked, Wanted};
use crate::texts::{Texts, VARIABLES, texts};
use crate::tokens::Shown;

pub(crate) fn decide(document: &Value, scope: Scope, asked: &Asked) -> (bool, Option<(String, u32)>) {
    let mut first = None;
    for wanted in &asked.accesses {
        let verdict = decide_one(document, scope, asked, wanted);
        if !verdict.0 {
            return verdict;
        }
        first.get_or_insert(verdict);
    }
    first.unwrap()
}

fn decide_one(
    document: &Value,
    scope: Scope,
    asked: &Asked,
    wanted: &Wanted,
) -> (bool, Option<(String, u32)>) {
    let holding = |action: &str| {
        document["policies"]
            .as_array()
            .unwrap()
            .iter()
            .find_map(|policy| {
                let takes_part = scope == Scope::All || policy["mode"] != "shadow";
                if policy["action"] != action || !takes_part {
                    return None;
                }
                let rules = policy["rules"].as_array().unwrap();
                let number = rules
                    .iter()
                    .position(|rule| holds(rule, action == "DENY", asked, wanted))?;
                Some((
                    policy["name"].as_str().unwrap().to_owned(),
                    u32::try_from(number).unwrap(),
                ))
            })
    };
    match (holding("DENY"), holding("ALLOW")) {
        (Some(by), _) => (false, Some(by)),
        (None, Some(by)) => (true, Some(by)),
        (None, None) => (false, None),
    }
}

/// Whether texts for the variables make an entry of each half hold.
fn holds(rule: &Value, deny: bool, asked: &Asked, wanted: &Wanted) -> bool {
    let entries = |half: &str| rule.get(half).map(|entries| entries.as_array().unwrap());
    let written = rule.to_string();
    let is_template = VARIABLES.iter().any(|variable| written.contains(variable));
    let any = match is_template {
        true => texts(asked, wanted),
        false => Vec::new(),
    };
    // Conditions whose variables have no texts yet are left out, which only makes more hold.
    let holds = |of: [Option<&str>; 2], without: &[&str]| {
        let texts = Texts { of, any: &any };
        let counts = |patterns: &Value| {
            if without.is_empty() {
                return true;
            }
            let patterns = patterns.to_string();
            !without.iter().any(|variable| patterns.contains(variable))
        };
        let holds = |entry: &Value, to: bool| {
            let entry = entry.as_object().unwrap().iter();
            let (of_token, others): (Vec<_>, Vec<_>) = entry.partition(|(word, _)| !to && is_of_token(word));
            let mut others = others.iter().filter(|(_, patterns)| counts(patterns));
            let others = others.all(|(word, patterns)| {
                condition(to, word, patterns.as_array().unwrap(), texts, deny, asked, wanted)
            });
            let of_token_counts = of_token.iter().all(|(_, patterns)| counts(patterns));
            others && (!of_token_counts || token(&of_token, texts, deny, &asked.shown))
        };
        let from = entries("from").is_none_or(|entries| {
            let mut entries = entries.iter();
            entries.any(|entry| may_be_open(entry, texts, deny, asked, wanted) && holds(entry, false))
        });
        let unclassified = !deny && asked.unclassified;
        from && match entries("to") {
            None => !unclassified,
            Some(entries) => entries
                .iter()
                .any(|entry| holds(entry, true) && (!unclassified || is_named(entry.as_object().unwrap()))),
        }
    };
    let choices = |variable: &str| -> Vec<Option<&str>> {
        match written.contains(variable) {
            true => std::iter::once(None)
                .chain(any.iter().map(|text| Some(text.as_str())))
                .collect(),
            // Without a variable all its texts are equal.
            false => vec![Some("")],
        }
    };
    let [of_t, of_u] = VARIABLES.map(choices);
    (!is_template || holds([Some(""); 2], &VARIABLES))
        && of_t
            .iter()
            .any(|t| holds([*t, Some("")], &VARIABLES[1..]) && of_u.iter().any(|u| holds([*t, *u], &[])))
}

/// Whether each open variable stands in a condition on what the caller acts for, whose fact is unknown in a DENY
/// or pending in an ALLOW.
fn may_be_open(entry: &Value, texts: Texts<'_>, deny: bool, asked: &Asked, wanted: &Wanted) -> bool {
    VARIABLES.iter().zip(texts.of).all(|(variable, text)| {
        text.is_some()
            || ["dags", "runs", "tasks"].iter().any(|word| {
                let stands = entry
                    .get(*word)
                    .is_some_and(|patterns| patterns.to_string().contains(variable));
                let open = if deny { Fact::Unknown } else { Fact::Pending };
                stands && fact(false, word, asked, wanted) == open
            })
    })
}

fn is_named(entry: &Map<String, Value>) -> bool {
    ["surfaces", "paths", "actions"]
        .iter()
        .filter_map(|word| entry.get(*word))
        .any(|patterns| patterns.as_array().unwrap().iter().all(|pattern| pattern != "*"))
}

fn condition(
    to: bool,
    word: &str,
    patterns: &[Value],
    texts: Texts<'_>,
    deny: bool,
    asked: &Asked,
    wanted: &Wanted,
) -> bool {
    let (negated, word) = match word.strip_prefix("not") {
        Some(rest) => (true, rest[..1].to_lowercase() + &rest[1..]),
        None => (false, word.to_owned()),
    };
    let identity = matches!(word.as_str(), "principals" | "namespaces" | "serviceAccounts");
    match fact(to, &word, asked, wanted) {
        Fact::Unknown => deny,
        Fact::Pending => !deny,
        Fact::Absent if identity && !deny => false,
        Fact::Absent => negated,
        // It may be any action.
        Fact::Known(name) if to && word == "actions" && asked.unclassified => {
            let is_name = |pattern: &Value| pattern.as_str().unwrap().ends_with(":unclassified");
            let named = patterns.iter().any(|pattern| {
                (pattern == "*" || is_name(pattern)) && glob(pattern.as_str().unwrap(), &name)
            });
            match deny {
                true => negated || named || !patterns.iter().all(is_name),
                false => !negated && named,
            }
        }
        // A database may read it as any name.
        Fact::Known(value) if to && word == "connections" && !is_plain(&value) && (deny || negated) => deny,
        Fact::Known(value) => {
            let wide = to && deny != negated;
            let matches = |pattern: &str| match (wide, word.as_str()) {
                (true, "connections") => glob(&folded(pattern), &folded(&value)),
                (true, "dags" | "runs" | "tasks") => glob(pattern, value.trim_end_matches(' ')),
                _ => glob(pattern, &value),
            };
            let names = matches!(word.as_str(), "dags" | "runs" | "tasks" | "connections");
            let uncertain: fn(&str) -> bool = match word.as_str() {
                "connections" => |text| text.ends_with(' ') || !is_plain(text),
                _ => |text| text.ends_with(' '),
            };
            let acting = !to && !negated && matches!(word.as_str(), "dags" | "runs" | "tasks");
            let matched = patterns.iter().any(|pattern| {
                let pattern = pattern.as_str().unwrap();
                // An identity leaves nothing open. Nor does a known value of what acts, unless there is a `*`.
                let open = texts.leaves_open(pattern);
                if open && (negated || identity || (acting && !pattern.contains('*'))) {
                    return false;
                }
                // A variable of an identity is a piece of one segment.
                let mut of = VARIABLES
                    .iter()
                    .zip(texts.of)
                    .filter(|(variable, _)| pattern.contains(**variable));
                if identity && of.any(|(_, text)| text.is_some_and(|text| text.contains('/'))) {
                    return false;
                }
                let spellings = texts.spellings(pattern, wide && names, uncertain);
                spellings.iter().any(|pattern| matches(pattern))
            });
            matched != negated
        }
    }
}

/// Whether no database reads it as a name with other letters.
fn is_plain(value: &str) -> bool {
    value.chars().all(|c| (' '..='~').contains(&c))
}

/// The name that a database or a secrets backend may read a text as.
fn folded(text: &str) -> String {
    text.trim_end_matches(' ').to_lowercase().replace('_', "-")
}

fn is_of_token(word: &str) -> bool {
    word.ends_with("laims") || word.ends_with("equestPrincipals")
}

/// Whether one of the tokens satisfies all of the conditions.
fn token(conditions: &[(&String, &Value)], texts: Texts<'_>, deny: bool, shown: &[Shown]) -> bool {
    let holds = |(word, value): &(&String, &Value), token: &Shown| {
        let negated = word.starts_with("not");
        let any = |patterns: &Value, values: &[String]| {
            let patterns = patterns.as_array().unwrap();
            patterns.iter().any(|pattern| {
                let pattern = pattern.as_str().unwrap();
                // Tokens are always known, so they leave nothing open.
                let spellings = match texts.leaves_open(pattern) {
                    true => Vec::new(),
                    false => texts.spellings(pattern, false, |_| false),
                };
                spellings
                    .iter()
                    .any(|pattern| values.iter().any(|value| glob(pattern, value)))
            })
        };
        match value.as_object() {
            Some(claims) => claims
                .iter()
                .all(|(path, patterns)| any(patterns, &claim(&token.claims, path)) != negated),
            None => any(value, &[token.request_principal.to_owned()]) != negated,
        }
    };
    match shown {
        [] => conditions.iter().all(|(word, _)| deny && word.starts_with("not")),
        some => some
            .iter()
            .any(|token| conditions.iter().all(|condition| holds(condition, token))),
    }
}

/// The values of a claim: the path is cut at every dot, and a claim's name may have a dot in it.
pub(crate) fn claim(claims: &Value, path: &str) -> Vec<String> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let mut values: Vec<String> = match claims.get(path) {
        Some(Value::Array(elements)) => elements.iter().filter_map(scalar).collect(),
        single => single.and_then(scalar).into_iter().collect(),
    };
    for (dot, _) in path.match_indices('.') {
        if let Some(inside) = claims.get(&path[..dot]) {
            values.extend(claim(inside, &path[dot + 1..]));
        }
    }
    values
}

fn fact(to: bool, word: &str, asked: &Asked, wanted: &Wanted) -> Fact<String> {
    let known = |value: Option<String>| value.map_or(Fact::Unknown, Fact::Known);
    let owned = |fact: Fact<&str>| fact.map(str::to_owned);
    let segments = || -> Option<Vec<String>> {
        let id = asked.principal.as_ref()?.as_str().to_owned();
        let segments: Vec<String> = id.split('/').skip(3).map(str::to_owned).collect();
        (segments.len() == 4 && segments[0] == "ns" && segments[2] == "sa").then_some(segments)
    };
    match (to, word) {
        (false, "principals") => asked.principal.as_ref().map(|id| id.as_str().to_owned()).into(),
        (false, "namespaces") => segments().map(|segments| segments[1].clone()).into(),
        (false, "serviceAccounts") => segments()
            .map(|segments| format!("{}/{}", segments[1], segments[3]))
            .into(),
        (false, "dags" | "runs" | "tasks" | "proof") if asked.acting_pending => Fact::Pending,
        (false, "dags") => known(asked.acting.as_ref().map(|acting| acting.dag_id.clone())),
        (false, "runs") => known(asked.acting.as_ref().and_then(|acting| acting.run_id.clone())),
        (false, "tasks") => known(asked.acting.as_ref().and_then(|acting| acting.task_id.clone())),
        (false, "proof") => known(
            asked
                .acting
                .as_ref()
                .map(|acting| acting.proof.as_str().to_owned()),
        ),
        (true, "dags") => owned(wanted.dag),
        (true, "runs") => owned(wanted.run),
        (true, "tasks") => owned(wanted.task),
        (true, "actions") => owned(wanted.action),
        (true, "connections") => owned(wanted.connection),
        (true, "triggers") => owned(wanted.trigger),
        (true, "queues") => owned(wanted.queue),
        (true, "paths") => owned(asked.path),
        (true, "methods") => Fact::Known(asked.method.to_owned()),
        (true, "hosts") => Fact::Known(asked.host.to_owned()),
        (true, "surfaces") => Fact::Known(asked.surface.as_str().to_owned()),
        _ => panic!("no such condition: {word}"),
    }
}

fn glob(pattern: &str, value: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        _ if pattern == "*" => !value.is_empty(),
        (Some(suffix), _) => value.ends_with(suffix),
        (None, Some(prefix)) => value.starts_with(prefix),
        (None, None) => value == pattern,
    }
}

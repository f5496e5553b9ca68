//! A naive reading of the same document: it compiles nothing, has no index, and tries every binding.

use dagward::fact::Fact;
use dagward::policy::Scope;
use serde_json::{Map, Value};

use crate::asked::{Asked, Wanted};
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

/// Whether some text for `{t}` makes an entry of each half hold.
fn holds(rule: &Value, deny: bool, asked: &Asked, wanted: &Wanted) -> bool {
    let entries = |half: &str| rule.get(half).map(|entries| entries.as_array().unwrap());
    // Without a variable all bindings are equal.
    let bindings = if rule.to_string().contains("{t}") {
        bindings(asked)
    } else {
        vec![String::new()]
    };
    bindings.iter().any(|text| {
        let holds = |entry: &Value, to: bool| {
            let (of_token, others): (Vec<_>, Vec<_>) = entry
                .as_object()
                .unwrap()
                .iter()
                .partition(|(word, _)| !to && is_of_token(word));
            let others = others.iter().all(|(word, patterns)| {
                condition(to, word, patterns.as_array().unwrap(), text, deny, asked, wanted)
            });
            others && token(&of_token, text, deny, &asked.shown)
        };
        let from = entries("from").is_none_or(|entries| entries.iter().any(|entry| holds(entry, false)));
        let unclassified = !deny && asked.unclassified;
        let to = match entries("to") {
            None => !unclassified,
            Some(entries) => entries
                .iter()
                .any(|entry| holds(entry, true) && (!unclassified || is_named(entry.as_object().unwrap()))),
        };
        from && to
    })
}

/// Every non-empty piece of every path segment of the caller's identity, and a text that is in no identity, for the
/// entries that bind nothing.
fn bindings(asked: &Asked) -> Vec<String> {
    let mut all = vec!["\0".to_owned()];
    if let Some(principal) = &asked.principal {
        for segment in principal.as_str().split('/') {
            for start in 0..segment.len() {
                for end in start + 1..=segment.len() {
                    all.push(segment[start..end].to_owned());
                }
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
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
    binding: &str,
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
            let matched = patterns.iter().any(|pattern| {
                let pattern = pattern.as_str().unwrap().replace("{t}", binding);
                let refuses = deny != negated;
                match (to && refuses, word.as_str()) {
                    (true, "connections") => glob(&folded(&pattern), &folded(&value)),
                    (true, "dags" | "tasks") => glob(&pattern, value.trim_end_matches(' ')),
                    _ => glob(&pattern, &value),
                }
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
fn token(conditions: &[(&String, &Value)], binding: &str, deny: bool, shown: &[Shown]) -> bool {
    let holds = |(word, value): &(&String, &Value), token: &Shown| {
        let negated = word.starts_with("not");
        let any = |patterns: &Value, values: &[String]| {
            let patterns = patterns.as_array().unwrap();
            patterns.iter().any(|pattern| {
                let pattern = pattern.as_str().unwrap().replace("{t}", binding);
                values.iter().any(|value| glob(&pattern, value))
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
fn claim(claims: &Value, path: &str) -> Vec<String> {
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
        (false, "dags") => known(asked.acting.as_ref().map(|acting| acting.dag_id.clone())),
        (false, "tasks") => known(asked.acting.as_ref().and_then(|acting| acting.task_id.clone())),
        (false, "proof") => known(
            asked
                .acting
                .as_ref()
                .map(|acting| acting.proof.as_str().to_owned()),
        ),
        (true, "dags") => owned(wanted.dag),
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

pub(crate) fn glob(pattern: &str, value: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        _ if pattern == "*" => !value.is_empty(),
        (Some(suffix), _) => value.ends_with(suffix),
        (None, Some(prefix)) => value.starts_with(prefix),
        (None, None) => value == pattern,
    }
}

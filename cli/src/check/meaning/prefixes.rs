//! Warnings about prefixes that match more than their author means.

use dagward::policy::Field;

use super::super::code::Code;
use super::Sink;
use super::pattern::{Pattern, Shape};
use super::view::{Condition, Entry, View};

/// Warns of the prefixes of each ALLOW.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    for entry in view.allows().flat_map(super::view::Rule::entries) {
        for condition in entry.admitting().filter(|condition| is_of_names(condition.field)) {
            open(condition, sink);
        }
    }
    teams(view, sink);
}

/// The fields whose values are names that people choose, and paths.
fn is_of_names(field: Field) -> bool {
    matches!(
        field,
        Field::ActingDags
            | Field::Dags
            | Field::Connections
            | Field::Variables
            | Field::Pools
            | Field::Assets
            | Field::Paths
    )
}

/// Warns of a prefix that ends within a word.
fn open(condition: &Condition<'_>, sink: &mut Sink<'_>) {
    for (number, pattern) in condition.patterns.iter().enumerate() {
        let Some(last) = pattern
            .body
            .chars()
            .next_back()
            .filter(|_| pattern.shape == Shape::Prefix)
        else {
            continue;
        };
        if !(last.is_ascii_alphanumeric() || last == '}') {
            continue;
        }
        let separator = if condition.field == Field::Paths { "/" } else { "_" };
        let longer = match last {
            '}' => "of a team whose name begins with this one's".to_owned(),
            _ => format!("such as `{}x`", pattern.body),
        };
        let message = format!("`{}` also matches longer words, {longer}", pattern.text);
        let mend = format!("`{}{separator}*`", pattern.body);
        sink.warn_with(Code::OpenPrefix, &condition.pattern_at(number), message, mend);
    }
}

/// A team: the prefix of its objects' names, and the end of its accounts' names, which spell it with `-`.
struct Team<'e, 'a> {
    entry: &'e Entry<'a>,
    condition: &'e Condition<'a>,
    number: usize,
    pattern: Pattern<'a>,
}

/// Warns of a team's prefix that is the beginning of another team's.
fn teams(view: &View<'_>, sink: &mut Sink<'_>) {
    let mut teams: Vec<Team<'_, '_>> = Vec::new();
    for rule in view.allows() {
        let accounts: Vec<&str> = rule.from.iter().flatten().flat_map(accounts).collect();
        for entry in rule.entries() {
            for condition in entry.admitting().filter(|condition| is_of_names(condition.field)) {
                for (number, pattern) in condition.patterns.iter().enumerate() {
                    if pattern.shape == Shape::Prefix
                        && !pattern.is_template()
                        && is_named_after(pattern, &accounts)
                    {
                        teams.push(Team {
                            entry,
                            condition,
                            number,
                            pattern: *pattern,
                        });
                    }
                }
            }
        }
    }
    teams.sort_by_key(|team| team.pattern.body);
    for (number, team) in teams.iter().enumerate() {
        let excludes = team.entry.excludes(team.condition.field);
        let is_excluded = |longer: &Pattern<'_>| {
            excludes.is_some_and(|not| not.patterns.iter().any(|not| not.covers(longer)))
        };
        // Behind a prefix stand all that begin with it.
        let behind = teams.iter().skip(number + 1).map(|other| other.pattern);
        let longer = behind
            .take_while(|other| other.body.starts_with(team.pattern.body))
            .find(|other| other.body.len() > team.pattern.body.len() && !is_excluded(other));
        if let Some(longer) = longer {
            let message = format!(
                "`{}` also matches `{}`, which another team owns",
                team.pattern.text, longer.text
            );
            let mend = format!(
                "`{}: [\"{}\"]` beside it",
                team.condition.field.not_word(),
                longer.text
            );
            sink.warn_with(
                Code::AnotherTeam,
                &team.condition.pattern_at(team.number),
                message,
                mend,
            );
        }
    }
}

/// The accounts that an entry of `from` names.
pub(super) fn accounts<'a>(entry: &Entry<'a>) -> Vec<&'a str> {
    let named = entry
        .admitting()
        .filter(|condition| matches!(condition.field, Field::Principals | Field::ServiceAccounts));
    let patterns = named.flat_map(|condition| &condition.patterns);
    patterns
        .filter(|pattern| pattern.shape == Shape::Exact)
        .filter_map(|pattern| pattern.body.rsplit('/').next())
        .collect()
}

/// Whether a team's prefix is that of one of the accounts: `sales_*` of `airflow-worker-sales`.
pub(super) fn is_named_after(pattern: &Pattern<'_>, accounts: &[&str]) -> bool {
    let stem = pattern
        .body
        .trim_end_matches(['_', '-', '.'])
        .replace(['_', '.'], "-");
    let ends = |account: &&str| {
        account
            .strip_suffix(&*stem)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
    };
    !stem.is_empty() && accounts.iter().any(ends)
}

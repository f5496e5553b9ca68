//! The parts of the policy that the cases try, with their positions.

use std::str::FromStr;

use dagward::policy::{ConditionCoverage, Coverage, FieldPath, RuleCoverage, Side};
use serde_json::{Value, json};

use super::reader::quoted;
use crate::source::Source;
use crate::source::carrier::{self, Found};
use crate::source::node::{Node, Part};
use crate::source::position::Lines;
use crate::source::yaml;

/// The kind of a countable part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Rules that decided a case.
    Rules,
    /// Conditions that have held and failed.
    Conditions,
    /// Patterns that a value has matched.
    Patterns,
}

/// The least coverage that the user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Floor {
    kind: Kind,
    percent: usize,
}

/// A part of the policy that no case tries.
#[derive(Debug)]
struct Gap {
    line: usize,
    policy: String,
    rule: u32,
    /// The condition's path below its rule; empty for the rule itself.
    field: String,
    message: String,
}

/// The coverage of a policy.
#[derive(Debug)]
pub(super) struct Report<'r> {
    file: &'r str,
    /// How many of each kind are covered, and how many there are.
    counts: [(Kind, usize, usize); 3],
    gaps: Vec<Gap>,
}

/// The positions of the rules of a policy file.
struct Positions<'s> {
    lines: Lines<'s>,
    /// The document, and the path to the policy in it.
    found: Option<(Node, FieldPath)>,
}

impl<'r> Report<'r> {
    /// Reads what the cases have covered of the policy in `source`.
    pub(super) fn new(source: &'r Source, coverage: &Coverage<'_>) -> Self {
        let positions = Positions::of(source);
        let mut counts = [Kind::Rules, Kind::Conditions, Kind::Patterns].map(|kind| (kind, 0, 0));
        let mut count = |wanted: Kind, is_covered: bool| {
            for (kind, covered, all) in &mut counts {
                if *kind == wanted {
                    *covered += usize::from(is_covered);
                    *all += 1;
                }
            }
        };
        let mut gaps = Vec::new();
        for rule in coverage.rules() {
            count(Kind::Rules, rule.decided > 0);
            if rule.decided == 0 {
                gaps.push(positions.gap(rule, None, "decides no case".to_owned()));
            }
            for (side, entry, condition) in rule.conditions() {
                count(Kind::Conditions, condition.held && condition.failed);
                let place = Some((side, entry, condition));
                // One that no case reaches stands behind one that never holds.
                let message = match (condition.held, condition.failed) {
                    (true, true) | (false, false) => None,
                    (false, true) => Some("never holds"),
                    (true, false) => Some("never fails"),
                };
                gaps.extend(message.map(|message| positions.gap(rule, place, message.to_owned())));
                for alternative in &condition.alternatives {
                    count(Kind::Patterns, alternative.matched);
                }
                let (matched, unmatched): (Vec<_>, Vec<_>) = condition
                    .alternatives
                    .iter()
                    .partition(|alternative| alternative.matched);
                if !matched.is_empty() && !unmatched.is_empty() {
                    let unmatched: Vec<&str> = unmatched
                        .iter()
                        .map(|alternative| alternative.pattern.as_str())
                        .collect();
                    let message = format!("no case matches {}", quoted(&unmatched));
                    gaps.push(positions.gap(rule, place, message));
                }
            }
        }
        gaps.sort_by_key(|gap| gap.line);
        Self {
            file: &source.name,
            counts,
            gaps,
        }
    }

    /// Says that less is covered than the user asks for.
    pub(super) fn misses(&self, floor: Floor) -> Option<String> {
        let (kind, covered, all) = self.counts.iter().find(|(kind, ..)| *kind == floor.kind)?;
        (covered * 100 < floor.percent * all).then(|| {
            format!(
                "the cases cover {covered} of {all} {} ({} %), less than {} %",
                kind.word(),
                percent(*covered, *all),
                floor.percent
            )
        })
    }

    /// The gaps and the counts, for people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for gap in &self.gaps {
            let Gap {
                line,
                policy,
                rule,
                field,
                message,
            } = gap;
            let field = match field.as_str() {
                "" => String::new(),
                field => format!(" {field}"),
            };
            text += &format!(
                "{}:{line}: policy `{policy}` rule {rule}{field}: {message}\n",
                self.file
            );
        }
        if !self.gaps.is_empty() {
            text.push('\n');
        }
        for (kind, covered, all) in self.counts {
            let share = percent(covered, all);
            text += &format!("coverage of {:<10} {covered} of {all} ({share} %)\n", kind.word());
        }
        text + "\n"
    }

    /// The counts and the gaps, for programs.
    pub(super) fn json(&self) -> Value {
        let count = |(kind, covered, all): &(Kind, usize, usize)| {
            let count = json!({"covered": covered, "all": all, "percent": percent(*covered, *all)});
            (kind.word().to_owned(), count)
        };
        let gaps: Vec<Value> = self
            .gaps
            .iter()
            .map(|gap| {
                json!({
                    "file": self.file, "line": gap.line, "policy": gap.policy, "rule": gap.rule, "field": gap.field,
                    "message": gap.message,
                })
            })
            .collect();
        let mut report: serde_json::Map<String, Value> = self.counts.iter().map(count).collect();
        report.insert("gaps".to_owned(), json!(gaps));
        Value::Object(report)
    }
}

impl<'s> Positions<'s> {
    fn of(source: &'s Source) -> Self {
        let documents = yaml::read(&source.text).read.into_iter();
        let found = documents
            .filter(|document| !document.root.span.is_empty())
            .find_map(|document| {
                let path = carrier::find(&document.root)
                    .into_iter()
                    .find_map(|found| match found {
                        Found::Policy(carried) => Some(carried.path),
                        Found::PassedOver { .. } => None,
                    });
                path.map(|path| (document.root, path))
            });
        Self {
            lines: Lines::new(&source.text),
            found,
        }
    }

    fn gap(
        &self,
        rule: &RuleCoverage<'_>,
        place: Option<(Side, usize, &ConditionCoverage<'_>)>,
        message: String,
    ) -> Gap {
        let below = place.map(|(side, entry, condition)| {
            let path = FieldPath::default()
                .key(side.word())
                .index(entry)
                .key(condition.word);
            match condition.claim {
                Some(claim) => path.key(claim),
                None => path,
            }
        });
        Gap {
            line: self.line(rule, below.as_ref()),
            policy: rule.policy.to_owned(),
            rule: rule.rule,
            field: below.map(|path| path.to_string()).unwrap_or_default(),
            message,
        }
    }

    fn line(&self, rule: &RuleCoverage<'_>, below: Option<&FieldPath>) -> usize {
        let Some((root, base)) = &self.found else { return 1 };
        let mut path = base
            .key("policies")
            .index(rule.policy_number)
            .key("rules")
            .index(rule.rule as usize);
        path.0.extend(below.iter().flat_map(|below| below.0.clone()));
        self.lines.position(root.locate(&path, Part::Key).start).line
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Conditions => "conditions",
            Self::Patterns => "patterns",
        }
    }
}

/// The share in whole percent, rounded down. Nothing of nothing is all.
fn percent(covered: usize, all: usize) -> usize {
    (covered * 100).checked_div(all).unwrap_or(100)
}

impl FromStr for Floor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, percent) = match text.split_once('=') {
            None => (Kind::Rules, text),
            Some(("rules", percent)) => (Kind::Rules, percent),
            Some(("conditions", percent)) => (Kind::Conditions, percent),
            Some(("patterns", percent)) => (Kind::Patterns, percent),
            Some(_) => return Err("expected `rules=`, `conditions=` or `patterns=` and a percentage"),
        };
        let percent = percent.strip_suffix('%').unwrap_or(percent);
        match percent.parse() {
            Ok(percent) if percent <= 100 => Ok(Self { kind, percent }),
            _ => Err("expected a percentage, 0 to 100"),
        }
    }
}

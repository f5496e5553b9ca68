//! Compares the permissions that each release asks its auth manager for with the table's actions
//! for the route.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Result;

use super::differences::{DIFFERENCES, Difference};
use super::questions::actions_for;
use super::{Listing, Row, Served, Words};
use crate::Release;

/// The problems of the table's actions, over several releases; empty if there are none.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    problems: BTreeSet<String>,
}

/// The method and path of a row, for all releases.
type Key = (&'static str, &'static str);

/// The actions of a row, compared.
#[derive(Default)]
struct Actions {
    /// All actions of the row.
    had: BTreeSet<&'static str>,
    /// The actions that a release asks for.
    asked: BTreeSet<&'static str>,
    /// Whether any release asks for a permission.
    compared: bool,
}

impl Asked {
    /// Compares the table's rows for each release with the release's stored routes.
    pub fn of_all<T: Iterator<Item = Words>>(table: impl Fn(Release) -> T) -> Result<Self> {
        let mut asked = Self::default();
        let mut by_row: BTreeMap<Key, Actions> = BTreeMap::new();
        let mut used = BTreeSet::new();
        for release in Release::ALL {
            let rows: Vec<_> = table(release).map(Row::from).collect();
            for route in Listing::kept(release)?.routes()? {
                if let Some(row) = Row::for_route(&rows, &route) {
                    let actions = by_row.entry((row.method, row.template)).or_default();
                    asked.compare(release, &route, row, actions, &mut used);
                }
            }
        }
        for ((method, template), actions) in by_row {
            for action in actions
                .had
                .difference(&actions.asked)
                .filter(|_| actions.compared)
            {
                asked.accept_or(&mut used, method, template, action, || {
                    format!("{method} {template}: the table has `{action}`, which no release asks for")
                });
            }
        }
        for difference in DIFFERENCES {
            for what in difference.of {
                if !used.contains(&(difference.method, difference.template, *what)) {
                    let Difference {
                        method,
                        template,
                        because,
                        ..
                    } = difference;
                    let problem =
                        format!("{method} {template}: the difference `{what}` ({because}) no longer exists");
                    asked.problems.insert(problem);
                }
            }
        }
        Ok(asked)
    }

    /// Whether there are no problems.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    fn compare(
        &mut self,
        release: Release,
        route: &Served,
        row: &Row,
        actions: &mut Actions,
        used: &mut BTreeSet<(&'static str, &'static str, &'static str)>,
    ) {
        let version = release.version;
        let (method, template) = (row.method, row.template);
        actions.had.extend(&row.actions);
        for question in &route.asks {
            let Some(groups) = actions_for(&route.method, question) else {
                let problem = format!(
                    "{version}: {method} {}: unknown question `{question}`",
                    route.path
                );
                self.problems.insert(problem);
                continue;
            };
            for group in groups {
                actions.compared |= !many_pages(template);
                let having: Vec<_> = row
                    .actions
                    .iter()
                    .filter(|action| group.iter().any(|one| one == *action))
                    .collect();
                if having.is_empty() {
                    let groups = group.join("` or `");
                    self.accept_or(used, method, template, question, || {
                        format!("{version}: {method} {template}: Airflow asks for `{question}`, but the table lacks `{groups}`")
                    });
                }
                actions.asked.extend(having);
            }
        }
        let own = route.asks.iter().any(|question| question == "scope ti:self");
        if row.is_of_own_task() != own {
            self.accept_or(used, method, template, "scope ti:self", || {
                format!("{version}: {method} {template}: `scope ti:self` on one side only")
            });
        }
    }

    /// Records a problem, unless it is an accepted difference.
    fn accept_or(
        &mut self,
        used: &mut BTreeSet<(&'static str, &'static str, &'static str)>,
        method: &str,
        template: &str,
        what: &str,
        problem: impl FnOnce() -> String,
    ) {
        let accepted = DIFFERENCES
            .iter()
            .filter(|difference| (difference.method, difference.template) == (method, template));
        let accepted = accepted.flat_map(|difference| difference.of.iter().map(move |of| (difference, *of)));
        match accepted.into_iter().find(|(_, of)| *of == what) {
            Some((difference, of)) => {
                used.insert((difference.method, difference.template, of));
            }
            None => {
                self.problems.insert(problem());
            }
        }
    }
}

/// Whether a row stands for several pages of Flask-AppBuilder, each of which performs one of the
/// row's actions.
fn many_pages(template: &str) -> bool {
    ["/{page:path}", "/action/{name}/{pk}", "/delete/{pk}"]
        .iter()
        .any(|end| template.ends_with(end))
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems
            .iter()
            .try_for_each(|problem| writeln!(f, "{problem}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(actions: &'static [&'static str]) -> String {
        let row = ("rest", "GET", "/api/v2/connections", actions.to_vec());
        Asked::of_all(|_| std::iter::once(row.clone()))
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_difference_on_either_side_is_a_problem_until_it_is_accepted_and_when_it_is_gone() {
        let less = "3.3.2: GET /api/v2/connections: Airflow asks for `connection GET`, but the table lacks `connection:read`\n";
        let more = "GET /api/v2/connections: the table has `pool:read`, which no release asks for\n";
        let gone = "GET /ui/backfills: the difference `dag GET` (3.0 asks `backfill GET` as well) no longer exists\n";
        for (actions, expected) in [
            (&["pool:read"][..], [true, true, true]),
            (&["connection:read", "pool:read"], [false, true, true]),
            (&["connection:read"], [false, false, true]),
        ] {
            let text = of(actions);
            assert_eq!(
                [less, more, gone].map(|problem| text.contains(problem)),
                expected,
                "{text}"
            );
        }
    }
}

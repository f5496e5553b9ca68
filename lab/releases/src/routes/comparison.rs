//! A comparison of the table of routes with the routes that a release serves.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use super::left_out::{beyond_the_lab, surface};
use super::{Listing, Row, Served, Words};
use crate::Release;
use dagward_workbench::table::Table;

/// The result of the comparison.
#[derive(Debug)]
pub struct Comparison {
    release: Release,
    surfaces: BTreeMap<&'static str, Counts>,
    missing: Vec<String>,
    not_served: Vec<String>,
    kept: bool,
}

#[derive(Debug, Default)]
struct Counts {
    classified: usize,
    left_out: usize,
    missing: usize,
}

impl Comparison {
    /// Compares the rows for a release with the routes that it serves.
    pub fn new(listing: &Listing, table: impl Iterator<Item = Words>) -> Result<Self> {
        let table: Vec<_> = table.map(Row::from).collect();
        Ok(Self::of(listing.release, &listing.routes()?, &table))
    }

    fn of(release: Release, served: &[Served], table: &[Row]) -> Self {
        let mut comparison = Self {
            release,
            kept: true,
            surfaces: BTreeMap::new(),
            missing: Vec::new(),
            not_served: Vec::new(),
        };
        let mut seen: Vec<&Served> = Vec::new();
        for route in served {
            // Several applications serve some routes.
            let again = |other: &&Served| other.method == route.method && other.path == route.path;
            if !seen.iter().any(again) {
                comparison.count(route, table);
                seen.push(route);
            }
        }
        comparison.not_served = table
            .iter()
            .filter(|row| installed(row.template, served) && !served.iter().any(|route| row.is(route)))
            .map(|row| format!("{} {}", row.method, row.template))
            .collect();
        comparison
    }

    fn count(&mut self, route: &Served, table: &[Row]) {
        if let Some(row) = Row::for_route(table, route) {
            self.surfaces.entry(row.surface).or_default().classified += 1;
        } else if let Some(surface) = surface(&route.method, &route.path) {
            self.surfaces.entry(surface).or_default().left_out += 1;
        } else {
            self.surfaces.entry("no surface").or_default().missing += 1;
            let (method, path, app) = (&route.method, &route.path, &route.app);
            self.missing.push(format!("{method} {path} ({app})"));
        }
    }

    /// Records whether the stored routes are those that the release serves.
    pub(super) fn kept(&mut self, kept: bool) {
        self.kept = kept;
    }

    /// Whether the table classifies every route, the release serves every row, and the stored
    /// routes are current.
    pub fn complete(&self) -> bool {
        self.missing.is_empty() && self.not_served.is_empty() && self.kept
    }
}

/// Whether the part of Airflow that serves `template` is installed, judged by its first segment.
fn installed(template: &str, served: &[Served]) -> bool {
    let first = |path: &str| path.split('/').nth(1).map(str::to_owned);
    !beyond_the_lab(template) && served.iter().any(|route| first(&route.path) == first(template))
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Airflow {}", self.release.version)?;
        let mut table = Table::plain(["surface", "routes", "classified", "left out", "missing"]);
        let mut all = Counts::default();
        for (surface, counts) in &self.surfaces {
            table.row(counts.cells(surface));
            all.classified += counts.classified;
            all.left_out += counts.left_out;
            all.missing += counts.missing;
        }
        table.row(all.cells("all"));
        write!(f, "{table}")?;
        for route in &self.missing {
            writeln!(f, "missing in the table: {route}")?;
        }
        for row in &self.not_served {
            writeln!(f, "in the table, but not served: {row}")?;
        }
        if !self.kept {
            let what = "its routes differ from those that are stored for tests";
            writeln!(f, "{what}: see `cargo xtask routes --write`")?;
        }
        Ok(())
    }
}

impl Counts {
    fn cells(&self, surface: &str) -> [String; 5] {
        let routes = self.classified + self.left_out + self.missing;
        let counts = [routes, self.classified, self.left_out, self.missing];
        let [routes, classified, left_out, missing] = counts.map(|count| count.to_string());
        [surface.to_owned(), routes, classified, left_out, missing]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(method: &str, path: &str) -> Served {
        Served {
            app: "test".into(),
            method: method.into(),
            path: path.into(),
            query: Vec::new(),
            body: Vec::new(),
            asks: Vec::new(),
        }
    }

    fn row(method: &'static str, template: &'static str) -> Row {
        Row {
            surface: "rest",
            method,
            template,
            actions: Vec::new(),
        }
    }

    #[test]
    fn what_is_missing_on_either_side_is_named() {
        let theirs = [
            served("GET", "/api/v2/dags/{dag_id}"),
            served("PUT", "/api/v2/dags/{dag_id}"),
            served("GET", "/{rest_of_path:path}"),
        ];
        let ours = [
            row("GET", "/api/v2/dags/{id}"),
            row("GET", "/api/v2/gone"),
            row("GET", "/edge_worker/not-installed"),
        ];
        let comparison = Comparison::of(Release::V3_3, &theirs, &ours);
        assert!(!comparison.complete());
        let text = comparison.to_string();
        assert!(
            text.contains("missing in the table: PUT /api/v2/dags/{dag_id} (test)\n"),
            "{text}"
        );
        assert!(
            text.contains("in the table, but not served: GET /api/v2/gone\n"),
            "{text}"
        );
        assert!(!text.contains("not-installed"), "{text}");
        assert!(Comparison::of(Release::V3_3, &theirs[..1], &ours[..1]).complete());
    }
}

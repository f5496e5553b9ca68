//! Request targets: those of the route table, and their mutations.

use dagward::operation::rows_of;
use dagward_releases::Release;
use dagward_testbed::airflow::oracle::Question;

use super::mutations::encoded;
use super::random::Random;

/// Names of query parameters that name ids in Airflow's routes, and some that name none.
const PARAMETERS: [&str; 18] = [
    "dag_id",
    "dag_ids",
    "run_id",
    "run_ids",
    "dag_run_id",
    "task_id",
    "task_ids",
    "name",
    "uri",
    "asset_id",
    "dataset_id",
    "source_dag_id",
    "source_run_id",
    "source_task_id",
    "limit",
    "map_index",
    "execution_date",
    "root",
];

/// The newest version, the first, and one in between: routes were added and removed.
const API_VERSIONS: [&str; 3] = ["", "2025-04-11", "2025-11-05"];

/// The targets of one release of Airflow.
pub(super) struct Targets {
    pub(super) routes: Vec<(&'static str, &'static str)>,
    pub(super) base_path: &'static str,
    has_base_path: bool,
    pub(super) random: Random,
}

impl Targets {
    /// With a base path that Airflow has, or with one that it does not have.
    pub(super) fn new(release: Release, base_path: &'static str, has_base_path: bool, seed: u64) -> Self {
        Self {
            routes: rows_of(release.version)
                .map(|row| (row.method(), row.template()))
                .collect(),
            base_path,
            has_base_path,
            random: Random::new(seed),
        }
    }

    /// A target that Airflow may serve or not.
    pub(super) fn next(&mut self) -> Question {
        let (method, template) = self.random.one_of(&self.routes);
        let mut target = self.filled(template);
        // Airflow 2 serves nothing without it.
        if self.random.one_in(8) != self.has_base_path {
            target.insert_str(0, self.base_path);
        }
        if self.random.one_in(2) {
            target += &self.query();
        }
        let mutations = if self.random.one_in(16) {
            0
        } else {
            1 + self.random.below(3)
        };
        for _ in 0..mutations {
            target = self.mutated(target);
        }
        let method = match (method, self.random.below(12)) {
            ("GET", 0) => "HEAD",
            (_, 1) => self.random.one_of(&["GET", "POST", "PATCH", "DELETE"]),
            (method, _) => method,
        };
        let target = target.replace(['\r', '\n'], "");
        Question {
            method,
            target,
            api_version: self.random.one_of(&API_VERSIONS),
        }
    }

    /// A path that matches a template. No two of its placeholders have the same value.
    pub(super) fn filled(&mut self, template: &str) -> String {
        let segments: Vec<_> = template
            .split('/')
            .skip(1)
            .enumerate()
            .map(|(place, segment)| match segment.split_once('{') {
                Some((prefix, name)) => format!("{prefix}{}", self.value(name.trim_end_matches('}'), place)),
                None => segment.to_owned(),
            })
            .collect();
        format!("/{}", segments.join("/"))
    }

    fn value(&mut self, name: &str, place: usize) -> String {
        let number = self.random.below(1000);
        let is_number = [
            "index",
            "number",
            "offset",
            "event_log_id",
            "import_error_id",
            "backfill_id",
        ];
        match name {
            "task_instance_id" | "connection_test_id" => {
                format!("01890a5d-ac96-774b-bcce-b30209{number:03}{place:03}")
            }
            "run_id" | "dag_run_id" => format!("manual__2026-01-01T00:00:00+00:{place:02}.{number}"),
            _ if name.ends_with(":path") => {
                format!("{}/{place}/k{number}", self.random.one_of(&["a", "item", "s.t"]))
            }
            _ if is_number.iter().any(|part| name.contains(part)) => number.to_string(),
            _ => format!("{}_{place}_{number}", name.trim_end_matches("_id")),
        }
    }

    pub(super) fn query(&mut self) -> String {
        let pairs: Vec<_> = (0..1 + self.random.below(3))
            .map(|place| {
                let name = self.random.one_of(&PARAMETERS);
                let value = self.random.below(1000);
                match self.random.below(8) {
                    0 => format!("{name}="),
                    1 => format!("{name}=q{place}.{value},p{value}"),
                    2 => format!("{}={value}", encoded(name, self.random.below(name.len()), true)),
                    _ => format!("{name}=q{place}.{value}"),
                }
            })
            .collect();
        format!("?{}", pairs.join("&"))
    }
}

//! Airflow's official Helm chart, rendered with the values of `examples/helm/`.
//!
//! The chart does not belong to the project, and no package registry has it. A developer who has it
//! can render it here. The facts that matter to the files of `examples/` are stored in
//! `lab/chart/facts.json`, so that tests can check these files without the chart.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::manifest;
use dagward_workbench::go::Program;
use dagward_workbench::paths;

mod combination;
mod extract;
mod object;

pub use combination::{Combination, Executor};
pub use object::{Container, Kind, Object, Pods, Port, Service};

/// The variable with the chart's path: a folder or an archive.
pub const GIVEN: &str = "DAGWARD_CHART";

const HELM: Program = Program {
    module: "helm",
    package: "helm.sh/helm/v3/cmd/helm",
    linked: "",
};

/// The values that users copy.
const VALUES: [&str; 3] = [
    "examples/helm/values.yaml",
    "examples/helm/values-celery.yaml",
    "examples/helm/values-airflow-2.yaml",
];

const CLUSTER_POLICY: &str = "examples/airflow/policies/airflow_local_settings.py";

const KEPT: &str = "lab/chart/facts.json";

/// The chart's output for the values, in every combination of users' choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The chart's version.
    pub chart: String,
    /// The digest of the values that it was rendered with.
    pub values: String,
    /// Every object that occurs, sorted.
    objects: Vec<Object>,
    renderings: Vec<Rendering>,
}

/// The objects of one combination, as indices into all objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rendering {
    combination: Combination,
    objects: Vec<usize>,
}

/// The chart's path; `None` if it is not set.
pub fn given() -> Option<OsString> {
    env::var_os(GIVEN).filter(|path| !path.is_empty())
}

impl Facts {
    /// The facts of a chart.
    pub fn of(chart: OsString) -> Result<Self> {
        let helm = Helm::ensure(chart)?;
        let mut rendered = Vec::new();
        for combination in Combination::all() {
            let objects = helm
                .render(&combination)
                .with_context(|| combination.to_string())?;
            rendered.push((combination, objects));
        }
        let mut objects: Vec<_> = rendered.iter().flat_map(|(_, objects)| objects.clone()).collect();
        objects.sort();
        objects.dedup();
        let renderings = rendered.into_iter().map(|(combination, own)| {
            let places = own.iter().map(|object| objects.binary_search(object));
            let places: Result<_, _> = places.collect();
            let objects = places.map_err(|_| anyhow::anyhow!("an object is not among all of them"))?;
            Ok(Rendering { combination, objects })
        });
        Ok(Self {
            chart: helm.version()?,
            values: digest_of_values()?,
            renderings: renderings.collect::<Result<_>>()?,
            objects,
        })
    }

    /// The stored facts.
    pub fn kept() -> Result<Self> {
        let text = fs::read_to_string(kept()).with_context(|| format!("cannot read `{KEPT}`"))?;
        serde_json::from_str(&text).with_context(|| format!("cannot use `{KEPT}`"))
    }

    /// Stores the facts, one object per line.
    pub fn keep(&self) -> Result<()> {
        let lines = |items: Vec<Result<String, serde_json::Error>>| -> Result<String> {
            let items: Result<Vec<_>, _> = items.into_iter().collect();
            Ok(items?.join(",\n"))
        };
        let objects = lines(self.objects.iter().map(serde_json::to_string).collect())?;
        let renderings = lines(self.renderings.iter().map(serde_json::to_string).collect())?;
        let (chart, values) = (Value::from(&*self.chart), Value::from(&*self.values));
        let text = format!(
            "{{\n\"chart\": {chart},\n\"values\": {values},\n\"objects\": [\n{objects}\n],\n\"renderings\": \
             [\n{renderings}\n]\n}}\n"
        );
        Ok(fs::write(kept(), text)?)
    }

    /// The objects of each combination.
    pub fn renderings(&self) -> impl Iterator<Item = (&Combination, Vec<&Object>)> {
        self.renderings.iter().map(|rendering| {
            let places = rendering.objects.iter();
            let objects = places.filter_map(|place| self.objects.get(*place));
            (&rendering.combination, objects.collect())
        })
    }

    /// The differences between these facts and `other`, one line each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.chart != other.chart {
            lines.push(format!("chart {} in the place of {}", self.chart, other.chart));
        }
        if self.values != other.values {
            lines.push("other values".to_owned());
        }
        let only = |these: &Self, those: &Self, sign: char| {
            let missing = these
                .objects
                .iter()
                .filter(|object| !those.objects.contains(object));
            let lines = missing.map(|object| format!("{sign} {}", serde_json::json!(object)));
            lines.collect::<Vec<_>>()
        };
        lines.extend(only(other, self, '-'));
        lines.extend(only(self, other, '+'));
        let (these, those): (Vec<_>, Vec<_>) = (self.renderings().collect(), other.renderings().collect());
        if lines.is_empty() && these != those {
            lines.push("other objects in a combination".to_owned());
        }
        lines
    }
}

/// The digest of the values that users copy, without comments.
pub fn digest_of_values() -> Result<String> {
    let mut hash = Sha256::new();
    for file in VALUES {
        hash.update(manifest::read(file)?.to_string());
    }
    let digest = hash.finalize();
    Ok(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn kept() -> PathBuf {
    paths::workspace().join(KEPT)
}

/// helm, with the chart that it renders.
struct Helm {
    program: PathBuf,
    chart: OsString,
}

impl Helm {
    fn ensure(chart: OsString) -> Result<Self> {
        Ok(Self {
            program: HELM.ensure()?,
            chart,
        })
    }

    fn version(&self) -> Result<String> {
        let chart = manifest::parse(&self.run(&["show".to_owned(), "chart".to_owned()])?)?;
        let version = chart.pointer("/version").and_then(Value::as_str);
        Ok(version.context("the chart has no version")?.to_owned())
    }

    fn render(&self, combination: &Combination) -> Result<Vec<Object>> {
        let mut arguments = vec!["template".to_owned(), "airflow".to_owned()];
        arguments.extend(["--namespace".to_owned(), "airflow".to_owned()]);
        let workspace = paths::workspace();
        for file in combination.values() {
            arguments.push("--values".to_owned());
            arguments.push(workspace.join(file).display().to_string());
        }
        for set in combination.set() {
            arguments.extend(["--set".to_owned(), set]);
        }
        for text in combination::REMOTE_LOGS {
            arguments.extend(["--set-string".to_owned(), text.to_owned()]);
        }
        let policy = workspace.join(CLUSTER_POLICY);
        arguments.push("--set-file".to_owned());
        arguments.push(format!("airflowLocalSettings={}", policy.display()));
        let documents = manifest::parse_all(&self.run(&arguments)?)?;
        let mut objects = Vec::new();
        for document in documents.iter().filter(|document| !document.is_null()) {
            objects.extend(extract::object(document)?);
        }
        objects.sort();
        for pair in objects.windows(2) {
            if let [one, other] = pair {
                ensure!(
                    !one.is_same_as(other),
                    "`{}` is there twice, so that an install stops",
                    one.name
                );
            }
        }
        Ok(objects)
    }

    /// Helm's output for the chart.
    fn run(&self, arguments: &[String]) -> Result<String> {
        let mut helm = Command::new(&self.program);
        // The name of the release must come before the chart; all other arguments can follow it.
        let (before, after) = arguments.split_at(2.min(arguments.len()));
        let output = helm.args(before).arg(&self.chart).args(after).output()?;
        if !output.status.success() {
            bail!("helm: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_are_of_the_present_values() {
        let kept = Facts::kept().unwrap();
        assert_eq!(
            kept.values,
            digest_of_values().unwrap(),
            "examples/helm has changed: `{GIVEN}=CHART cargo xtask chart --write` renders it anew"
        );
        let combinations: Vec<_> = kept
            .renderings()
            .map(|(combination, _)| combination.clone())
            .collect();
        assert_eq!(combinations, Combination::all());
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let kept = Facts::kept().unwrap();
        assert_eq!(kept.differences(&kept), [] as [String; 0]);
        let mut other = kept.clone();
        other.objects.pop();
        assert_ne!(kept.differences(&other), [] as [String; 0]);
    }
}

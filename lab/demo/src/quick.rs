//! The main job on a quick mesh: sidecars of two teams and of the api-server, an HTTP service in
//! Airflow's place, and requests of which some are attacks.
//!
//! The report reads the facts of a request (caller, decision, reason) from the logs of the sidecar
//! that decided it. The scenes only define the requests and their expected results.

use std::path::Path;

use anyhow::{Context, Result};

use dagward_shipped::manifest;
use dagward_testbed::admin::Sample;
use dagward_testbed::client::Response;
use dagward_workbench::progress;

mod counts;
mod mesh;
mod report;
mod scenes;
mod witness;

use mesh::Mesh;
use scenes::Scene;
use witness::Testimony;

/// The policy that the sidecars enforce.
const POLICY: &str = "examples/policies/two-teams.yaml";

/// The facts of the demo.
#[derive(Debug)]
pub struct Demo {
    played: Vec<Played>,
    /// Requests that reached the services behind the sidecars.
    reached: usize,
    metrics: Vec<Sample>,
}

/// One request and its result.
#[derive(Debug)]
struct Played {
    scene: Scene,
    status: u16,
    testimony: Testimony,
}

impl Demo {
    /// Starts the mesh with the filter at `module`, sends all requests and ends the mesh.
    pub fn run(module: &Path) -> Result<Self> {
        let manifest = manifest::read(POLICY)?;
        let policy = manifest::policy(&manifest).context("no policy")?.to_string();
        let mesh = progress::during("starting four sidecars", |_| Mesh::start(module, &policy))?;
        let played = progress::during("sending requests", |_| {
            scenes::all()
                .into_iter()
                .map(|scene| Played::play(&mesh, scene))
                .collect::<Result<Vec<_>>>()
        })?;
        let metrics = progress::during("reading metrics", |_| mesh.metrics(played.len()))?;
        Ok(Self {
            reached: mesh.reached(),
            played,
            metrics,
        })
    }

    /// Whether every answer is as its scene expects, and no refused request reached a service.
    pub fn holds(&self) -> bool {
        let allowed = self
            .played
            .iter()
            .filter(|played| played.scene.answer == 200)
            .count();
        self.played.iter().all(Played::holds) && self.reached == allowed
    }
}

impl Played {
    fn play(mesh: &Mesh, scene: Scene) -> Result<Self> {
        let answer = mesh
            .client(scene.from)?
            .send(&scene.request)
            .with_context(|| format!("{}: no answer", scene.title))?;
        let id = request_id(&answer).with_context(|| format!("{}: {}", scene.title, answer.text()))?;
        Ok(Self {
            testimony: witness::testimony(mesh.decider(scene.to), id)?,
            status: answer.status,
            scene,
        })
    }

    fn holds(&self) -> bool {
        self.status == self.scene.answer && self.testimony.code == self.scene.code
    }
}

fn request_id(answer: &Response) -> Result<&str> {
    answer
        .header("x-request-id")
        .context("an answer without `x-request-id`")
}

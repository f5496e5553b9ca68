//! End to end on real Airflow 3.3.2: each task is a process of its own behind its own sidecar.
//!
//! The story is told once for all tests; see `lab/src/airflow/story.rs`. Paths are held against Airflow's own
//! routers by themselves, see `routing.rs`.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

use std::sync::LazyLock;

use dagward_lab::airflow::story::Story;
use dagward_lab::module;

mod honest;
mod rogue;
mod routes;
mod routing;

static STORY: LazyLock<Story> = LazyLock::new(|| {
    let module = module::build().unwrap_or_else(|error| panic!("{error:#}"));
    Story::tell(&module.path).unwrap_or_else(|error| panic!("{error:#}"))
});

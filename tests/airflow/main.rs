//! End to end on real Airflow.
//!
//! `honest` and `rogue`: each task is a process of its own behind its own sidecar, as with
//! KubernetesExecutor. The story is told once for all tests; see `lab/src/airflow/story.rs`.
//! `shipped` has the same for the ready policies of the first day, of components and of a business service.
//! `hostile_pods` has attacks on such tasks by tokens that are stolen or forged.
//! `celery` and `versions`: Airflow's own executors, each component behind its own sidecar.
//! `replicas`: the same with two api-servers.
//! `moved`: a header that moves the path of Airflow 2.11's servers.
//! `tokens`: what Airflow gives users and tasks, judged before Airflow sees it.
//! `cluster_policy`: which pods come out of the scheduler.
//! `routes`, `routing` and `credentials`: dagward's reading of requests is held against Airflow's own.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

use std::sync::LazyLock;

use dagward_lab::airflow::story::Story;
use dagward_lab::module;

mod business;
mod celery;
mod cluster_policy;
mod credentials;
mod honest;
mod hostile_pods;
mod moved;
mod package;
mod policies;
mod replicas;
mod rogue;
mod routes;
mod routing;
mod settings;
mod shipped;
mod tokens;
mod versions;

static STORY: LazyLock<Story> = LazyLock::new(|| {
    let module = module::build().unwrap_or_else(|error| panic!("{error:#}"));
    Story::tell(&module.path).unwrap_or_else(|error| panic!("{error:#}"))
});

//! End-to-end tests on real Airflow.
//!
//! `honest` and `rogue`: each task is a process of its own behind its own sidecar, as with KubernetesExecutor. The demo
//! runs once for all tests; see `lab/demo/src/airflow.rs`. `shipped` has the same for the ready policies of the first
//! day, of components and of a business service. `hostile_pods` has attacks on such tasks with stolen and forged
//! tokens. `celery` and `versions`: Airflow's own executors, each component behind its own sidecar. `replicas`: the
//! same with two api-servers. `moved`: a header that moves the path of Airflow 2.11's servers. `tokens`: Airflow's
//! tokens of users and tasks, verified before Airflow sees them. `cluster_policy`: the pods that the scheduler makes.
//! `own_teams`: Airflow's own teams, `[core] multi_team`. `routes`, `routing` and `credentials`: dagward's reading of requests, compared with Airflow's own.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

use std::sync::LazyLock;

use dagward_build as module;
use dagward_demo::airflow::Demo;

mod business;
mod celery;
mod cluster_policy;
mod credentials;
mod honest;
mod hostile_pods;
mod moved;
mod own_teams;
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

static DEMO: LazyLock<Demo> = LazyLock::new(|| {
    let module = module::build().unwrap_or_else(|error| panic!("{error:#}"));
    Demo::run(&module.path).unwrap_or_else(|error| panic!("{error:#}"))
});

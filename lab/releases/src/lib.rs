//! The releases of Airflow that the project tests: the installation of each, and the routes that it
//! serves.

mod install;
pub mod routes;

pub use install::{Environment, Installation, JWT_SECRET, Release, secret};

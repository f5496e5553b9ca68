//! The releases of Airflow that dagward is tested with: how each is installed, and the routes that it serves.

mod install;
pub mod routes;

pub use install::{Environment, Installation, JWT_SECRET, Release, secret};

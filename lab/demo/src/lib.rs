//! The main job: on a quick mesh with an HTTP service in Airflow's place, and on a real Airflow.

pub mod airflow;
pub mod quick;

//! Reads the files that users copy and the pages that they read, for the tests.
//!
//! | module | what it reads |
//! |---|---|
//! | [`manifest`] | the resources in `examples/` |
//! | [`teams`] | the map of teams in them |
//! | [`chart`] | the objects that Airflow's Helm chart makes from the values in `examples/helm` |
//! | [`pages`] | the pages of the book, their examples and links |

pub mod chart;
pub mod manifest;
pub mod pages;
pub mod teams;

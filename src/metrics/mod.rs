//! The metrics: names of series, escaping of labels, and the cap on series.
//!
//! Envoy has no labels in the interface by which a filter defines a metric. They travel in the series' name,
//! in the form that Istio's `extraStatTags` reads, and Envoy never frees a series. So names are escaped
//! ([`label`]), built once ([`series`]), listed in one place ([`catalog`]), and capped for the whole proxy
//! ([`admission`]), so that no caller uses up another's (`shares`). [`ledger`] counts a finished request.

pub mod admission;
pub mod catalog;
pub mod host;
pub mod label;
pub mod ledger;
pub mod series;
mod shares;
#[cfg(test)]
pub(crate) mod testing;
pub mod traffic;

pub use host::{Kind, Meter};
pub use ledger::Ledger;
pub use traffic::Traffic;

//! Series names, label escaping, the cap on series.
//!
//! Envoy knows no labels when a filter defines a metric: they travel in the series' name, in the
//! form that Istio's `extraStatTags` reads, and Envoy never frees a series. So names are escaped
//! ([`label`]), built once ([`series`]), kept in one list ([`catalog`]), and capped for the
//! whole proxy ([`admission`]), so that no caller takes another's (`shares`). [`ledger`] adds a finished request to its series.

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

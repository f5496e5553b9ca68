//! Forms in which bytes cross the border between the proxy and the filter.

pub mod pairs;

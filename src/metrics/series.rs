//! Names of series: a metric and its labels, in the form that Istio reads as tags.

use super::host::Kind;
use super::label::{CLOSE, OPEN, escape};

/// A metric with `N` labels.
#[derive(Debug, Clone, Copy)]
pub struct Metric<const N: usize> {
    /// The name that Prometheus shows.
    pub name: &'static str,
    /// The kind of the metric.
    pub kind: Kind,
    /// The labels' names, in the order of their values.
    pub labels: [&'static str; N],
}

impl<const N: usize> Metric<N> {
    /// The name of the series with these labels, such as
    /// `dagward_denied_total.policy=.=teams;.;reason=.=no_match;.;`.
    pub fn series(&self, values: [&str; N]) -> String {
        let mut name = self.name.to_owned();
        for (position, (label, value)) in self.labels.iter().zip(values).enumerate() {
            if position == 0 {
                name.push('.');
            }
            name.push_str(label);
            name.push_str(OPEN);
            name.push_str(&escape(value));
            name.push_str(CLOSE);
        }
        name
    }
}

#[cfg(test)]
mod tests;

//! One row of dagward's table, for the comparison with a release.

use super::{Served, fits};

/// A row of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The surface that it belongs to.
    pub surface: &'static str,
    /// The method.
    pub method: &'static str,
    /// The path, with names in braces.
    pub template: &'static str,
    /// Its actions, including those that only some bodies ask for.
    pub actions: Vec<&'static str>,
}

/// A row in the table's own form: surface, method, path and actions.
pub type Words = (&'static str, &'static str, &'static str, Vec<&'static str>);

impl From<Words> for Row {
    fn from((surface, method, template, actions): Words) -> Self {
        Self {
            surface,
            method,
            template,
            actions,
        }
    }
}

impl Row {
    /// The row for a route. If two match, the one without a tail wins, then the longer one.
    pub(super) fn for_route<'a>(rows: &'a [Self], route: &Served) -> Option<&'a Self> {
        rows.iter()
            .filter(|row| row.is(route))
            .max_by_key(|row| row.precision())
    }

    /// Whether the row matches this route.
    pub(super) fn is(&self, route: &Served) -> bool {
        self.method == route.method && fits(self.template, &route.path)
    }

    /// Whether it concerns the task instance that the request's token is for.
    pub(super) fn is_of_own_task(&self) -> bool {
        self.template.contains("{task_instance_id}")
    }

    fn precision(&self) -> (bool, usize) {
        (!self.template.ends_with(":path}"), self.template.len())
    }
}

//! Airflow's HTTP surfaces.

use super::Action;

/// The HTTP surface that a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Surface {
    /// `/auth`: the auth manager's routes.
    Auth,
    /// `/edge_worker`: the Edge executor's worker API, and the data of its pages.
    Edge,
    /// `/execution`: the Task Execution API.
    Execution,
    /// Health and metrics routes, wherever they are mounted.
    Health,
    /// `/log` of the log servers on 8793 and 8794.
    Logs,
    /// Not Airflow, as far as the path tells.
    Other,
    /// The pages of Airflow 3's web interface, which contain no data, and their files.
    Pages,
    /// `/api/v2` and `/api/v1`: the public REST API.
    Rest,
    /// `/ui`: the routes behind the web interface.
    Ui,
}

impl Surface {
    /// Every surface, in the order of their words.
    pub const ALL: [Self; 9] = [
        Self::Auth,
        Self::Edge,
        Self::Execution,
        Self::Health,
        Self::Logs,
        Self::Other,
        Self::Pages,
        Self::Rest,
        Self::Ui,
    ];

    /// The word for it in policies, metrics and explanations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Edge => "edge",
            Self::Execution => "execution",
            Self::Health => "health",
            Self::Logs => "logs",
            Self::Other => "other",
            Self::Pages => "pages",
            Self::Rest => "rest",
            Self::Ui => "ui",
        }
    }

    /// The action of a request below one of the surface's prefixes that is on no known route. A surface
    /// without a prefix has none.
    pub(super) const fn unclassified(self) -> Option<Action> {
        match self {
            Self::Auth => Some(Action::AuthUnclassified),
            Self::Edge => Some(Action::EdgeUnclassified),
            Self::Execution => Some(Action::ExecutionUnclassified),
            Self::Logs => Some(Action::LogsUnclassified),
            Self::Rest => Some(Action::RestUnclassified),
            Self::Ui => Some(Action::UiUnclassified),
            Self::Health | Self::Other | Self::Pages => None,
        }
    }

    /// The surface that `word` names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surface| surface.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_in_order() {
        let words = Surface::ALL.map(Surface::as_str);
        assert!(words.is_sorted(), "{words:?}");
        for surface in Surface::ALL {
            assert_eq!(Surface::parse(surface.as_str()), Some(surface));
        }
        assert_eq!(Surface::parse("REST"), None);
    }
}

//! Airflow's team of a run.

use serde::{Deserialize, Serialize};

use super::id;
use crate::fact::Fact;

/// Airflow's team of a DAG run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Team {
    /// No answer has named the team in a readable way.
    #[default]
    #[serde(rename = "u")]
    Unknown,
    /// Airflow has said that the run has no team. It always says so without `[core] multi_team`. Releases
    /// before 3.3 say nothing.
    #[serde(rename = "a")]
    Absent,
    /// This team: at most 250 characters of its name, as in Airflow's ids. Airflow's own teams have at most
    /// 50.
    #[serde(rename = "k")]
    Named(String),
}

impl Team {
    /// The team that an answer names, if it names one.
    pub(crate) fn of(name: Option<String>) -> Self {
        match name {
            None => Self::Absent,
            Some(name) if id::is_id(&name) => Self::Named(name),
            Some(_) => Self::Unknown,
        }
    }

    /// Whether the team is not known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    /// The team as a policy sees it.
    pub fn fact(&self) -> Fact<&str> {
        match self {
            Self::Named(name) => Fact::Known(name),
            Self::Absent => Fact::Absent,
            Self::Unknown => Fact::Unknown,
        }
    }

    /// The team's name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Unknown | Self::Absent => None,
        }
    }
}

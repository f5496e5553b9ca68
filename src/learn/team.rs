//! Airflow's team of a run.

use serde::{Deserialize, Serialize};

use crate::caller::id;

/// Airflow's team of a DAG run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Team {
    /// No answer has named the team in a readable way.
    #[default]
    #[serde(rename = "u")]
    Unknown,
    /// The run has no team. Airflow always says so without `[core] multi_team`.
    #[serde(rename = "a")]
    Absent,
    /// This team: at most 250 characters of its name, as in Airflow's ids. Airflow's own teams have at most
    /// 50.
    #[serde(rename = "k")]
    Named(String),
}

impl Team {
    /// The team that an answer names, if it names one.
    pub(super) fn of(name: Option<String>) -> Self {
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

    /// The team's name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Unknown | Self::Absent => None,
        }
    }
}

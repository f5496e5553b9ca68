//! The task that a caller acts for, and the proof of it.

use super::team::Team;

/// The proof of the acting task, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// The application set the headers itself. The proof is only as trustworthy as the application.
    Claimed,
    /// The caller's own sidecar stamped the headers from its pod's annotations or labels.
    Pod,
    /// Airflow's own answer to the task named it.
    Airflow,
}

impl Proof {
    /// Every proof, the weakest first.
    pub const ALL: [Self; 3] = [Self::Claimed, Self::Pod, Self::Airflow];

    /// The word used in policies, headers and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Pod => "pod",
            Self::Airflow => "airflow",
        }
    }

    /// Parses the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|proof| proof.as_str() == word)
    }
}

/// The task a caller acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// The DAG's id, as Airflow stores it (not percent-encoded).
    pub dag_id: String,
    /// The DAG run's id, if known.
    pub run_id: Option<String>,
    /// The task's id, if known.
    pub task_id: Option<String>,
    /// The index of a mapped task; −1 or absent for a task that is not mapped.
    pub map_index: Option<i32>,
    /// The try, counted from 1.
    pub try_number: Option<u32>,
    /// The task instance's UUID.
    pub ti_id: Option<String>,
    /// Airflow's team of the run. Unknown unless Airflow's answer proves the task.
    pub team: Team,
    /// The proof of these facts.
    pub proof: Proof,
}

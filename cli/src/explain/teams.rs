//! The teams of the document's list: of the caller and of each access, and why one is not known.

use dagward::authorize::{self, Outcome};
use dagward::fact::Fact;
use dagward::policy::{CallerTeam, Field, ObjectTeam, Teams};
use dagward::verdict::Direction;
use serde::Serialize;

use super::question::Question;

/// One fact about a team.
#[derive(Debug, Serialize)]
pub(super) struct TeamPart {
    fact: &'static str,
    team: Option<String>,
    /// The fact in words.
    #[serde(rename = "message")]
    pub(super) words: String,
}

/// The teams of a request; `None` if the document lists none, or if nothing is decided.
#[derive(Debug)]
pub(super) struct TeamParts {
    pub(super) of_caller: TeamPart,
    /// In the order of the accesses.
    pub(super) of_objects: Vec<TeamPart>,
}

impl TeamParts {
    pub(super) fn of(teams: Option<Teams<'_>>, question: &Question, outcome: &Outcome<'_>) -> Option<Self> {
        let (teams, operation) = (teams?, outcome.operation.as_ref()?);
        if question.listener() == Direction::Outbound {
            return None;
        }
        let acting = authorize::acting(outcome.actor.acting(), operation);
        let of_caller = teams.of_caller(question.principal(), acting);
        let of_object = |access| {
            let team = teams.of_object(access);
            TeamPart::new(team.fact(), object(team))
        };
        Some(Self {
            of_caller: TeamPart::new(of_caller.fact(), caller(of_caller)),
            of_objects: operation.accesses.iter().map(of_object).collect(),
        })
    }
}

impl TeamPart {
    fn new(fact: Fact<&str>, why: String) -> Self {
        let (name, words) = match fact {
            Fact::Known(team) => ("known", format!("`{team}`")),
            Fact::Absent => ("absent", format!("none: {why}")),
            Fact::Unknown => ("unknown", format!("not known: {why}")),
            Fact::Pending => ("pending", format!("not known yet: {why}")),
        };
        Self {
            fact: name,
            team: fact.known().map(|team| (*team).to_owned()),
            words,
        }
    }
}

fn caller(team: CallerTeam<'_>) -> String {
    match team {
        CallerTeam::Of(_) => String::new(),
        CallerTeam::Pending => "Airflow's answer names the dag".to_owned(),
        CallerTeam::NoTeam => "no team lists the caller's account".to_owned(),
        CallerTeam::OtherAccount { dag_of } => {
            format!("the dag is of team `{dag_of}`, which lists other accounts than the caller's")
        }
        CallerTeam::Anonymous { .. } => "the caller is anonymous".to_owned(),
        CallerTeam::TwoAccounts(one, other) => {
            format!("team `{one}` lists the caller's principal, and team `{other}` its service account")
        }
        CallerTeam::OtherDag { account_of, dag_of } => {
            format!(
                "the account is of team `{account_of}`, and the dag is of {}",
                owner(dag_of)
            )
        }
        CallerTeam::NoDag { account_of, claimed } => {
            let account = match account_of {
                Some(team) => format!("the account is of team `{team}`"),
                None => "a team without accounts can have this account".to_owned(),
            };
            let dag = match claimed {
                true => "only the caller itself says for which dag it acts",
                false => "the dag that the caller acts for is not known",
            };
            format!("{account}, and {dag}")
        }
    }
}

fn object(team: ObjectTeam<'_>) -> String {
    match team {
        ObjectTeam::Of(_) => String::new(),
        ObjectTeam::Pending => "the body or Airflow's answer names an object".to_owned(),
        ObjectTeam::NoTeam => "no team owns what it names".to_owned(),
        ObjectTeam::Unnamed(field) => format!("its {} is not known by name", noun(field)),
        ObjectTeam::Alike(field) => format!(
            "Airflow may take this {} for one with another name and another owner",
            noun(field)
        ),
        ObjectTeam::Several([(field, of), (other, of_other)]) => format!(
            "its {} is of {}, and its {} of {}",
            noun(field),
            owner(of),
            noun(other),
            owner(of_other)
        ),
    }
}

fn owner(team: Option<&str>) -> String {
    team.map_or("no team".to_owned(), |team| format!("team `{team}`"))
}

/// The object whose names a condition compares.
fn noun(field: Field) -> &'static str {
    field.word().trim_end_matches('s')
}

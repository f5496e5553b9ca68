//! The team of the objects that an access names.

use super::Teams;
use super::owners::{Owner, TeamNumber};
use crate::fact::Fact;
use crate::operation::{Access, Action};
use crate::policy::field::Field;

/// The team that owns the objects of an access, or why there is none, or why it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectTeam<'r> {
    /// The team owns all of them.
    Of(&'r str),
    /// The body or Airflow's answer will name one of them.
    Pending,
    /// No team owns any of them, or the access names none.
    NoTeam,
    /// The name of an object is not known.
    Unnamed(Field),
    /// Airflow may take the name for another one, which has another owner.
    Alike(Field),
    /// The objects have different owners, or only one of two has one.
    Several([(Field, Option<&'r str>); 2]),
}

impl<'r> ObjectTeam<'r> {
    /// The fact that rules compare.
    pub fn fact(self) -> Fact<&'r str> {
        match self {
            Self::Of(team) => Fact::Known(team),
            Self::Pending => Fact::Pending,
            Self::NoTeam => Fact::Absent,
            Self::Unnamed(_) | Self::Alike(_) | Self::Several(_) => Fact::Unknown,
        }
    }
}

impl<'r> Teams<'r> {
    /// The team that owns the objects of `access`. Runs, tasks and XComs belong to their DAG; triggers, queues
    /// and paths have no team.
    pub fn of_object(&self, access: &Access<'_>) -> ObjectTeam<'r> {
        let objects = [
            (Field::Assets, &access.asset, &self.list.assets),
            (Field::Dags, &access.dag, &self.list.dags),
            (Field::Connections, &access.connection, &self.list.connections),
            (Field::Variables, &access.variable, &self.list.variables),
            (Field::Pools, &access.pool, &self.list.pools),
        ];
        if objects.iter().any(|(_, name, _)| **name == Fact::Pending) {
            return ObjectTeam::Pending;
        }
        let mut first: Option<(Field, Option<TeamNumber>)> = None;
        for (field, name, owners) in objects {
            let owner = match name {
                Fact::Absent => continue,
                // An asset's event is about the asset. Airflow picks the DAGs that wait for it.
                Fact::Unknown
                    if field == Field::Dags && is_event(access) && matches!(first, Some((_, Some(_)))) =>
                {
                    continue;
                }
                _ if owners.is_empty() => Owner::None,
                Fact::Unknown | Fact::Pending => return ObjectTeam::Unnamed(field),
                Fact::Known(name) if field == Field::Assets && is_number(name) => {
                    return ObjectTeam::Unnamed(field);
                }
                Fact::Known(name) => owners.of(self.arena, name),
            };
            let owner = match owner {
                Owner::None => None,
                Owner::Team(team) => Some(team),
                Owner::Alike => return ObjectTeam::Alike(field),
            };
            match first {
                None => first = Some((field, owner)),
                Some((_, other)) if other == owner => {}
                Some((other_field, other)) => {
                    let shown = |team: Option<TeamNumber>| team.map(|team| self.name(team));
                    return ObjectTeam::Several([(other_field, shown(other)), (field, shown(owner))]);
                }
            }
        }
        match first {
            Some((_, Some(team))) => ObjectTeam::Of(self.name(team)),
            Some((_, None)) | None => ObjectTeam::NoTeam,
        }
    }
}

fn is_event(access: &Access<'_>) -> bool {
    access.action == Fact::Known(Action::AssetCreate)
}

/// Whether a request names an asset by its number in the database, which no list has.
fn is_number(asset: &str) -> bool {
    asset.bytes().all(|byte| byte.is_ascii_digit())
}

//! The document's teams: who each is, what it owns, and the two facts that rules compare.
//!
//! An exact name beats a pattern. Of two patterns the one with the longer literal text wins. The document is
//! refused where neither beats the other, so each name has one owner or none.

mod caller;
mod clash;
mod object;
mod owners;

use crate::caller::Principal;

use super::arena::{Arena, Span};

pub use caller::CallerTeam;
pub(super) use clash::Clash;
pub use object::ObjectTeam;
pub(super) use owners::{Listed, Owners};
use owners::{Owner, TeamNumber};

/// The list `teams` of a document, compiled.
#[derive(Debug)]
pub(super) struct TeamList {
    pub(super) teams: Vec<Team>,
    pub(super) service_accounts: Owners,
    pub(super) principals: Owners,
    pub(super) dags: Owners,
    pub(super) connections: Owners,
    pub(super) variables: Owners,
    pub(super) pools: Owners,
    pub(super) assets: Owners,
}

/// One team, without its lists.
#[derive(Debug, Clone, Copy)]
pub(super) struct Team {
    pub(super) name: Span,
    /// Whether the team lists accounts. A caller with another account is then not of the team.
    pub(super) has_accounts: bool,
    /// Whether the team lists DAGs.
    pub(super) has_dags: bool,
}

impl Team {
    /// Whether the acting DAG alone proves that a caller is of the team.
    fn rests_on_dags(self) -> bool {
        self.has_dags && !self.has_accounts
    }
}

/// The teams of a document, ready for look-ups.
#[derive(Debug, Clone, Copy)]
pub struct Teams<'r> {
    list: &'r TeamList,
    arena: &'r Arena,
}

/// The team of a caller's account.
enum Account {
    None,
    Of(TeamNumber),
    /// The service account is one team's, and the principal is another's.
    Two(TeamNumber, TeamNumber),
}

impl<'r> Teams<'r> {
    pub(super) fn new(list: &'r TeamList, arena: &'r Arena) -> Self {
        Self { list, arena }
    }

    fn name(&self, team: TeamNumber) -> &'r str {
        let team = self.list.teams.get(team as usize);
        team.map_or("", |team| self.arena.text(team.name))
    }

    fn has_accounts(&self, team: TeamNumber) -> bool {
        let team = self.list.teams.get(team as usize);
        team.is_some_and(|team| team.has_accounts)
    }

    /// Whether some team lists DAGs and no accounts, so that any account can be the team's.
    fn some_rest_on_dags(&self) -> bool {
        self.list.teams.iter().any(|team| team.rests_on_dags())
    }

    fn account(&self, principal: &Principal) -> Account {
        let by_id = self.list.principals.of(self.arena, principal.as_str());
        let by_account = principal.service_account().map_or(Owner::None, |account| {
            self.list.service_accounts.of(self.arena, account)
        });
        match (by_id, by_account) {
            (Owner::Team(one), Owner::Team(other)) if one != other => Account::Two(one, other),
            (Owner::Team(team), _) | (_, Owner::Team(team)) => Account::Of(team),
            // Accounts have one spelling.
            (Owner::None | Owner::Alike, Owner::None | Owner::Alike) => Account::None,
        }
    }
}

#[cfg(test)]
mod tests;

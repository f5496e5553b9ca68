//! The team of the caller.
//!
//! A caller is of a team if its account is one of the team's and it acts for a DAG of the team. A team that
//! lists no accounts rests on the DAG alone, so a claim does not prove it. `docs/policy.md` has the table.

use super::owners::{Owner, TeamNumber};
use super::{Account, Teams};
use crate::caller::{Acting, Principal, Proof};
use crate::fact::Fact;

/// The team of the caller, or why it has none, or why its team is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerTeam<'r> {
    /// The account is one of the team's and the DAG is the team's. Or the team lists no accounts, the DAG is
    /// the team's, and the account is no other team's.
    Of(&'r str),
    /// Airflow's answer will name the DAG.
    Pending,
    /// No team's list has the account, and the DAG cannot make the caller one of a team either.
    NoTeam,
    /// The DAG is of a team that lists accounts, and the caller's is none of them and no other team's.
    OtherAccount {
        /// The DAG's team.
        dag_of: &'r str,
    },
    /// The caller has no certificate.
    Anonymous {
        /// Whether some team rests on its DAGs alone.
        some_rest_on_dags: bool,
    },
    /// One team lists the caller's service account and another one its principal.
    TwoAccounts(&'r str, &'r str),
    /// The account is one team's, and the DAG is not.
    OtherDag {
        /// The account's team.
        account_of: &'r str,
        /// The DAG's team.
        dag_of: Option<&'r str>,
    },
    /// The account is a team's or could be, and the DAG is not known.
    NoDag {
        /// The account's team.
        account_of: Option<&'r str>,
        /// Whether the caller claims to act for a DAG.
        claimed: bool,
    },
}

impl<'r> CallerTeam<'r> {
    /// The fact that rules compare.
    pub fn fact(self) -> Fact<&'r str> {
        match self {
            Self::Of(team) => Fact::Known(team),
            Self::Pending => Fact::Pending,
            Self::NoTeam | Self::OtherAccount { .. } => Fact::Absent,
            Self::Anonymous { some_rest_on_dags } => match some_rest_on_dags {
                true => Fact::Unknown,
                false => Fact::Absent,
            },
            Self::TwoAccounts(..) | Self::OtherDag { .. } | Self::NoDag { .. } => Fact::Unknown,
        }
    }
}

impl<'r> Teams<'r> {
    /// The team of a caller that acts for `acting`.
    pub fn of_caller(&self, principal: Option<&Principal>, acting: Fact<&Acting>) -> CallerTeam<'r> {
        let some_rest_on_dags = self.some_rest_on_dags();
        let Some(principal) = principal else {
            return CallerTeam::Anonymous { some_rest_on_dags };
        };
        let account = match self.account(principal) {
            Account::None => None,
            Account::Of(team) => Some(team),
            Account::Two(one, other) => return CallerTeam::TwoAccounts(self.name(one), self.name(other)),
        };
        let may_be_of_a_team = account.is_some() || some_rest_on_dags;
        match acting {
            Fact::Known(acting) => {
                let dag = self.list.dags.of(self.arena, &acting.dag_id);
                match acting.proof {
                    // A claim can only confirm the account.
                    Proof::Claimed if account.map(Owner::Team) != Some(dag) => {
                        self.without_dag(account, true)
                    }
                    Proof::Claimed | Proof::Pod | Proof::Airflow => self.with_dag(account, dag),
                }
            }
            Fact::Pending if may_be_of_a_team => CallerTeam::Pending,
            Fact::Pending | Fact::Unknown | Fact::Absent => self.without_dag(account, false),
        }
    }

    fn with_dag(&self, account: Option<TeamNumber>, dag: Owner) -> CallerTeam<'r> {
        match (account, dag) {
            (Some(account), Owner::Team(dag)) if account == dag => CallerTeam::Of(self.name(dag)),
            (Some(account), dag) => CallerTeam::OtherDag {
                account_of: self.name(account),
                dag_of: match dag {
                    Owner::Team(dag) => Some(self.name(dag)),
                    Owner::None | Owner::Alike => None,
                },
            },
            (None, Owner::Team(dag)) if self.has_accounts(dag) => CallerTeam::OtherAccount {
                dag_of: self.name(dag),
            },
            (None, Owner::Team(dag)) => CallerTeam::Of(self.name(dag)),
            (None, Owner::None) => CallerTeam::NoTeam,
            (None, Owner::Alike) => self.without_dag(None, false),
        }
    }

    /// The team of a caller whose DAG is not known.
    fn without_dag(&self, account: Option<TeamNumber>, claimed: bool) -> CallerTeam<'r> {
        match account.is_some() || self.some_rest_on_dags() {
            true => CallerTeam::NoDag {
                account_of: account.map(|account| self.name(account)),
                claimed,
            },
            false => CallerTeam::NoTeam,
        }
    }
}

//! Reads `teams`: the accounts and the objects of each team.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::super::arena::Span;
use super::super::error::{LoadError, Step};
use super::super::field::Field;
use super::super::grammar::{DocumentField, FieldSet, TeamField};
use super::super::nearest::nearest;
use super::super::pattern::{Piece, Shape, Written};
use super::super::teams::{Clash, Listed, Owners, Team, TeamList};
use super::super::vocabulary::literal_matches;
use super::Loader;
use super::reader::{At, Read};
use crate::caller::Principal;

/// The entries of all teams, by kind.
type Lists = Vec<(TeamField, Vec<Listed>)>;

impl Loader {
    /// Reads the teams before all rules, wherever they stand, and returns their errors.
    pub(super) fn teams_first(
        &mut self,
        root: At<'_>,
        fields: &Read<'_, DocumentField>,
        teams: &mut Option<TeamList>,
    ) -> Vec<LoadError> {
        let before = self.reader.errors.len();
        let field = DocumentField::Teams;
        if let Some((_, value)) = fields.iter().find(|(other, _)| *other == field) {
            *teams = Some(self.teams(root.key(field.name()), value));
        }
        let errors = self.reader.errors.split_off(before);
        if !errors.is_empty() {
            self.team_names = None;
        }
        by_team(errors)
    }

    fn teams(&mut self, at: At<'_>, raw: &RawValue) -> TeamList {
        let mut teams = Vec::new();
        let mut lists: Lists = TeamField::ALL.iter().map(|field| (*field, Vec::new())).collect();
        let mut named = HashMap::new();
        for (number, raw) in self.reader.some_list(at, raw).into_iter().enumerate() {
            teams.push(self.team(at.index(number), number, raw, &mut named, &mut lists));
        }
        self.team_names = Some(named);
        let mut owners = |wanted| {
            let listed = lists.iter_mut().find(|(field, _)| *field == wanted);
            let listed = listed
                .map(|(_, listed)| std::mem::take(listed))
                .unwrap_or_default();
            self.owners(at, &teams, wanted, listed)
        };
        let list = TeamList {
            service_accounts: owners(TeamField::ServiceAccounts),
            principals: owners(TeamField::Principals),
            dags: owners(TeamField::Dags),
            connections: owners(TeamField::Connections),
            variables: owners(TeamField::Variables),
            pools: owners(TeamField::Pools),
            assets: owners(TeamField::Assets),
            some_rest_on_dags: teams.iter().any(|team| team.rests_on_dags()),
            teams,
        };
        self.one_team_an_account(at, &list);
        list
    }

    fn team(
        &mut self,
        at: At<'_>,
        number: usize,
        raw: &RawValue,
        named: &mut HashMap<String, usize>,
        lists: &mut Lists,
    ) -> Team {
        let mut team = Team {
            name: Span::default(),
            has_accounts: false,
            has_dags: false,
        };
        let Some(fields) = self.reader.object::<TeamField>(at, raw) else {
            return team;
        };
        for (field, value) in &fields {
            let at = at.key(field.name());
            match field {
                TeamField::Name => team.name = self.team_name(at, number, named, value).unwrap_or_default(),
                TeamField::ServiceAccounts | TeamField::Principals => team.has_accounts = true,
                TeamField::Dags => team.has_dags = true,
                TeamField::Connections | TeamField::Variables | TeamField::Pools | TeamField::Assets => {}
            }
            if let Some(kind) = kind(*field)
                && let Some((_, listed)) = lists.iter_mut().find(|(other, _)| other == field)
            {
                self.listed(at, number, kind, value, listed);
            }
        }
        self.reader.required(at, &fields);
        team
    }

    /// Reads a team's name.
    fn team_name(
        &mut self,
        at: At<'_>,
        number: usize,
        named: &mut HashMap<String, usize>,
        raw: &RawValue,
    ) -> Option<Span> {
        let name = self.reader.name(at, raw)?;
        if let Some(first) = named.get(&*name) {
            let found = format!("`{name}` is the name of teams[{first}] already");
            self.reader
                .conflict(at, found, "a name that no other team has".to_owned());
            return None;
        }
        let span = self.arena.intern(&name);
        named.insert(name.into_owned(), number);
        Some(span)
    }

    /// Reads a list of names and patterns of `kind`.
    fn listed(&mut self, at: At<'_>, team: usize, kind: Field, raw: &RawValue, listed: &mut Vec<Listed>) {
        for (number, text) in &self.reader.texts(at, raw) {
            let at = at.index(*number);
            let Some(written) = self.reader.pattern(at, kind, text) else {
                continue;
            };
            if written.is_template() {
                self.has_variable(at, text);
                continue;
            }
            let body = match written.pieces.first() {
                Some(Piece::Text(body)) => *body,
                _ => "",
            };
            listed.push(Listed {
                team: as_u32(team),
                number: as_u32(*number),
                shape: match written.shape {
                    Shape::Any => Shape::Prefix,
                    shape => shape,
                },
                text: self.arena.intern(body),
                length: as_u32(body.chars().count()),
            });
        }
    }

    /// Files the entries of one kind, and reports what two teams both own.
    fn owners(&mut self, at: At<'_>, teams: &[Team], field: TeamField, listed: Vec<Listed>) -> Owners {
        let kind = kind(field).unwrap_or(Field::Dags);
        let (owners, clashes) = Owners::build(self.arena.arena(), kind, listed);
        for Clash { later, earlier } in clashes {
            let found = format!(
                "{} of team {} and {} of team {} in {} can be the same",
                self.shown(&later),
                self.shown_name(teams, &later),
                self.shown(&earlier),
                self.shown_name(teams, &earlier),
                place(&earlier, field),
            );
            let allowed = "one team for each name: of two patterns the longer one wins, and an exact name wins over both";
            let team = at.index(later.team as usize);
            let list = team.key(field.name());
            self.reader
                .conflict(list.index(later.number as usize), found, allowed.to_owned());
        }
        owners
    }

    /// Reports principals whose service account another team lists.
    fn one_team_an_account(&mut self, at: At<'_>, list: &TeamList) {
        for principal in list.principals.exact() {
            let text = self.arena.arena().text(principal.text).to_owned();
            let Ok(parsed) = Principal::parse(&text) else {
                continue;
            };
            let account = parsed
                .service_account()
                .and_then(|account| list.service_accounts.entry(self.arena.arena(), account));
            let Some(account) = account.filter(|account| account.team != principal.team) else {
                continue;
            };
            let found = format!(
                "`{text}` of team {} is an account of team {} in {} as well",
                self.shown_name(&list.teams, &principal),
                self.shown_name(&list.teams, &account),
                place(&account, TeamField::ServiceAccounts),
            );
            let allowed =
                "one team for each account: `serviceAccounts` counts in every trust domain".to_owned();
            let team = at.index(principal.team as usize);
            let field = team.key(TeamField::Principals.name());
            self.reader
                .conflict(field.index(principal.number as usize), found, allowed);
        }
    }

    fn shown(&self, listed: &Listed) -> String {
        let text = self.arena.arena().text(listed.text);
        match listed.shape {
            Shape::Exact => format!("`{text}`"),
            Shape::Suffix => format!("`*{text}`"),
            Shape::Prefix | Shape::Any => format!("`{text}*`"),
        }
    }

    fn shown_name(&self, teams: &[Team], listed: &Listed) -> String {
        let name = teams.get(listed.team as usize).map(|team| team.name);
        format!("`{}`", self.arena.arena().text(name.unwrap_or_default()))
    }

    /// Reports a pattern of teams that matches none of the list.
    pub(super) fn is_a_team(&mut self, at: At<'_>, text: &str, written: &Written<'_>) {
        let Some(names) = &self.team_names else { return };
        let is_one = match written.shape {
            _ if written.is_template() => true,
            Shape::Exact => names.contains_key(text),
            _ => names.keys().any(|name| literal_matches(written, name)),
        };
        if !is_one {
            // Of names that are equally near, the first in the document.
            let mut ordered = vec![""; names.len()];
            for (name, number) in names {
                if let Some(place) = ordered.get_mut(*number) {
                    *place = name;
                }
            }
            let nearest = nearest(text, ordered).map(str::to_owned);
            let found = format!("`{text}` matches no team of the list `teams`");
            self.reader
                .misspelt(at, found, "the name of a team in `teams`".to_owned(), nearest);
        }
    }
}

/// The errors in the order of the teams. What two teams both own is found last.
fn by_team(errors: Vec<LoadError>) -> Vec<LoadError> {
    let mut teams: Vec<Vec<LoadError>> = Vec::new();
    for error in errors {
        let team = match error.path.0.get(1) {
            Some(Step::Index(team)) => *team,
            _ => 0,
        };
        if teams.len() <= team {
            teams.resize_with(team + 1, Vec::new);
        }
        if let Some(of_team) = teams.get_mut(team) {
            of_team.push(error);
        }
    }
    teams.into_iter().flatten().collect()
}

/// The condition whose values a list has; `None` for the name.
fn kind(field: TeamField) -> Option<Field> {
    match field {
        TeamField::Name => None,
        TeamField::ServiceAccounts => Some(Field::ServiceAccounts),
        TeamField::Principals => Some(Field::Principals),
        TeamField::Dags => Some(Field::Dags),
        TeamField::Connections => Some(Field::Connections),
        TeamField::Variables => Some(Field::Variables),
        TeamField::Pools => Some(Field::Pools),
        TeamField::Assets => Some(Field::Assets),
    }
}

fn as_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn place(listed: &Listed, field: TeamField) -> String {
    format!("teams[{}].{}[{}]", listed.team, field.name(), listed.number)
}

#[cfg(test)]
mod tests;

//! Reads a policy document and reports all of its errors.

mod entry;
mod of_token;
mod order;
mod reader;
mod rule;
mod site;
mod teams;
mod tokens;
mod variables;

use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;

use super::arena::{ArenaBuilder, Span};
use super::compiled::{Compiled, Condition, Policy, Rule};
use super::effect::{Effect, Mode};
use super::error::{ErrorKind, LoadError};
use super::field::Field;
use super::grammar::words::API_VERSION;
use super::grammar::{DocumentField, FieldSet, PolicyField, words};
use super::index::Index;
use super::ruleset::Ruleset;
use super::teams::TeamList;
use crate::operation::Site;
use crate::stamp::Mesh;
use crate::token::Issuer;
use reader::{At, Reader};

/// Reads, checks and compiles a policy document.
///
/// # Errors
///
/// All errors of the document at once, in document order.
pub fn load(document: &[u8]) -> Result<Ruleset, Vec<LoadError>> {
    read(document).map(Draft::compile)
}

/// Reads and checks a policy document.
///
/// # Errors
///
/// All errors of the document at once, in document order.
pub fn read(document: &[u8]) -> Result<Draft, Vec<LoadError>> {
    let mut loader = Loader::default();
    match loader.document(document) {
        Some(parts) if loader.reader.errors.is_empty() => Ok(Draft { loader, parts }),
        _ => Err(loader.reader.errors),
    }
}

/// A document without errors, not yet compiled. A caller with little memory can free the text first: the
/// indexes then take its place.
pub struct Draft {
    loader: Loader,
    parts: Parts,
}

impl Draft {
    /// Compiles and indexes the document.
    pub fn compile(self) -> Ruleset {
        self.loader.finish(self.parts)
    }
}

/// A rule set that is being built.
#[derive(Default)]
struct Loader {
    reader: Reader,
    site: Site,
    arena: ArenaBuilder,
    names: Vec<Span>,
    conditions: Vec<Condition>,
    entries: Vec<Span>,
    rules: Vec<Rule>,
    policies: Vec<Policy>,
    /// The names of the policies so far, each with the number of its policy.
    named: HashMap<String, usize>,
    /// The issuers that can begin a request principal; `None` if `tokens` has errors, because they are then
    /// not known.
    issuers: Option<Vec<String>>,
    /// The names of the teams; `None` if the document lists none, or if the list has errors.
    team_names: Option<HashSet<String>>,
}

/// The parts of the document that are not policies.
struct Parts {
    mode: Mode,
    stampers: Option<Span>,
    api_servers: Option<Span>,
    api_server_hosts: Option<Mesh>,
    mesh: Mesh,
    issuers: Vec<Issuer>,
    teams: Option<TeamList>,
}

impl Loader {
    fn document(&mut self, document: &[u8]) -> Option<Parts> {
        let root = At::root();
        let raw = self.parse(document)?;
        let fields = self.reader.object::<DocumentField>(root, raw)?;
        let mut parts = Parts {
            mode: Mode::Enforce,
            stampers: None,
            api_servers: None,
            api_server_hosts: None,
            mesh: Mesh::default(),
            issuers: Vec::new(),
            teams: None,
        };
        // Rules are checked against Airflow's site, the issuers and the teams, so these are read first, wherever they
        // stand.
        let mut errors_of_site = self.site_first(root, &fields);
        let mut errors_of_tokens = self.tokens_first(root, &fields, &mut parts.issuers);
        let mut errors_of_teams = self.teams_first(root, &fields, &mut parts.teams);
        for (field, value) in &fields {
            let at = root.key(field.name());
            match field {
                DocumentField::ApiVersion => {
                    let is_this = |word: &str| (word == API_VERSION).then_some(());
                    self.reader.word(at, value, &words::versions(), is_this);
                }
                DocumentField::Mode => {
                    let mode = self.reader.word(at, value, &words::modes(), Mode::parse);
                    parts.mode = mode.unwrap_or(parts.mode);
                }
                DocumentField::Stampers => parts.stampers = Some(self.principals(at, value)),
                DocumentField::ApiServers => parts.api_servers = Some(self.principals(at, value)),
                DocumentField::ApiServerHosts => parts.api_server_hosts = Some(self.mesh(at, value)),
                DocumentField::MeshHosts => parts.mesh = self.mesh(at, value),
                DocumentField::Airflow | DocumentField::Airflow2WebPages | DocumentField::BasePath => {
                    self.reader.errors.append(&mut errors_of_site);
                }
                DocumentField::Tokens => self.reader.errors.append(&mut errors_of_tokens),
                DocumentField::Teams => self.reader.errors.append(&mut errors_of_teams),
                DocumentField::Policies => {
                    for (number, policy) in self.reader.list(at, value).into_iter().enumerate() {
                        self.policy(at.index(number), number, policy);
                    }
                }
            }
        }
        self.reader.required(root, &fields);
        Some(parts)
    }

    fn parse<'d>(&mut self, document: &'d [u8]) -> Option<&'d RawValue> {
        let found = match std::str::from_utf8(document) {
            Ok(text) if text.trim().is_empty() => "the document is empty".to_owned(),
            Ok(text) => match serde_json::from_str(text) {
                Ok(raw) => return Some(raw),
                Err(error) => format!("not JSON: {error}"),
            },
            Err(error) => format!("not UTF-8: {error}"),
        };
        let allowed = Some(format!("a policy document with `apiVersion: {API_VERSION}`"));
        self.reader
            .push(ErrorKind::Unreadable, At::root(), found, allowed, None);
        None
    }

    fn mesh(&mut self, at: At<'_>, value: &RawValue) -> Mesh {
        let hosts = self.reader.texts(at, value);
        for (number, host) in &hosts {
            if let Err(error) = Mesh::new([&**host]) {
                let allowed = "a host in lower case, or `*.` and a domain".to_owned();
                self.reader
                    .error(at.index(*number), error.to_string(), Some(allowed));
            }
        }
        Mesh::new(hosts.iter().map(|(_, host)| &**host)).unwrap_or_default()
    }

    /// Reads a list of patterns for principals.
    fn principals(&mut self, at: At<'_>, value: &RawValue) -> Span {
        let texts = self.reader.texts(at, value);
        let mut principals = Vec::with_capacity(texts.len());
        for (number, text) in &texts {
            let at = at.index(*number);
            match self.reader.pattern(at, Field::Principals, text) {
                Some(written) if written.is_template() => self.has_variable(at, text),
                written => principals.extend(written),
            }
        }
        self.arena.list(principals, |_| 0)
    }

    /// Reports a variable outside of a rule.
    fn has_variable(&mut self, at: At<'_>, text: &str) {
        let found = format!("`{text}` has a variable, and a variable is bound by a rule only");
        self.reader
            .error(at, found, Some("a pattern without variables".into()));
    }

    fn policy(&mut self, at: At<'_>, number: usize, raw: &RawValue) {
        let Some(fields) = self.reader.object::<PolicyField>(at, raw) else {
            return;
        };
        let mut policy = Policy {
            name: Span::default(),
            effect: Effect::Allow,
            shadow: false,
        };
        let policy_number = u32::try_from(self.policies.len()).unwrap_or(u32::MAX);
        for (field, value) in &fields {
            let at = at.key(field.name());
            match field {
                PolicyField::Name => {
                    policy.name = self.policy_name(at, number, value).unwrap_or_default();
                }
                PolicyField::Action => {
                    let effect = self.reader.word(at, value, &words::effects(), Effect::parse);
                    policy.effect = effect.unwrap_or(policy.effect);
                }
                PolicyField::Mode => {
                    let read = |word: &str| Mode::parse(word).filter(|mode| *mode != Mode::Observe);
                    let mode = self.reader.word(at, value, &words::policy_modes(), read);
                    policy.shadow = mode == Some(Mode::Shadow);
                }
                PolicyField::Rules => self.rules_of(at, policy_number, value),
            }
        }
        self.reader.required(at, &fields);
        self.policies.push(policy);
    }

    fn rules_of(&mut self, at: At<'_>, policy: u32, raw: &RawValue) {
        let rules = self.reader.some_list(at, raw);
        self.rules.reserve_exact(rules.len());
        // The most common rule has one entry in each half, with two or three conditions. A vector that
        // doubles as it grows leaves holes in the module's memory, which never shrinks.
        self.entries.reserve(rules.len() * 2);
        self.conditions.reserve(rules.len() * 5);
        self.arena.reserve(rules.len(), raw.get().len());
        for (number, rule) in rules.into_iter().enumerate() {
            self.rule(at.index(number), policy, number, rule);
        }
    }

    /// Reads a policy's name.
    fn policy_name(&mut self, at: At<'_>, number: usize, raw: &RawValue) -> Option<Span> {
        let name = self.reader.name(at, raw)?;
        if let Some(first) = self.named.get(&*name) {
            let found = format!("`{name}` is the name of policies[{first}] already");
            self.reader
                .conflict(at, found, "a name that no other policy has".to_owned());
            return None;
        }
        let span = self.arena.intern(&name);
        self.named.insert(name.into_owned(), number);
        Some(span)
    }

    fn finish(mut self, parts: Parts) -> Ruleset {
        // The indexes can use the spare capacity.
        self.conditions.shrink_to_fit();
        self.entries.shrink_to_fit();
        let compiled = Compiled {
            issuers: parts.issuers,
            arena: self.arena.finish(),
            names: self.names,
            conditions: self.conditions,
            entries: self.entries,
            rules: self.rules,
            policies: self.policies,
        };
        Ruleset {
            mode: parts.mode,
            stampers: parts.stampers,
            api_servers: parts.api_servers,
            api_server_hosts: parts.api_server_hosts,
            mesh: parts.mesh,
            teams: parts.teams,
            site: self.site,
            deny: Index::build(&compiled, Effect::Deny),
            allow: Index::build(&compiled, Effect::Allow),
            compiled,
        }
    }
}

#[cfg(test)]
mod tests;

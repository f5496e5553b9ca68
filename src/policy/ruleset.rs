//! A compiled policy document.

use std::fmt;

use crate::fact::Fact;
use crate::operation::Site;
use crate::stamp::Mesh;
use crate::token::Issuer;

use super::arena::{Arena, Part, Pattern, Span};
use super::field::Field;
use super::index::Index;
use super::matching::{Bindings, matches};

/// What the filter does with its decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Stamp and measure only.
    Observe,
    /// Decide and count, never refuse.
    Shadow,
    /// Decide and refuse.
    Enforce,
}

impl Mode {
    /// Every mode, mildest first.
    pub const ALL: [Self; 3] = [Self::Observe, Self::Shadow, Self::Enforce];

    /// The word in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Shadow => "shadow",
            Self::Enforce => "enforce",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a policy does with the requests that match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Lets them pass.
    Allow,
    /// Refuses them, whatever else allows them.
    Deny,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 2] = [Self::Allow, Self::Deny];

    /// The word in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
        }
    }

    /// Reads the word back.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == word)
    }

    /// The fact of which every condition holds.
    pub(super) fn open<'f>(self) -> Fact<&'f str> {
        match self {
            Self::Allow => Fact::Pending,
            Self::Deny => Fact::Unknown,
        }
    }
}

/// A policy document, checked, compiled and indexed.
#[derive(Debug)]
pub struct Ruleset {
    pub(super) mode: Mode,
    pub(super) stampers: Option<Span>,
    pub(super) api_servers: Option<Span>,
    pub(super) api_server_hosts: Option<Mesh>,
    pub(super) mesh: Mesh,
    pub(super) site: Site,
    pub(super) issuers: Vec<Issuer>,
    pub(super) arena: Arena,
    pub(super) names: Vec<Span>,
    pub(super) conditions: Vec<Condition>,
    pub(super) entries: Vec<Span>,
    pub(super) rules: Vec<Rule>,
    pub(super) policies: Vec<Policy>,
    pub(super) deny: Index,
    pub(super) allow: Index,
}

/// One policy, without its rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    pub(super) name: Span,
    pub(super) effect: Effect,
    /// Decided and counted, but never enforced.
    pub(super) shadow: bool,
}

/// One rule: alternatives of who, alternatives of what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// The number of its policy.
    pub(super) policy: u32,
    /// Its number within its policy.
    pub(super) number: u32,
    /// The entries of `from`; none holds for any caller.
    pub(super) from: Span,
    /// The entries of `to`; none holds for any request.
    pub(super) to: Span,
    /// The names of its variables.
    pub(super) variables: Span,
}

/// One condition of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition {
    pub(super) field: Field,
    pub(super) negated: bool,
    /// Its patterns. Before those on a claim stands one more, the claim's path: so a rule without
    /// claims takes no memory for them.
    patterns: Span,
}

impl Condition {
    /// A condition whose patterns are `patterns`, the claim's path before those on a claim.
    pub(super) fn new(field: Field, negated: bool, patterns: Span) -> Self {
        Self {
            field,
            negated,
            patterns,
        }
    }

    /// The word under which it stands in the document.
    pub(super) fn word(&self) -> &'static str {
        if self.negated {
            self.field.not_word()
        } else {
            self.field.word()
        }
    }
}

impl Ruleset {
    /// The document's mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How many policies it has.
    pub fn policies(&self) -> usize {
        self.policies.len()
    }

    /// How many rules its policies have together.
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// Whether any policy is in shadow mode on its own.
    pub fn has_shadow_policies(&self) -> bool {
        self.policies.iter().any(|policy| policy.shadow)
    }

    /// Whether the document lists this principal as one whose task headers are believed; `None`
    /// where it has no such list.
    pub fn lists_stamper(&self, principal: &str) -> Option<bool> {
        self.stampers.map(|stampers| self.lists(stampers, principal))
    }

    /// Whether the document names api-servers, so that their answers teach on the way out.
    pub fn names_api_servers(&self) -> bool {
        self.api_servers.is_some()
    }

    /// Whether the document lists this principal as an api-server.
    pub fn lists_api_server(&self, principal: &str) -> bool {
        self.api_servers
            .is_some_and(|api_servers| self.lists(api_servers, principal))
    }

    /// Whether the document names the service that a waypoint's `cluster` leads to as the api-servers'.
    pub fn leads_to_api_servers(&self, cluster: &[u8]) -> bool {
        let hosts = self.api_server_hosts.as_ref();
        hosts.is_some_and(|hosts| hosts.is_behind_waypoint(cluster))
    }

    fn lists(&self, principals: Span, principal: &str) -> bool {
        let matches = |pattern: &Pattern| matches(&self.arena, *pattern, principal, &Bindings::default());
        self.arena.patterns(principals).iter().any(matches)
    }

    /// The hosts inside the mesh.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// The Airflow that requests are for.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The issuers whose tokens requests may carry.
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    pub(super) fn policy_of(&self, rule: &Rule) -> Option<&Policy> {
        self.policies.get(rule.policy as usize)
    }

    pub(super) fn conditions_of(&self, entry: Span) -> &[Condition] {
        entry.of(&self.conditions)
    }

    pub(super) fn entries_of(&self, entries: Span) -> &[Span] {
        entries.of(&self.entries)
    }

    pub(super) fn patterns_of(&self, condition: &Condition) -> &[Pattern] {
        let patterns = self.arena.patterns(condition.patterns);
        match (condition.field, patterns) {
            (Field::Claims, [_, patterns @ ..]) => patterns,
            _ => patterns,
        }
    }

    /// The path of the claim that a condition is about.
    pub(super) fn claim_of(&self, condition: &Condition) -> Option<&str> {
        if condition.field != Field::Claims {
            return None;
        }
        let path = self.arena.patterns(condition.patterns).first()?;
        match self.arena.parts(*path) {
            [Part::Text(path)] => Some(self.arena.text(*path)),
            _ => None,
        }
    }
}

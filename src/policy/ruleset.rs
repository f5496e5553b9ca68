//! A policy document that is ready to decide.

use crate::operation::Site;
use crate::stamp::Mesh;
use crate::token::Issuer;

use super::arena::{Pattern, Span};
use super::compiled::Compiled;
use super::effect::Mode;
use super::index::Index;
use super::matching::{Bindings, matches};
use super::teams::{TeamList, Teams};

/// A policy document, checked, compiled and indexed.
#[derive(Debug)]
pub struct Ruleset {
    pub(super) mode: Mode,
    pub(super) stampers: Option<Span>,
    pub(super) api_servers: Option<Span>,
    pub(super) api_server_hosts: Option<Mesh>,
    pub(super) mesh: Mesh,
    pub(super) site: Site,
    pub(super) teams: Option<TeamList>,
    pub(super) compiled: Compiled,
    pub(super) deny: Index,
    pub(super) allow: Index,
}

impl Ruleset {
    /// The document's mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The number of policies.
    pub fn policies(&self) -> usize {
        self.compiled.policies.len()
    }

    /// The number of rules in all policies.
    pub fn rules(&self) -> usize {
        self.compiled.rules.len()
    }

    /// Whether any policy has its own shadow mode.
    pub fn has_shadow_policies(&self) -> bool {
        self.compiled.policies.iter().any(|policy| policy.shadow)
    }

    /// Whether the document lists this principal as one whose task headers are trusted; `None` if the
    /// document has no such list.
    pub fn lists_stamper(&self, principal: &str) -> Option<bool> {
        self.stampers.map(|stampers| self.lists(stampers, principal))
    }

    /// Whether the document names api-servers. Then this proxy learns from their answers on the way out.
    pub fn names_api_servers(&self) -> bool {
        self.api_servers.is_some()
    }

    /// Whether the document lists this principal as an api-server.
    pub fn lists_api_server(&self, principal: &str) -> bool {
        self.api_servers
            .is_some_and(|api_servers| self.lists(api_servers, principal))
    }

    /// Whether the document names the service behind a waypoint's `cluster` as one of the api-servers.
    pub fn leads_to_api_servers(&self, cluster: &[u8]) -> bool {
        let hosts = self.api_server_hosts.as_ref();
        hosts.is_some_and(|hosts| hosts.is_behind_waypoint(cluster))
    }

    fn lists(&self, principals: Span, principal: &str) -> bool {
        let matches =
            |pattern: &Pattern| matches(&self.compiled.arena, *pattern, principal, &Bindings::default());
        self.compiled.arena.patterns(principals).iter().any(matches)
    }

    /// The hosts inside the mesh.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// The Airflow that requests are for.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The teams of the document; `None` if it has no such list.
    pub fn teams(&self) -> Option<Teams<'_>> {
        let list = self.teams.as_ref()?;
        Some(Teams::new(list, &self.compiled.arena))
    }

    /// The issuers whose tokens requests may carry.
    pub fn issuers(&self) -> &[Issuer] {
        &self.compiled.issuers
    }
}

//! The facts that are the same for all requests under one policy.

use std::fmt;

use super::connection::Connection;
use super::host::Host;
use crate::caller::Acting;
use crate::learn;
use crate::policy::{Mode, Ruleset};
use crate::token::{Issuer, TokenVerifiers};
use crate::verdict::Direction;

/// What a proxy knows while one policy is in force.
#[derive(Clone, Copy)]
pub struct Setting<'s> {
    /// The policy; `None` where no document was ever good, so that nothing passes.
    pub ruleset: Option<&'s Ruleset>,
    /// The task that the proxy's pod runs, where its metadata name one.
    pub pod: Option<&'s Acting>,
    /// The proxy's own identity, for labels of outbound requests.
    pub label: &'s str,
    /// The key by which learned tasks are kept.
    pub key: learn::Key,
    /// The judges of the request's tokens; `None` where the policy names no issuers.
    pub verifiers: Option<TokenVerifiers<'s>>,
    /// Random bytes.
    pub random: fn() -> [u8; 16],
}

impl<'s> Setting<'s> {
    /// The issuers whose tokens the policy knows.
    pub(super) fn issuers(&self) -> &'s [Issuer] {
        self.ruleset.map_or(&[], Ruleset::issuers)
    }

    /// Whether requests that come in by `listener` are refused where the policy says so.
    pub(super) fn guards(&self, listener: Direction) -> bool {
        let enforced = self
            .ruleset
            .is_some_and(|ruleset| ruleset.mode() == Mode::Enforce);
        listener == Direction::Inbound && enforced
    }

    /// Whether the answers of api-servers teach on the way out.
    pub(super) fn learns_outbound(&self) -> bool {
        self.ruleset.is_some_and(Ruleset::names_api_servers)
    }

    /// Whether the answer to the current request, which came on `connection`, is an api-server's.
    ///
    /// On the way out the server's certificate says so: the server may be one that a task has
    /// started. On the way in the server is the app of the proxy's own pod, which is an api-server
    /// where the document names the proxy's identity. A document that names none makes every app
    /// teach about itself, to callers that come by mutual TLS. A waypoint stands before many pods, so the document must name the service.
    pub(super) fn is_answered_by_api_server(&self, connection: &Connection, host: &mut impl Host) -> bool {
        let Some(ruleset) = self.ruleset else {
            return false;
        };
        match connection.listener {
            Direction::Outbound => host
                .upstream()
                .is_some_and(|upstream| ruleset.lists_api_server(upstream.as_str())),
            Direction::Inbound => self.stands_before_api_server(connection, host),
        }
    }

    /// Whether the requests that come on `connection` go to an api-server.
    pub(super) fn stands_before_api_server(&self, connection: &Connection, host: &mut impl Host) -> bool {
        let Some(ruleset) = self.ruleset else {
            return false;
        };
        match connection.listener {
            Direction::Outbound => false,
            Direction::Inbound if connection.tunnelled => ruleset.leads_to_api_servers(&host.cluster()),
            // Without TLS of the pod's own the proxy may be a waypoint all the same.
            Direction::Inbound if !ruleset.names_api_servers() => connection.own.is_some(),
            Direction::Inbound => {
                let own = connection.own.as_ref();
                own.is_some_and(|own| ruleset.lists_api_server(own.as_str()))
            }
        }
    }
}

impl fmt::Debug for Setting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

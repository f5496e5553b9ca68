//! The facts that all requests under one policy share.

use std::fmt;

use super::connection::Connection;
use super::host::Host;
use crate::caller::Acting;
use crate::learn;
use crate::policy::{Mode, Ruleset};
use crate::token::{Issuer, TokenVerifiers};
use crate::verdict::Direction;

/// The facts that a proxy knows while one policy is in force.
#[derive(Clone, Copy)]
pub struct Setting<'s> {
    /// The policy; `None` if no document was ever valid. Then no request passes.
    pub ruleset: Option<&'s Ruleset>,
    /// The task that the proxy's pod runs, if the pod's metadata name one.
    pub pod: Option<&'s Acting>,
    /// The proxy's own identity, for labels of outbound requests.
    pub label: &'s str,
    /// The key under which learned tasks are stored.
    pub key: learn::Key,
    /// The verifiers of the request's tokens; `None` if the policy names no issuers.
    pub verifiers: Option<TokenVerifiers<'s>>,
    /// Random bytes.
    pub random: fn() -> [u8; 16],
}

impl<'s> Setting<'s> {
    /// The issuers in the policy.
    pub(super) fn issuers(&self) -> &'s [Issuer] {
        self.ruleset.map_or(&[], Ruleset::issuers)
    }

    /// Whether the policy refuses requests on `listener`: it is enforced, and the listener is inbound.
    pub(super) fn guards(&self, listener: Direction) -> bool {
        let enforced = self
            .ruleset
            .is_some_and(|ruleset| ruleset.mode() == Mode::Enforce);
        listener == Direction::Inbound && enforced
    }

    /// Whether the filter learns from the answers of api-servers on outbound listeners.
    pub(super) fn learns_outbound(&self) -> bool {
        self.ruleset.is_some_and(Ruleset::names_api_servers)
    }

    /// Whether the policy looks at Airflow's own teams, which only its answers name.
    pub(super) fn asks_airflow_for_teams(&self) -> bool {
        self.ruleset.is_some_and(Ruleset::asks_airflow_for_teams)
    }

    /// Whether the answer to the current request, which came on `connection`, is an api-server's.
    ///
    /// On an outbound listener the server's certificate decides, because a task may have started the server.
    /// On an inbound listener the server is the application of the proxy's own pod. It is an api-server if
    /// the document names the proxy's identity. If the document names no api-servers, every application
    /// counts as one, but only for itself, and only for callers that come by mutual TLS. A waypoint stands in
    /// front of many pods, so the document must name the service.
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

    /// Whether requests on `connection` go to an api-server.
    pub(super) fn stands_before_api_server(&self, connection: &Connection, host: &mut impl Host) -> bool {
        let Some(ruleset) = self.ruleset else {
            return false;
        };
        match connection.listener {
            Direction::Outbound => false,
            Direction::Inbound if connection.tunnelled => ruleset.leads_to_api_servers(&host.cluster()),
            // Without mutual TLS at the pod itself, the proxy may still be a waypoint.
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

//! The interface to the proxy that the exchange needs.

use std::ops::Range;
use std::time::Duration;

use super::effect::{Effect, Level, Message};
use crate::authorize::{Incoming, Outcome};
use crate::caller::Principal;
use crate::store::Shared;

/// The proxy that has the request of the current event.
pub trait Host: Shared {
    /// Observes each decision. The proxy ignores it; `dagward explain` does not.
    fn decided(&mut self, _incoming: &Incoming<'_>, _outcome: &Outcome<'_>) {}

    /// Carries out an effect.
    fn carry_out(&mut self, effect: Effect<'_>);

    /// The bytes in `range` of the body that the proxy holds; `None` if the proxy cannot supply them.
    fn body(&mut self, message: Message, range: Range<usize>) -> Option<Vec<u8>>;

    /// The identity of the server that answers, from its certificate.
    fn upstream(&mut self) -> Option<Principal>;

    /// Envoy's name of the request's destination.
    fn cluster(&mut self) -> Vec<u8>;

    /// Whether the proxy's log includes lines of this level.
    fn logs(&mut self, level: Level) -> bool;

    /// The time since a moment that is the same for all VMs of the proxy.
    fn uptime(&mut self) -> Duration;
}

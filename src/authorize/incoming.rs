//! A request as the engine receives it, and the proxy that received it.

use super::token::Token;
use crate::caller::{Acting, BadPrincipal, Principal};
use crate::operation::Request;
use crate::token::TokenVerifiers;
use crate::verdict::Direction;
use crate::wire::Header;

/// The proxy's own identity and task.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proxy<'a> {
    /// Its own identity.
    pub identity: Option<&'a Principal>,
    /// The task that its pod runs, if the pod's metadata name one.
    pub pod: Option<&'a Acting>,
}

/// A request as the proxy received it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The listener that received it.
    pub listener: Direction,
    /// The peer's identity from mTLS; `Ok(None)` for an anonymous peer.
    pub peer: Result<Option<&'a Principal>, &'a BadPrincipal>,
    /// The request line; the host is in lower case, without its port.
    pub request: Request<'a>,
    /// The port that received it, as text; empty if it is not known.
    pub port: &'a str,
    /// All headers.
    pub headers: &'a [Header<'a>],
    /// Envoy's name for the destination, on an outbound listener.
    pub cluster: &'a [u8],
    /// The request's credential for the Execution API.
    pub token: Token<'a>,
    /// The verifiers for the tokens that the policy names. Without them no such token is accepted.
    pub verifiers: Option<TokenVerifiers<'a>>,
}

impl<'a> Incoming<'a> {
    /// A request of an anonymous caller to `listener`, without any credential.
    pub fn new(listener: Direction, request: Request<'a>, headers: &'a [Header<'a>]) -> Self {
        Self {
            listener,
            peer: Ok(None),
            request,
            port: "",
            headers,
            cluster: b"",
            token: Token::default(),
            verifiers: None,
        }
    }
}

//! A request as the rooms take it, and the proxy that it came to.

use super::Token;
use crate::caller::{Acting, BadPrincipal, Principal};
use crate::operation::Request;
use crate::token::TokenVerifiers;
use crate::verdict::Direction;
use crate::wire::Header;

/// What the proxy knows of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proxy<'a> {
    /// Its own identity.
    pub identity: Option<&'a Principal>,
    /// The task that its pod runs, where its metadata names one.
    pub pod: Option<&'a Acting>,
}

/// A request as the proxy has it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Which listener it came to.
    pub listener: Direction,
    /// The peer's identity from mTLS; `Ok(None)` where it has none.
    pub peer: Result<Option<&'a Principal>, &'a BadPrincipal>,
    /// The request line; the host in lower case, without its port.
    pub request: Request<'a>,
    /// The port that it came to, as text; empty where it is not known.
    pub port: &'a str,
    /// All headers.
    pub headers: &'a [Header<'a>],
    /// Envoy's name for the destination, on an outbound listener.
    pub cluster: &'a [u8],
    /// The credential that it carries for the Execution API.
    pub token: Token<'a>,
    /// Who judges the tokens that the policy names; without them none can be believed.
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

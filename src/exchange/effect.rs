//! The effects of a request's events, for the proxy to carry out in order.

use crate::token::TokenResult;

/// One effect.
#[derive(Debug, Clone, Copy)]
pub enum Effect<'e> {
    /// Makes this the only value of a header.
    SetHeader(Message, &'e str, &'e str),
    /// Removes every value of a header.
    RemoveHeader(Message, &'e str),
    /// Answers in the upstream's place.
    Reply(&'e Reply<'e>),
    /// Puts these bytes in the place of the first `held` bytes of the answer's body.
    ReplaceBody {
        /// How many bytes of the body the proxy has.
        held: usize,
        /// The new bytes.
        body: &'e [u8],
    },
    /// Sets the filter state `wasm.NAME`, which Istio's Telemetry, access logs and traces read.
    Property(&'e str, &'e str),
    /// Writes a line to the proxy's log.
    Log(Level, &'e str),
    /// Counts the results of tokens.
    CountTokens(&'e [TokenResult]),
    /// Shows how many tasks the proxy knows of.
    ShowLearned(u64),
}

/// The request or its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// The request.
    Request,
    /// The answer.
    Answer,
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A request would be refused if the policy were enforced, or has another id now.
    Info,
    /// A request was refused.
    Warn,
}

/// Whether the proxy passes on what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It passes it on.
    GoOn,
    /// It holds it.
    Hold,
}

/// An answer in the upstream's place.
#[derive(Debug)]
pub struct Reply<'r> {
    /// The HTTP status.
    pub status: u16,
    /// The gRPC status, which the proxy sends to a gRPC client.
    pub grpc_status: i32,
    /// The proxy's word for why there is an answer (`%RESPONSE_CODE_DETAILS%`).
    pub details: &'r str,
    /// The headers.
    pub headers: &'r [(&'r str, &'r str)],
    /// The body.
    pub body: &'r [u8],
}

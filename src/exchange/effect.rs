//! The effects of a request's events. The proxy carries them out in order.

use crate::token::TokenResult;

/// One effect.
#[derive(Debug, Clone, Copy)]
pub enum Effect<'e> {
    /// Sets a header to this one value.
    SetHeader(Message, &'e str, &'e str),
    /// Removes every value of a header.
    RemoveHeader(Message, &'e str),
    /// Answers in place of the upstream.
    Reply(&'e Reply<'e>),
    /// Replaces the first `held` bytes of the answer's body.
    ReplaceBody {
        /// The number of bytes of the body that the proxy holds.
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
    /// Shows the number of tasks that the proxy knows.
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

/// The importance of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A request would be refused if the policy were enforced, or got another id.
    Info,
    /// A request was refused.
    Warn,
}

/// Whether the proxy forwards the bytes that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The proxy forwards them.
    GoOn,
    /// The proxy holds them.
    Hold,
}

/// An answer in place of the upstream's.
#[derive(Debug)]
pub struct Reply<'r> {
    /// The HTTP status.
    pub status: u16,
    /// The gRPC status, which the proxy sends to a gRPC client.
    pub grpc_status: i32,
    /// The response code details (`%RESPONSE_CODE_DETAILS%`).
    pub details: &'r str,
    /// The headers.
    pub headers: &'r [(&'r str, &'r str)],
    /// The body.
    pub body: &'r [u8],
}

//! Why a request passed or did not, in one word.

use std::fmt;

use crate::token::Refusal;

/// Why a request passed or did not. The words are an interface: callers, metrics and tools see
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// An ALLOW rule holds, and no DENY rule does.
    Allowed,
    /// The filter's first policy document was refused, so nothing passes.
    ConfigRefused,
    /// A DENY rule holds.
    DeniedByRule,
    /// The body names ids on this route, and cannot be read.
    MalformedBody,
    /// The credential for the Execution API cannot be read.
    MalformedToken,
    /// The peer's certificate names no SPIFFE ID.
    MalformedIdentity,
    /// The path can be read in two ways.
    MalformedPath,
    /// The task headers break their contract.
    MalformedTaskHeaders,
    /// No ALLOW rule holds.
    NoRuleAllows,
    /// Nothing was decided, because the document's mode is `observe`.
    Observed,
    /// Nothing was decided, because the request leaves the pod.
    Outbound,
    /// The caller's own sidecar and Airflow's answer name different DAGs.
    TaskConflict,
    /// The path names another task, or another callback, than the token is for.
    TokenForAnotherTask,
    /// The task's token has been used by another principal, or this one was refused the task.
    TokenOfAnother,
    /// Airflow has not answered the task's token here, and the caller's own sidecar does not say that it has elsewhere.
    TokenOwnerUnknown,
    /// It passed, but would be refused if all policies were enforced.
    ShadowDenied,
    /// A token is not to be believed, or one that is required is not there.
    Token(Refusal),
}

impl Code {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ConfigRefused => "config_refused",
            Self::DeniedByRule => "denied_by_rule",
            Self::MalformedBody => "malformed_body",
            Self::MalformedIdentity => "malformed_identity",
            Self::MalformedPath => "malformed_path",
            Self::MalformedTaskHeaders => "malformed_task_headers",
            Self::MalformedToken => "malformed_token",
            Self::NoRuleAllows => "no_rule_allows",
            Self::Observed => "observed",
            Self::Outbound => "outbound",
            Self::ShadowDenied => "shadow_denied",
            Self::TaskConflict => "task_conflict",
            Self::Token(refusal) => refusal.as_str(),
            Self::TokenForAnotherTask => "token_for_another_task",
            Self::TokenOfAnother => "token_of_another",
            Self::TokenOwnerUnknown => "token_owner_unknown",
        }
    }

    /// What `www-authenticate` says where the caller may come again with another token (RFC 6750 §3).
    pub fn challenge(self) -> Option<&'static str> {
        match self {
            Self::Token(refusal) => refusal.challenge(),
            _ => None,
        }
    }

    /// What the caller is told. It names no rule: those are for the log.
    pub fn message(self) -> &'static str {
        match self {
            Self::Allowed | Self::Observed | Self::Outbound | Self::ShadowDenied => "allowed",
            Self::ConfigRefused => "the proxy's policy document was refused, so nothing is allowed",
            Self::DeniedByRule => "a policy denies this request",
            Self::MalformedBody => "the body cannot be read",
            Self::MalformedIdentity => "the peer's identity is malformed",
            Self::MalformedPath => "the path can be read in more than one way",
            Self::MalformedTaskHeaders => "the task headers are malformed",
            Self::MalformedToken => "the request's token cannot be read",
            Self::TaskConflict => "the pod and Airflow name different DAGs",
            Self::Token(refusal) => refusal.message(),
            Self::TokenForAnotherTask => "the path names another task or callback than the token is for",
            Self::TokenOfAnother => "the token does not belong to this caller",
            Self::TokenOwnerUnknown => "nothing shows that the token belongs to this caller",
            Self::NoRuleAllows => "no policy allows this request",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

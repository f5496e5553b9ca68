//! The reason why a request passed or was refused, as one word.

use std::fmt;

use crate::token::Refusal;

/// The status of an answer that refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The HTTP status.
    pub http: u16,
    /// The gRPC status.
    pub grpc: i32,
}

impl Status {
    /// The caller is not allowed to do this.
    pub const FORBIDDEN: Self = Self { http: 403, grpc: 7 };
    /// The caller may try again with another token.
    const UNAUTHENTICATED: Self = Self { http: 401, grpc: 16 };
    /// The request cannot be read. The status is 403, because Envoy would close the connection after 400, and
    /// the caller's next request would cost another handshake.
    const MALFORMED: Self = Self { http: 403, grpc: 3 };
}

/// Defines the codes, one each: variant, word, status of the answer, the message to the caller, the remedy
/// for the operator.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $word:literal: $status:expr, $message:literal, $remedy:literal;)+) => {
        /// The reason why a request passed or was refused. The words are an interface: callers, metrics and
        /// tools see them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
            /// A token is invalid, or a required token is absent.
            Token(Refusal),
        }

        impl Code {
            /// Every code that is not about a token of the policy's issuers.
            const OWN: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Token(refusal) => refusal.as_str(),
                }
            }

            /// The status of the answer; `None` if the request passes.
            pub fn status(self) -> Option<Status> {
                match self {
                    $(Self::$variant => $status,)+
                    Self::Token(refusal) => Some(match refusal.challenge() {
                        Some(_) => Status::UNAUTHENTICATED,
                        None => Status::FORBIDDEN,
                    }),
                }
            }

            /// The message to the caller. It names no rule: the log does.
            pub fn message(self) -> &'static str {
                match self {
                    $(Self::$variant => $message,)+
                    Self::Token(refusal) => refusal.message(),
                }
            }

            /// The remedy for the operator, in Markdown.
            pub fn remedy(self) -> &'static str {
                match self {
                    $(Self::$variant => $remedy,)+
                    Self::Token(refusal) => refusal.remedy(),
                }
            }
        }
    };
}

codes! {
    /// An ALLOW rule matches, and no DENY rule does.
    Allowed "allowed":
        None,
        "allowed",
        "Nothing: the request passed.";
    /// The proxy's first policy document was refused, so no request passes.
    ConfigRefused "config_refused":
        Some(Status::FORBIDDEN),
        "the proxy's policy document was refused, so nothing is allowed",
        "Check the document with `dagward validate`; the proxy's log names each error.";
    /// A DENY rule matches.
    DeniedByRule "denied_by_rule":
        Some(Status::FORBIDDEN),
        "a policy denies this request",
        "Look up the policy and the rule in the log line; change the rule if it matches more than it should.";
    /// The body names ids on this route, but cannot be read.
    MalformedBody "malformed_body":
        Some(Status::MALFORMED),
        "the body cannot be read",
        "Send a JSON object in UTF-8 of at most 64 KiB that names each field once; see [ids in bodies](policy.md#ids-in-bodies).";
    /// The `authorization` of a request to the Execution API cannot be read.
    MalformedAuthorization "malformed_authorization":
        Some(Status::MALFORMED),
        "the request's `authorization` cannot be read",
        "On the Execution API send `Bearer`, one blank and one JWT of at most 8 KiB, whose UUID is in lower case with hyphens.";
    /// The peer's certificate does not contain a SPIFFE ID.
    MalformedIdentity "malformed_identity":
        Some(Status::MALFORMED),
        "the peer's identity is malformed",
        "Give the peer a certificate with one valid SPIFFE ID, in lower case, without port and query.";
    /// The path can be read in two ways.
    MalformedPath "malformed_path":
        Some(Status::MALFORMED),
        "the path can be read in more than one way",
        "Send a path without `//`, `..`, `\\`, `;`, `#` and control characters, and each id of the query once.";
    /// The task headers violate their contract.
    MalformedTaskHeaders "malformed_task_headers":
        Some(Status::MALFORMED),
        "the task headers are malformed",
        "Send each [task header](policy.md#task-headers) once, spelled with hyphens, and never without `x-airflow-dag-id`.";
    /// No ALLOW rule matches.
    NoRuleAllows "no_rule_allows":
        Some(Status::FORBIDDEN),
        "no policy allows this request",
        "Ask `dagward explain` which conditions of the nearest rules failed, and add an ALLOW if the request is one that you want.";
    /// The filter made no decision, because the document's mode is `observe`.
    Observed "observed":
        None,
        "allowed",
        "Nothing: the document's mode is `observe`.";
    /// The filter made no decision, because the request leaves the pod.
    Outbound "outbound":
        None,
        "allowed",
        "Nothing: requests are decided where they arrive.";
    /// The request passed, but would be refused if all policies were enforced.
    ShadowDenied "shadow_denied":
        None,
        "allowed",
        "Before you enforce, look up why the request would be refused: `dagward_shadow_denied_total` has the code.";
    /// The caller's own sidecar and Airflow's answer name different DAGs.
    TaskConflict "task_conflict":
        Some(Status::FORBIDDEN),
        "the pod and Airflow name different DAGs",
        "Compare the annotations of the caller's pod with the task that it runs; suspect a forged pod.";
    /// The path names a task or a callback other than the one that the token is for.
    TokenForAnotherTask "token_for_another_task":
        Some(Status::FORBIDDEN),
        "the path names another task or callback than the token is for",
        "Suspect a task that acts for another: its token and the UUID in the path differ.";
    /// Another principal owns the task's token, or this one was refused the task.
    TokenOwnedByAnother "token_owned_by_another":
        Some(Status::FORBIDDEN),
        "the token does not belong to this caller",
        "The caller is not the principal that started the task, or dagward refused it that task before. Search the proxy's log for the same task's `run`: if it was refused, mend that refusal. Otherwise find the pod that sent the token (`caller=`), and suspect a theft; see [the owner of a token](policy.md#the-owner-of-a-token).";
    /// This proxy does not know the owner of the task's token, and the caller's own sidecar does not vouch
    /// for it.
    TokenOwnerUnknown "token_owner_unknown":
        Some(Status::FORBIDDEN),
        "nothing shows that the token belongs to this caller",
        "Give each pod that runs tasks a sidecar with dagward and this document; see [the owner of a token](policy.md#the-owner-of-a-token).";
}

impl Code {
    /// Every code: first those of requests, then those of tokens.
    #[expect(
        clippy::indexing_slicing,
        reason = "the compiler evaluates it, and refuses an index out of bounds"
    )]
    pub const ALL: [Self; Self::OWN.len() + Refusal::ALL.len()] = {
        let mut all = [Self::Allowed; Self::OWN.len() + Refusal::ALL.len()];
        let mut number = 0;
        while number < all.len() {
            all[number] = match number < Self::OWN.len() {
                true => Self::OWN[number],
                false => Self::Token(Refusal::ALL[number - Self::OWN.len()]),
            };
            number += 1;
        }
        all
    };

    /// The value of `www-authenticate` if the caller may try again with another token (RFC 6750 §3).
    pub fn challenge(self) -> Option<&'static str> {
        match self {
            Self::Token(refusal) => refusal.challenge(),
            _ => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_and_each_message_is_one_code() {
        for code in Code::ALL {
            let is_same = |other: &Code| {
                other.as_str() == code.as_str()
                    || other.status().is_some() && other.message() == code.message()
            };
            let same: Vec<Code> = Code::ALL.into_iter().filter(is_same).collect();
            assert_eq!(same, [code]);
        }
    }

    /// Readers would confuse two words that have the same parts in another order.
    #[test]
    fn no_word_is_another_in_another_order() {
        let parts = |code: Code| {
            let mut parts: Vec<&str> = code.as_str().split('_').collect();
            parts.sort_unstable();
            parts
        };
        for code in Code::ALL {
            let alike: Vec<Code> = Code::ALL
                .into_iter()
                .filter(|other| parts(*other) == parts(code))
                .collect();
            assert_eq!(alike, [code]);
        }
    }
}

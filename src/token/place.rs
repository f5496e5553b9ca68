//! Where a request carries a token.

/// Where a request carries a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A header, its name in lower case; a value without the prefix is no token. The prefix of
    /// `authorization`, which is a scheme (RFC 9110 §11.1), is compared without regard to case.
    Header {
        /// The header's name, in lower case.
        name: String,
        /// What stands before the token; may be empty.
        prefix: String,
    },
    /// A parameter of the query.
    Query(String),
    /// A cookie.
    Cookie(String),
}

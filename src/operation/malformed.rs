//! Requests that the filter refuses before it makes a decision about them.

use std::fmt;

use super::body::BadBody;
use super::path::Ambiguity;

/// The limit on the parameters of a query that names ids. Airflow's UI sends some dozens, and frameworks
/// limit them to 1,000.
pub(super) const MAX_PARAMETERS: usize = 1_024;

/// A request to Airflow that two parsers could read differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Malformed {
    /// There is no method or no path, or more than one.
    RequestLine,
    /// The path is ambiguous.
    Path(Ambiguity),
    /// A query parameter that names one id is given twice: Airflow 2 takes the first, Airflow 3 the last.
    RepeatedParameter(&'static str),
    /// A query parameter that names an id cannot be decoded.
    Parameter(&'static str),
    /// The query has more parameters than any honest one, on a route where it names ids.
    TooManyParameters,
    /// The body cannot be read, on a route where it names ids.
    Body(BadBody),
    /// A server takes this header for a part of the path.
    Moved(&'static str),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequestLine => f.write_str("the request must have one method and one path"),
            Self::Path(ambiguity) => write!(f, "{ambiguity}"),
            Self::RepeatedParameter(name) => write!(f, "the query has `{name}` more than once"),
            Self::Parameter(name) => write!(f, "the query's `{name}` is not encoded UTF-8 text"),
            Self::TooManyParameters => {
                write!(f, "the query has more than {MAX_PARAMETERS} parameters")
            }
            Self::Body(problem) => write!(f, "the body {problem}"),
            Self::Moved(name) => write!(
                f,
                "a server may take the header `{name}` for a part of the path; name the path in `basePath`, and \
                 remove the header before the sidecar"
            ),
        }
    }
}

impl std::error::Error for Malformed {}

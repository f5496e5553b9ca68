//! What is known about a request: a value, its absence, or nothing.

/// One fact about a request.
///
/// The difference between [`Absent`](Fact::Absent) and [`Unknown`](Fact::Unknown) decides
/// requests: a request that is about no DAG at all is not "about `finance_daily`" in any rule,
/// while a request about a DAG nobody can name counts for the safe side, which in an ALLOW is
/// "does not hold" and in a DENY is "holds", `not…` conditions alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fact<T> {
    /// The value is known.
    Known(T),
    /// The request has no such thing.
    #[default]
    Absent,
    /// The request has such a thing, but which one is not known.
    Unknown,
    /// The request has such a thing, and a part of it that is still to come says which. It counts
    /// for the open side, the opposite of unknown, and what is decided so is decided again: a
    /// refusal stays whatever is to come, and nothing else does.
    Pending,
}

impl<T> Fact<T> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown | Self::Pending => None,
        }
    }

    /// Whether the value exists but is not known.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// The fact by reference.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value) => Fact::Known(value),
            Self::Absent => Fact::Absent,
            Self::Unknown => Fact::Unknown,
            Self::Pending => Fact::Pending,
        }
    }

    /// Applies `f` to a known value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Absent => Fact::Absent,
            Self::Unknown => Fact::Unknown,
            Self::Pending => Fact::Pending,
        }
    }
}

impl<T> From<Option<T>> for Fact<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Known)
    }
}

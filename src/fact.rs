//! Facts about a request: known, absent, unknown or pending.

/// One fact about a request.
///
/// The difference between [`Absent`](Fact::Absent) and [`Unknown`](Fact::Unknown) decides requests. A request
/// that is about no DAG at all is not "about `finance_daily`" in any rule. A request about a DAG that cannot
/// be named fails closed: in an ALLOW its condition does not hold, in a DENY it does. This includes `not…`
/// conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fact<T> {
    /// The value is known.
    Known(T),
    /// The request has no such value.
    #[default]
    Absent,
    /// The request has such a value, but the filter does not know it.
    Unknown,
    /// The request has such a value, and a part of the request or its answer will name it. A pending fact
    /// matches in an ALLOW and not in a DENY, and the request is decided again once the value arrives. So a
    /// refusal is final, and every other decision is provisional.
    Pending,
}

impl<T> Fact<T> {
    /// The value, if it is known.
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

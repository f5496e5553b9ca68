//! The two halves of a rule.

/// The half of a rule in which a condition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The caller.
    From,
    /// The request.
    To,
}

impl Side {
    /// The word in the document.
    pub fn word(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
        }
    }
}

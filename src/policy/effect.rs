//! The effect of a document and of its policies on requests.

use std::fmt;

use crate::fact::Fact;

/// The mode: whether the filter enforces its decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Stamp and measure only.
    Observe,
    /// Decide and count, never refuse.
    Shadow,
    /// Decide and refuse.
    Enforce,
}

impl Mode {
    /// Every mode, the mildest first.
    pub const ALL: [Self; 3] = [Self::Observe, Self::Shadow, Self::Enforce];

    /// The word in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Shadow => "shadow",
            Self::Enforce => "enforce",
        }
    }

    /// Parses the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The effect of a policy on the requests that match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Lets the requests pass.
    Allow,
    /// Refuses the requests, even if another policy allows them.
    Deny,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 2] = [Self::Allow, Self::Deny];

    /// Parses the word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == word)
    }

    /// The word in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
        }
    }

    /// The fact that satisfies every condition in a rule of this effect.
    pub(super) fn open<'f>(self) -> Fact<&'f str> {
        match self {
            Self::Allow => Fact::Pending,
            Self::Deny => Fact::Unknown,
        }
    }
}

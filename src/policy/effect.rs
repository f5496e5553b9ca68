//! What a document and its policies do with requests.

use std::fmt;

use crate::fact::Fact;

/// What the filter does with its decisions.
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
    /// Every mode, mildest first.
    pub const ALL: [Self; 3] = [Self::Observe, Self::Shadow, Self::Enforce];

    /// The word in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Shadow => "shadow",
            Self::Enforce => "enforce",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a policy does with the requests that match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Lets them pass.
    Allow,
    /// Refuses them, whatever else allows them.
    Deny,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 2] = [Self::Allow, Self::Deny];

    /// Reads the word back.
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

    /// The fact of which every condition holds.
    pub(super) fn open<'f>(self) -> Fact<&'f str> {
        match self {
            Self::Allow => Fact::Pending,
            Self::Deny => Fact::Unknown,
        }
    }
}

//! Strict readers of JSON. They refuse documents that two parsers could read differently, such as an object
//! with a repeated name.
//!
//! | reader | for | keeps |
//! |---|---|---|
//! | `parsed` | the bodies of requests | a [`Json`] that borrows its texts, read in one pass: the caller chooses the body |
//! | `written` | tokens and keys | a [`Json`] of its own with numbers as they are written: policies compare their texts |
//! | [`Node`] | the policy document | one level, the parts unread: a tree of 10,000 rules takes tens of megabytes |
//!
//! The readers of Airflow's answers in `learn` stop within a document that is still arriving, and build no
//! tree.

mod node;
mod parsed;
mod written;

use std::borrow::Cow;
use std::fmt;

pub use node::Node;
pub use parsed::Number;
pub use written::BadJson;

/// In objects with more members than this, names are sorted to find a repeated one. In smaller objects each
/// pair of names is compared, which takes no memory.
const FEW: usize = 8;

/// A JSON value. `N` is the reader's form of a number.
#[derive(Clone, PartialEq, Eq)]
pub enum Json<'a, N> {
    /// `null`.
    Null,
    /// `false`. It and `true` are separate variants: a variant with a payload would make each number of a
    /// body more expensive to read.
    False,
    /// `true`.
    True,
    /// A number.
    Number(N),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Self>),
    /// An object without repeated names.
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<N> From<bool> for Json<'_, N> {
    fn from(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

impl<N> Json<'_, N> {
    /// The names of an object's members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let members = match self {
            Self::Object(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(name, _)| &**name)
    }

    /// The member of this name, if the value is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let member = members.iter().find(|(other, _)| other == name);
        member.map(|(_, value)| value)
    }

    /// The text, if the value is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Shows only the kind: tokens and bodies contain secrets.
impl<N> fmt::Debug for Json<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::False | Self::True => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        })
    }
}

/// A repeated name among `members`.
fn repeated<'m, V>(members: &'m [(Cow<'_, str>, V)]) -> Option<&'m str> {
    let mut names = members.iter().map(|(name, _)| &**name);
    if members.len() <= FEW {
        return names.enumerate().find_map(|(place, name)| {
            let mut earlier = members.iter().take(place);
            earlier.any(|(other, _)| other == name).then_some(name)
        });
    }
    let mut sorted: Vec<&str> = names.by_ref().collect();
    sorted.sort_unstable();
    let mut pairs = sorted.iter().zip(sorted.iter().skip(1));
    pairs.find(|(one, next)| one == next).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests;

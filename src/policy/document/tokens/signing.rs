//! Reads the algorithms that may sign an issuer's tokens.

use serde_json::value::RawValue;

use super::super::Loader;
use super::super::reader::At;
use super::{Draft, IssuerField, Kind, words};
use crate::token::{Algorithm, Family};

impl Loader {
    pub(super) fn algorithm_list(&mut self, at: At<'_>, raw: &RawValue) -> Vec<(usize, Algorithm)> {
        let words = words::algorithms();
        let mut algorithms = Vec::new();
        for (number, item) in self.reader.some_list(at, raw).into_iter().enumerate() {
            let algorithm = self.reader.word(at.index(number), item, &words, Algorithm::parse);
            algorithms.extend(algorithm.map(|algorithm| (number, algorithm)));
        }
        algorithms
    }

    /// The algorithms of an issuer; empty if Istio verifies its tokens. Either all of them take a secret or
    /// none does. Otherwise an attacker who knows a public key could use it as the secret and sign with it
    /// (RFC 8725 §2.1).
    pub(super) fn algorithms(&mut self, draft: &Draft<'_>) -> Vec<Algorithm> {
        if draft.given.from_istio {
            return Vec::new();
        }
        if !draft.has(IssuerField::Algorithms) {
            return default_of(draft.kind);
        }
        let at = draft.at.key("algorithms");
        let (secret, public): (Vec<_>, Vec<_>) = draft
            .given
            .algorithms
            .iter()
            .partition(|(_, algorithm)| algorithm.family() == Family::Secret);
        if matches!(draft.kind, Kind::Kubernetes | Kind::Oidc) {
            for (number, algorithm) in &secret {
                let (word, kind) = (algorithm.as_str(), draft.kind.as_str());
                let found =
                    format!("`{word}` takes a secret, which an issuer of kind `{kind}` does not share");
                let allowed = "algorithms that take a public key, such as `RS256`".to_owned();
                self.reader.conflict(at.index(*number), found, allowed);
            }
        } else if let ([(_, one), ..], [(_, other), ..]) = (&*secret, &*public) {
            let (one, other) = (one.as_str(), other.as_str());
            let found = format!("`{one}` takes a secret and `{other}` a public key");
            let allowed = "algorithms that all take a secret, or all a public key".to_owned();
            self.reader.conflict(at, found, allowed);
        }
        draft
            .given
            .algorithms
            .iter()
            .map(|(_, algorithm)| *algorithm)
            .collect()
    }
}

fn default_of(kind: Kind) -> Vec<Algorithm> {
    match kind {
        Kind::Kubernetes => vec![Algorithm::Rs256, Algorithm::Es256],
        Kind::Oidc => vec![Algorithm::Rs256],
        Kind::AirflowUser | Kind::AirflowTask => vec![Algorithm::Hs512],
    }
}

//! The results for the tokens that the request carries. They never include content of a token.

use dagward::authorize::Outcome;
use dagward::policy::Ruleset;
use dagward::token::{Issuer, Kind, Refusal, Source, TokenResult};
use serde::Serialize;

use super::shown::{Shown, Verification};

/// The result for one token.
#[derive(Debug, Serialize)]
pub(super) struct TokenPart {
    kind: Option<&'static str>,
    issuer: Option<String>,
    result: &'static str,
    message: Option<&'static str>,
}

/// The result for each token, and for each required token that is missing.
pub(super) fn parts(ruleset: &Ruleset, outcome: &Outcome<'_>) -> Vec<TokenPart> {
    let part = |results: &TokenResult| TokenPart {
        kind: results.kind.map(Kind::as_str),
        issuer: issuer(ruleset, results).map(|issuer| issuer.name.clone()),
        result: results.result(),
        message: results.result.err().map(Refusal::message),
    };
    outcome.token_results.iter().map(part).collect()
}

/// The results in words.
pub(super) fn lines(parts: &[TokenPart]) -> impl Iterator<Item = String> {
    parts.iter().map(|part| {
        let whose = match (part.kind, &part.issuer) {
            (Some(kind), Some(issuer)) => format!("{kind}, issuer `{issuer}`"),
            _ => "of an unknown issuer".to_owned(),
        };
        match part.message {
            Some(message) => format!("{whose}: {}, {message}", part.result),
            None if part.result == "istio" => format!("{whose}: verified by Istio"),
            None => format!("{whose}: {}", part.result),
        }
    })
}

/// Hints for the user about the results.
pub(super) fn reasons(
    ruleset: &Ruleset,
    outcome: &Outcome<'_>,
    verification: &Verification,
    shown: Option<&Shown>,
) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for results in &outcome.token_results {
        let Some(issuer) = issuer(ruleset, results) else {
            continue;
        };
        let name = &issuer.name;
        match results.result {
            Err(Refusal::KeysUnavailable) => reasons.push(format!(
                "the keys of issuer `{name}` are needed to verify the token (`--jwks {name}=FILE`)"
            )),
            Err(Refusal::NotVerifiedByIstio) => reasons.push(format!(
                "Istio verifies the tokens of issuer `{name}`: `--istio-verified` says that it has"
            )),
            Err(Refusal::KeyUnusable) => reasons.extend(left_out(verification, results, issuer)),
            _ => {}
        }
    }
    reasons.extend(shown.and_then(|shown| overlooked(ruleset, outcome, shown)));
    reasons
}

fn left_out(verification: &Verification, results: &TokenResult, issuer: &Issuer) -> Vec<String> {
    let said = |why: String| format!("a key of issuer `{}` is left out: {why}", issuer.name);
    match (&issuer.source, results.issuer) {
        (Source::Inline(keys), _) => keys.left_out().map(said).collect(),
        (Source::Remote(_), Some(number)) => {
            let keys = verification.keys_of(number);
            keys.iter().flat_map(|keys| keys.left_out()).map(said).collect()
        }
        _ => Vec::new(),
    }
}

/// Why the filter ignored the given token.
fn overlooked(ruleset: &Ruleset, outcome: &Outcome<'_>, shown: &Shown) -> Option<String> {
    let surface = outcome.operation.as_ref()?.surface;
    let on_surface = || ruleset.issuers().iter().filter(|issuer| issuer.is_on(surface));
    if on_surface().any(|issuer| issuer.locations.contains(&shown.location)) {
        return None;
    }
    let location = shown.location_in_words();
    let there = match on_surface().next() {
        None => "no issuer's tokens are expected".to_owned(),
        Some(_) => format!("no issuer's tokens are expected in {location} (`--token-at`)"),
    };
    Some(format!(
        "the filter ignores the token: on surface `{}` {there}",
        surface.as_str()
    ))
}

fn issuer<'r>(ruleset: &'r Ruleset, results: &TokenResult) -> Option<&'r Issuer> {
    ruleset.issuers().get(results.issuer?)
}

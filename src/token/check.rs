//! The tokens of a request: found, assigned to an issuer, and verified unless the cache has them.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::caller::Principal;
use crate::operation::Surface;
use crate::wire::Header;

use super::cache::Cache;
use super::location::tokens;
use super::{
    BadMetadata, Claims, Issuer, Json, KeySet, Kind, Parsed, Refusal, Signatures, Source, Verified, accept,
    named_by, verify,
};

/// The keys that are fetched.
pub trait Keys {
    /// The keys of the issuer with this number; `None` if none could be fetched yet.
    fn of(&self, issuer: usize) -> Option<Rc<KeySet>>;

    /// Records that a token names a key that is missing. True if newer keys have arrived by now.
    fn lacking(&self, issuer: usize) -> bool;

    /// A number that grows whenever the keys of any issuer change.
    fn generation(&self) -> u64;
}

/// The state of token verification, for as long as a policy is in force.
pub struct Tokens {
    cache: RefCell<Cache>,
}

/// Everything that is needed to verify the tokens of one request.
#[derive(Clone, Copy)]
pub struct TokenVerifiers<'j> {
    /// The state that is kept between requests.
    pub tokens: &'j Tokens,
    /// The keys that are fetched.
    pub keys: &'j dyn Keys,
    /// The verifier of signatures.
    pub signatures: &'j dyn Signatures,
    /// The claims of those tokens that Istio has verified.
    pub istio: &'j dyn Fn() -> Result<Vec<Claims>, BadMetadata>,
    /// The time, in seconds since the epoch.
    pub now: u64,
}

/// The parts of a request that matter for its tokens.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The surface that the request is for.
    pub surface: Surface,
    /// The query.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a [Header<'a>],
    /// The peer that sends the request.
    pub peer: Option<&'a Principal>,
}

/// The result for all tokens of a request.
#[derive(Debug, Default)]
pub struct Checked {
    /// The tokens that are accepted.
    pub verified: Vec<Rc<Verified>>,
    /// The reason why the request is refused.
    pub refused: Option<Refusal>,
    /// The result for each token, for the metrics.
    pub results: Vec<TokenResult>,
}

/// The result for one token, and its issuer as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenResult {
    /// The number of the token's issuer.
    pub issuer: Option<usize>,
    /// The issuer's kind.
    pub kind: Option<Kind>,
    /// The party that vouched for the token, or the reason why it was refused.
    pub result: Result<Voucher, Refusal>,
}

/// The party that vouched for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voucher {
    /// Its signature, verified now.
    Signature,
    /// Its signature, verified on an earlier request.
    Cache,
    /// Istio's RequestAuthentication.
    Istio,
}

impl Tokens {
    /// A state without any tokens. `random` is the key of the digests.
    pub fn new(random: [u8; 16]) -> Self {
        Self {
            cache: RefCell::new(Cache::new(random)),
        }
    }
}

impl fmt::Debug for TokenVerifiers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifiers")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl TokenResult {
    /// The result as a word.
    pub fn result(&self) -> &'static str {
        match self.result {
            Ok(Voucher::Signature) => "verified",
            Ok(Voucher::Cache) => "cached",
            Ok(Voucher::Istio) => "istio",
            Err(refusal) => refusal.as_str(),
        }
    }
}

/// Finds and verifies the tokens that a request presents. An invalid token makes the request refused, whether
/// a token was required or not.
pub fn check(issuers: &[Issuer], verifiers: TokenVerifiers<'_>, presented: Presented<'_>) -> Checked {
    let here = || {
        let numbered = issuers.iter().enumerate();
        numbered.filter(|(_, issuer)| issuer.is_on(presented.surface))
    };
    if here().next().is_none() {
        return Checked::default();
    }
    let mut round = Round {
        issuers,
        verifiers,
        presented,
        istio: Vec::new(),
        satisfied: Vec::new(),
        checked: Checked::default(),
    };
    round.hear_istio(here().filter(|(_, issuer)| matches!(issuer.source, Source::Istio)));
    let mut locations = Vec::new();
    for location in here().flat_map(|(_, issuer)| &issuer.locations) {
        if !locations.contains(&location) {
            locations.push(location);
        }
    }
    for (location, token) in tokens(&locations, presented.query, presented.headers) {
        match token {
            Ok(token) => round.judge(token, &|issuer: &Issuer| {
                issuer.is_on(presented.surface) && issuer.locations.contains(location)
            }),
            Err(refusal) => round.refuse(None, refusal),
        }
    }
    for (number, _) in here().filter(|(_, issuer)| issuer.required) {
        // An invalid token has already set its own reason.
        if !round.satisfied.contains(&number) && round.checked.refused.is_none() {
            round.refuse(Some(number), Refusal::Missing);
        }
    }
    round.checked
}

/// The check of one request's tokens.
struct Round<'r> {
    issuers: &'r [Issuer],
    verifiers: TokenVerifiers<'r>,
    presented: Presented<'r>,
    /// The tokens that Istio has verified: the issuer's number, and the token unless it was refused.
    istio: Vec<(usize, Option<Rc<Verified>>)>,
    /// The numbers of the issuers from which the request has an accepted token.
    satisfied: Vec<usize>,
    checked: Checked,
}

impl Round<'_> {
    /// Accepts the tokens that Istio has verified, wherever they stood in the request: Istio may have removed
    /// them from it.
    fn hear_istio<'i>(&mut self, issuers: impl Iterator<Item = (usize, &'i Issuer)>) {
        let mut payloads = None;
        for (number, issuer) in issuers {
            let Ok(payloads) = payloads.get_or_insert_with(|| (self.verifiers.istio)()) else {
                self.istio.push((number, None));
                self.refuse(Some(number), Refusal::Claims);
                continue;
            };
            let payload = payloads.iter().find(|claims| is_of(claims, issuer));
            let Some(payload) = payload else { continue };
            match accept(payload, issuer, self.verifiers.now) {
                Ok(verified) => {
                    let verified = Rc::new(verified);
                    self.istio.push((number, Some(Rc::clone(&verified))));
                    self.believe(number, verified, Voucher::Istio);
                }
                Err(refusal) => {
                    self.istio.push((number, None));
                    self.refuse(Some(number), refusal);
                }
            }
        }
    }

    /// Verifies a token. The candidates are those issuers that look at its location.
    fn judge(&mut self, token: &[u8], looks: &dyn Fn(&Issuer) -> bool) {
        let TokenVerifiers {
            tokens, keys, now, ..
        } = self.verifiers;
        let digest = {
            let mut cache = tokens.cache.borrow_mut();
            cache.forget_if_keys_changed(keys.generation());
            let digest = cache.digest(token);
            if let Some((number, verified)) = cache.get(digest, now)
                && self.issuers.get(number).is_some_and(looks)
            {
                drop(cache);
                return self.believe(number, verified, Voucher::Cache);
            }
            digest
        };
        // The proxy joins the values of some repeated headers with commas. No token contains a comma, and the
        // cache has none that does.
        if token.contains(&b',') {
            return self.refuse(None, Refusal::Repeated);
        }
        let parsed = match Parsed::parse(token) {
            Ok(parsed) => parsed,
            Err(refusal) => return self.refuse(None, refusal),
        };
        let Some((number, issuer)) = issuer_of(self.issuers, &parsed.claims, looks) else {
            return self.refuse(None, Refusal::Issuer);
        };
        if matches!(issuer.source, Source::Istio) {
            if !issuer.takes(&parsed.header) {
                return self.refuse(Some(number), Refusal::Header);
            }
            let heard = self.istio.iter().any(|(of, verified)| {
                let is_same = |verified: &Rc<Verified>| is_same_token(&verified.claims, &parsed.claims);
                *of == number && verified.as_ref().is_none_or(is_same)
            });
            // A token from Istio counts already.
            if !heard {
                self.refuse(Some(number), Refusal::NotVerifiedByIstio);
            }
            return;
        }
        match self.verify(number, issuer, &parsed) {
            Ok(verified) => {
                let verified = Rc::new(verified);
                let mut cache = tokens.cache.borrow_mut();
                // Fetching a missing key may have changed the keys.
                cache.forget_if_keys_changed(keys.generation());
                cache.remember(digest, token.len(), (number, Rc::clone(&verified)));
                drop(cache);
                self.believe(number, verified, Voucher::Signature);
            }
            Err(refusal) => self.refuse(Some(number), refusal),
        }
    }

    fn verify(&self, number: usize, issuer: &Issuer, parsed: &Parsed<'_>) -> Result<Verified, Refusal> {
        let TokenVerifiers {
            keys,
            signatures,
            now,
            ..
        } = self.verifiers;
        let with = |keys: &KeySet| verify(parsed, issuer, keys, signatures, now);
        let fetched = || keys.of(number).ok_or(Refusal::KeysUnavailable);
        match &issuer.source {
            Source::Istio => Err(Refusal::NotVerifiedByIstio),
            Source::Inline(keys) => with(keys),
            Source::Remote(_) => match with(&*fetched()?) {
                Err(Refusal::KeyUnknown) if keys.lacking(number) => with(&*fetched()?),
                result => result,
            },
        }
    }

    /// Accepts a verified token, unless it is bound to another peer.
    fn believe(&mut self, number: usize, verified: Rc<Verified>, voucher: Voucher) {
        let bound = self.issuers.get(number).is_none_or(|issuer| issuer.bound_to_peer);
        if bound && !verified.is_of(self.presented.peer) {
            return self.refuse(Some(number), Refusal::BoundToAnotherPeer);
        }
        // A subject must not make the token look like another issuer's.
        let named = named_by(self.issuers, &verified.request_principal);
        if named != self.issuers.get(number).map(Issuer::head) {
            return self.refuse(Some(number), Refusal::Subject);
        }
        self.checked.results.push(TokenResult {
            issuer: Some(number),
            kind: Some(verified.kind),
            result: Ok(voucher),
        });
        self.satisfied.push(number);
        self.checked.verified.push(verified);
    }

    fn refuse(&mut self, issuer: Option<usize>, refusal: Refusal) {
        self.checked.results.push(TokenResult {
            issuer,
            kind: issuer
                .and_then(|number| self.issuers.get(number))
                .map(|issuer| issuer.kind),
            result: Err(refusal),
        });
        self.checked.refused.get_or_insert(refusal);
    }
}

/// The issuer that the token claims to be from, with its number. Airflow's user and task tokens may differ
/// only in their audience.
pub fn issuer_of<'i>(
    issuers: &'i [Issuer],
    claims: &Claims,
    looks: &dyn Fn(&Issuer) -> bool,
) -> Option<(usize, &'i Issuer)> {
    let numbered = issuers.iter().enumerate();
    let mut all = numbered
        .filter(|(_, issuer)| looks(issuer) && is_of(claims, issuer))
        .peekable();
    let first = all.peek().copied();
    let audiences = claims.values("aud");
    let is_for = |issuer: &Issuer| {
        let mut own = issuer.audiences.iter();
        own.any(|audience| audiences.contains(&audience.as_str()))
    };
    all.find(|(_, issuer)| is_for(issuer)).or(first)
}

/// Whether the claims name this issuer. Claims without an issuer belong to an issuer whose tokens have none.
fn is_of(claims: &Claims, issuer: &Issuer) -> bool {
    claims.text("iss") == issuer.issuer.as_deref() && (issuer.issuer.is_some() || claims.get("iss").is_none())
}

/// Whether Istio's claims are those of this token, by the claims that distinguish tokens of one issuer.
/// Istio's numbers have passed through a double. Istio's claims have been accepted before, so none of these
/// has a wrong type, which would look the same as an absent claim.
fn is_same_token(heard: &Claims, token: &Claims) -> bool {
    let time = |claims: &Claims, name: &str| claims.get(name).and_then(Json::number);
    ["sub", "jti"]
        .iter()
        .all(|name| heard.text(name) == token.text(name))
        && ["exp", "iat", "nbf"]
            .iter()
            .all(|name| time(heard, name) == time(token, name))
}

#[cfg(test)]
mod tests;

//! The tokens of a request: found, told apart, and verified where that was not done before.

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
    /// The keys of the issuer with this number; `None` where none could be fetched yet.
    fn of(&self, issuer: usize) -> Option<Rc<KeySet>>;

    /// Takes note that they lack a key which a token names. True where others are there by now.
    fn lacking(&self, issuer: usize) -> bool;

    /// Grows whenever the keys of any issuer change.
    fn generation(&self) -> u64;
}

/// What judges tokens, for as long as a policy is in force.
pub struct Tokens {
    cache: RefCell<Cache>,
}

/// Who helps to judge the tokens of one request.
#[derive(Clone, Copy)]
pub struct TokenVerifiers<'j> {
    /// What is remembered of requests before.
    pub tokens: &'j Tokens,
    /// The keys that are fetched.
    pub keys: &'j dyn Keys,
    /// Who verifies signatures.
    pub signatures: &'j dyn Signatures,
    /// The claims of those of its tokens that Istio has verified.
    pub istio: &'j dyn Fn() -> Result<Vec<Claims>, BadMetadata>,
    /// The time, in seconds since the epoch.
    pub now: u64,
}

/// A request, as far as its tokens go.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The surface it is for.
    pub surface: Surface,
    /// The query.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a [Header<'a>],
    /// Who sends it.
    pub peer: Option<&'a Principal>,
}

/// What came of the tokens of a request.
#[derive(Debug, Default)]
pub struct Checked {
    /// Those that are to be believed.
    pub verified: Vec<Rc<Verified>>,
    /// Why the request is refused.
    pub refused: Option<Refusal>,
    /// What came of each, to be counted.
    pub results: Vec<TokenResult>,
}

/// What came of one token: whose it is, as far as that is known, and in one word what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenResult {
    /// The number of the issuer whose token it is.
    pub issuer: Option<usize>,
    /// The issuer's kind.
    pub kind: Option<Kind>,
    /// Who vouched for it, or why it was refused.
    pub result: Result<Voucher, Refusal>,
}

/// Who vouched for a token.
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
    /// Nothing is known yet. `random` is for the digests.
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
    /// The word for what came of it.
    pub fn result(&self) -> &'static str {
        match self.result {
            Ok(Voucher::Signature) => "verified",
            Ok(Voucher::Cache) => "cached",
            Ok(Voucher::Istio) => "istio",
            Err(refusal) => refusal.as_str(),
        }
    }
}

/// Finds and judges the tokens that a request presents. One that is not to be believed refuses it,
/// whether one was required or not.
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
        // One that is there and bad is refused for what it is.
        if !round.satisfied.contains(&number) && round.checked.refused.is_none() {
            round.refuse(Some(number), Refusal::Missing);
        }
    }
    round.checked
}

/// One request's tokens being judged.
struct Round<'r> {
    issuers: &'r [Issuer],
    verifiers: TokenVerifiers<'r>,
    presented: Presented<'r>,
    /// What Istio has verified: the issuer's number, and the claims unless they were refused.
    istio: Vec<(usize, Option<Rc<Verified>>)>,
    /// The numbers of the issuers of whom there is a token to be believed.
    satisfied: Vec<usize>,
    checked: Checked,
}

impl Round<'_> {
    /// Takes what Istio has verified, wherever the token stood: Istio may have taken it away.
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

    /// Judges a token, which is one of the issuers that look where it stands.
    fn judge(&mut self, token: &[u8], looks: &dyn Fn(&Issuer) -> bool) {
        let TokenVerifiers {
            tokens, keys, now, ..
        } = self.verifiers;
        let digest = {
            let mut cache = tokens.cache.borrow_mut();
            cache.of_keys(keys.generation());
            let digest = cache.digest(token);
            if let Some((number, verified)) = cache.get(digest, now)
                && self.issuers.get(number).is_some_and(looks)
            {
                drop(cache);
                return self.believe(number, verified, Voucher::Cache);
            }
            digest
        };
        // The proxy joins the values of some repeated headers by commas, which no token has, nor one that is known.
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
            // It counts already.
            if !heard {
                self.refuse(Some(number), Refusal::NotVerifiedByIstio);
            }
            return;
        }
        match self.verify(number, issuer, &parsed) {
            Ok(verified) => {
                let verified = Rc::new(verified);
                let mut cache = tokens.cache.borrow_mut();
                // Fetching a missing key may have changed them.
                cache.of_keys(keys.generation());
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

    /// Takes a token for what it says, if it is the peer's.
    fn believe(&mut self, number: usize, verified: Rc<Verified>, voucher: Voucher) {
        let bound = self.issuers.get(number).is_none_or(|issuer| issuer.bound_to_peer);
        if bound && !verified.is_of(self.presented.peer) {
            return self.refuse(Some(number), Refusal::BoundToAnotherPeer);
        }
        // A subject must not make it look like one of another issuer.
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

/// Whose token it says it is, with that issuer's number. Airflow's user and task tokens may differ in their audience
/// alone.
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

/// Whether the claims name this issuer, or name none where that issuer's tokens do not.
fn is_of(claims: &Claims, issuer: &Issuer) -> bool {
    claims.text("iss") == issuer.issuer.as_deref() && (issuer.issuer.is_some() || claims.get("iss").is_none())
}

/// Whether Istio's claims are this token's, by what tells tokens of one issuer apart. Istio's
/// numbers have been through a double. Istio's claims have been accepted, so that none of these has a
/// wrong type, which would count as not there.
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

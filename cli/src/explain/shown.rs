//! The token that the request carries, and its verifiers.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

use clap::Args;
use dagward::operation::Surface;
use dagward::policy::Ruleset;
use dagward::token::{
    BadMetadata, Claims, InModule, Issuer, KeySet, Keys, Location, Signatures, TokenVerifiers, Tokens,
    issuer_of,
};

use super::Listener;
use super::vouched::{self, AnySignature, Vouched};
use crate::jws;
use crate::source::Source;
use crate::time::Time;

/// The options about tokens.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// A file with a token that the request carries; `-` reads the standard input. The token is verified and never
    /// printed
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,

    /// Where the request carries it: `header:NAME`, `query:NAME` or `cookie:NAME` [default: where the issuer that it
    /// names looks, else `header:authorization`]
    #[arg(long, value_name = "PLACE", requires = "token")]
    token_at: Option<At>,

    /// A file with the keys of an issuer with `jwksUri`, by the issuer's name; can be given several times
    #[arg(long, value_name = "NAME=FILE")]
    jwks: Vec<Jwks>,

    /// Istio's RequestAuthentication has verified the token, for issuers with `fromIstio`
    #[arg(long, requires = "token")]
    istio_verified: bool,

    /// In place of a token: a verified token of this issuer of the policy has these claims, a JSON object. `iss`,
    /// `aud`, `iat` and `exp` have defaults; `null` removes a claim
    #[arg(long, value_name = "ISSUER=CLAIMS", conflicts_with_all = ["token", "jwks"])]
    claims: Option<Vouched>,

    /// The time at which tokens are verified: seconds since the epoch, or UTC such as `2026-11-26T12:00:00Z` [default:
    /// now]
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
}

/// A location from the command line. Its header has no prefix.
#[derive(Debug, Clone)]
struct At(Location);

/// The keys of an issuer.
#[derive(Debug, Clone)]
struct Jwks {
    issuer: String,
    file: PathBuf,
}

/// A token and its location in the request.
pub(crate) struct Shown {
    pub(super) token: String,
    pub(super) location: Location,
    /// Whether its signature counts as verified.
    pub(super) is_vouched: bool,
}

/// The verifiers of tokens.
pub(crate) struct Verification {
    tokens: Tokens,
    keys: Given,
    signatures: &'static dyn Signatures,
    istio: Box<dyn Fn() -> Result<Vec<Claims>, BadMetadata>>,
    now: u64,
}

/// The keys of the issuers with `jwksUri`, by the issuers' numbers.
struct Given(Vec<Option<Rc<KeySet>>>);

impl Options {
    /// The token for a request to `surface`, if that is known.
    pub(super) fn shown(&self, ruleset: &Ruleset, surface: Option<Surface>) -> Result<Option<Shown>, String> {
        if let Some(claims) = &self.claims {
            let now = self.at.unwrap_or_else(Time::now);
            return claims.shown(ruleset, now).map(Some);
        }
        let Some(file) = &self.token else { return Ok(None) };
        let source = Source::read(file)
            .map_err(|error| format!("error: cannot read `{}`: {error}", file.display()))?;
        let token = source.text.trim().to_owned();
        if token.is_empty() {
            return Err(format!("error: `{}` holds no token", source.name));
        }
        let location = self.location(ruleset.issuers(), &token, surface);
        Ok(Some(Shown {
            token,
            location,
            is_vouched: false,
        }))
    }

    /// Checks that the listener verifies tokens, and that the token is not read from the policy's own file.
    pub(super) fn check(&self, policy: &Path, listener: Listener) -> Result<(), String> {
        let stdin = Path::new("-");
        let message = match &self.token {
            Some(_) if listener == Listener::Outbound => {
                "error: `--token` is for `--listener inbound`: an outbound listener verifies no tokens"
            }
            Some(token) if token == stdin && policy == stdin => {
                "error: the policy and the token cannot both be the standard input"
            }
            _ => return Ok(()),
        };
        Err(message.to_owned())
    }

    fn location(&self, issuers: &[Issuer], token: &str, surface: Option<Surface>) -> Location {
        if let Some(At(location)) = &self.token_at {
            return as_looked_for(location, issuers);
        }
        let claims = jws::claims(token);
        let is_here = |issuer: &Issuer| surface.is_some_and(|surface| issuer.is_on(surface));
        let own = claims.and_then(|claims| {
            issuer_of(issuers, &claims, &is_here).or_else(|| issuer_of(issuers, &claims, &|_| true))
        });
        let location = own.and_then(|(_, issuer)| issuer.locations.first());
        location.cloned().unwrap_or_else(bearer)
    }

    /// The verifiers for the policy's issuers.
    pub(super) fn verification(
        &self,
        ruleset: &Ruleset,
        shown: Option<&Shown>,
    ) -> Result<Verification, String> {
        let issuers = ruleset.issuers();
        let mut keys = vec![None; issuers.len()];
        for Jwks { issuer, file } in &self.jwks {
            let fetched = |own: &Issuer| own.name == *issuer && own.remote().is_some();
            let slot = issuers
                .iter()
                .position(fetched)
                .and_then(|number| keys.get_mut(number));
            let slot = slot.ok_or_else(|| {
                format!("error: `--jwks`: the policy has no issuer `{issuer}` with `jwksUri`")
            })?;
            *slot = Some(Rc::new(read_keys(file)?));
        }
        let heard = shown.filter(|shown| self.istio_verified || shown.is_vouched);
        Ok(Verification::new(
            keys,
            heard,
            shown.is_some_and(|shown| shown.is_vouched),
            self.at.unwrap_or_else(Time::now),
        ))
    }
}

fn read_keys(file: &Path) -> Result<KeySet, String> {
    let document =
        fs::read(file).map_err(|error| format!("error: cannot read `{}`: {error}", file.display()))?;
    KeySet::parse(&document).map_err(|error| format!("error: `{}`: {error}", file.display()))
}

/// The location, with the prefix that an issuer of the policy gives the header.
fn as_looked_for(location: &Location, issuers: &[Issuer]) -> Location {
    let Location::Header { name, .. } = location else {
        return location.clone();
    };
    let same = |other: &&Location| matches!(other, Location::Header { name: other, .. } if other == name);
    let looked_for = issuers.iter().flat_map(|issuer| &issuer.locations).find(same);
    match looked_for {
        Some(looked_for) => looked_for.clone(),
        None if name == "authorization" => bearer(),
        None => location.clone(),
    }
}

pub(super) fn bearer() -> Location {
    Location::Header {
        name: "authorization".to_owned(),
        prefix: "Bearer ".to_owned(),
    }
}

impl Shown {
    /// The header that carries the token, and its value.
    pub(super) fn header(&self) -> Option<(String, String)> {
        let token = &self.token;
        match &self.location {
            Location::Header { name, prefix } => Some((name.clone(), format!("{prefix}{token}"))),
            Location::Cookie(name) => Some(("cookie".to_owned(), format!("{name}={token}"))),
            Location::Query(_) => None,
        }
    }

    /// The path with `token` in its query, if the query is the token's location.
    fn path_with(&self, path: &str, token: &str) -> String {
        match &self.location {
            Location::Query(name) if path.contains('?') => format!("{path}&{name}={token}"),
            Location::Query(name) => format!("{path}?{name}={token}"),
            Location::Header { .. } | Location::Cookie(_) => path.to_owned(),
        }
    }

    /// The path that carries the token.
    pub(super) fn path(&self, path: &str) -> String {
        self.path_with(path, &self.token)
    }

    /// The same path with an empty token.
    pub(super) fn path_without(&self, path: &str) -> String {
        self.path_with(path, "…")
    }

    /// The location in words.
    pub(super) fn location_in_words(&self) -> String {
        match &self.location {
            Location::Header { name, .. } => format!("the header `{name}`"),
            Location::Query(name) => format!("the query's `{name}`"),
            Location::Cookie(name) => format!("the cookie `{name}`"),
        }
    }
}

impl Verification {
    /// The verifiers for a request with a token that counts as verified, or without any.
    pub(crate) fn vouching(ruleset: &Ruleset, shown: Option<&Shown>, now: Time) -> Self {
        Self::new(vec![None; ruleset.issuers().len()], shown, true, now)
    }

    /// `heard` is the token that Istio has verified. With `vouched`, every signature counts as verified.
    fn new(keys: Vec<Option<Rc<KeySet>>>, heard: Option<&Shown>, vouched: bool, now: Time) -> Self {
        let heard: Vec<Claims> = heard
            .and_then(|shown| jws::claims(&shown.token))
            .into_iter()
            .collect();
        let keys = match vouched {
            true => vec![vouched::keys().map(Rc::new); keys.len()],
            false => keys,
        };
        Self {
            tokens: Tokens::new([0; 16]),
            keys: Given(keys),
            signatures: match vouched {
                true => &AnySignature,
                false => &InModule,
            },
            istio: Box::new(move || Ok(heard.clone())),
            now: now.seconds(),
        }
    }

    /// The verifiers for one request.
    pub(super) fn verifiers(&self) -> TokenVerifiers<'_> {
        TokenVerifiers {
            tokens: &self.tokens,
            keys: &self.keys,
            signatures: self.signatures,
            istio: &*self.istio,
            now: self.now,
        }
    }

    /// The given keys of the issuer with this number.
    pub(super) fn keys_of(&self, issuer: usize) -> Option<Rc<KeySet>> {
        self.keys.of(issuer)
    }
}

/// Only the given keys can be fetched.
impl Keys for Given {
    fn of(&self, issuer: usize) -> Option<Rc<KeySet>> {
        self.0.get(issuer)?.clone()
    }

    fn lacking(&self, _issuer: usize) -> bool {
        false
    }

    fn generation(&self) -> u64 {
        0
    }
}

impl FromStr for At {
    type Err = &'static str;

    fn from_str(location: &str) -> Result<Self, Self::Err> {
        let (kind, name) = location.split_once(':').unwrap_or((location, ""));
        let location = match (kind, name) {
            (_, "") => None,
            ("header", name) => Some(Location::Header {
                name: name.to_ascii_lowercase(),
                prefix: String::new(),
            }),
            ("query", name) => Some(Location::Query(name.to_owned())),
            ("cookie", name) => Some(Location::Cookie(name.to_owned())),
            _ => None,
        };
        location
            .map(Self)
            .ok_or("expected `header:NAME`, `query:NAME` or `cookie:NAME`")
    }
}

impl FromStr for Jwks {
    type Err = &'static str;

    fn from_str(pair: &str) -> Result<Self, Self::Err> {
        let (issuer, file) = pair.split_once('=').ok_or("expected `name=file`")?;
        Ok(Self {
            issuer: issuer.to_owned(),
            file: file.into(),
        })
    }
}

//! The token that the request shows, and who judges it.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

use clap::Args;
use dagward::operation::Surface;
use dagward::policy::Ruleset;
use dagward::token::{BadMetadata, Claims, InModule, Issuer, Judges, KeySet, Keys, Place, Tokens, issuer_of};

use super::Listener;
use crate::jws;
use crate::source::Source;
use crate::time::Time;

/// What the command line says of tokens.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// A file with a token that the request shows; `-` is the standard input. The token is judged,
    /// and never printed
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,

    /// Where the request shows it: `header:NAME`, `query:NAME` or `cookie:NAME` [default: where the
    /// issuer that it names looks, else `header:authorization`]
    #[arg(long, value_name = "PLACE", requires = "token")]
    token_at: Option<At>,

    /// A file with the keys of an issuer with `jwksUri`, by the issuer's name; may be given several
    /// times
    #[arg(long, value_name = "NAME=FILE")]
    jwks: Vec<Jwks>,

    /// Istio's RequestAuthentication has verified the token, for issuers with `fromIstio`
    #[arg(long, requires = "token")]
    istio_verified: bool,

    /// When tokens are judged: seconds since the epoch, or UTC such as `2026-11-26T12:00:00Z`
    /// [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
}

/// A place from the command line, its header without any prefix.
#[derive(Debug, Clone)]
struct At(Place);

/// The keys of an issuer.
#[derive(Debug, Clone)]
struct Jwks {
    issuer: String,
    file: PathBuf,
}

/// A token and where the request has it.
pub(super) struct Shown {
    token: String,
    pub(super) place: Place,
}

/// Who judges tokens.
pub(super) struct Judging {
    tokens: Tokens,
    keys: Given,
    istio: Box<dyn Fn() -> Result<Vec<Claims>, BadMetadata>>,
    now: u64,
}

/// The keys of the issuers whose keys are fetched, by their numbers.
struct Given(Vec<Option<Rc<KeySet>>>);

impl Options {
    /// The token for a request to `surface`, which may not be known.
    pub(super) fn shown(&self, ruleset: &Ruleset, surface: Option<Surface>) -> Result<Option<Shown>, String> {
        let Some(file) = &self.token else { return Ok(None) };
        let source = Source::read(file)
            .map_err(|error| format!("error: cannot read `{}`: {error}", file.display()))?;
        let token = source.text.trim().to_owned();
        if token.is_empty() {
            return Err(format!("error: `{}` holds no token", source.name));
        }
        let place = self.place(ruleset.issuers(), &token, surface);
        Ok(Some(Shown { token, place }))
    }

    /// Holds that a token can be judged there, and read beside the policy.
    pub(super) fn check(&self, policy: &Path, listener: Listener) -> Result<(), String> {
        let stdin = Path::new("-");
        let message = match &self.token {
            Some(_) if listener == Listener::Outbound => {
                "error: `--token` is for `--listener inbound`: on the way out no token is judged"
            }
            Some(token) if token == stdin && policy == stdin => {
                "error: the policy and the token cannot both be the standard input"
            }
            _ => return Ok(()),
        };
        Err(message.to_owned())
    }

    fn place(&self, issuers: &[Issuer], token: &str, surface: Option<Surface>) -> Place {
        if let Some(At(place)) = &self.token_at {
            return as_looked_for(place, issuers);
        }
        let claims = jws::claims(token);
        let is_here = |issuer: &Issuer| surface.is_some_and(|surface| issuer.is_on(surface));
        let own = claims.and_then(|claims| {
            issuer_of(issuers, &claims, &is_here).or_else(|| issuer_of(issuers, &claims, &|_| true))
        });
        let place = own.and_then(|(_, issuer)| issuer.places.first());
        place.cloned().unwrap_or_else(bearer)
    }

    /// Who judges the token.
    pub(super) fn judging(&self, ruleset: &Ruleset, shown: Option<&Shown>) -> Result<Judging, String> {
        let issuers = ruleset.issuers();
        let mut keys = vec![None; issuers.len()];
        for Jwks { issuer, file } in &self.jwks {
            let fetched = |own: &Issuer| own.name == *issuer && own.remote().is_some();
            let slot = issuers
                .iter()
                .position(fetched)
                .and_then(|number| keys.get_mut(number));
            let slot = slot.ok_or_else(|| {
                format!(
                    "error: `--jwks`: the policy has no issuer `{issuer}` whose keys are fetched (`jwksUri`)"
                )
            })?;
            *slot = Some(Rc::new(read_keys(file)?));
        }
        let heard = shown.filter(|_| self.istio_verified);
        let heard: Vec<Claims> = heard
            .and_then(|shown| jws::claims(&shown.token))
            .into_iter()
            .collect();
        Ok(Judging {
            tokens: Tokens::new([0; 16]),
            keys: Given(keys),
            istio: Box::new(move || Ok(heard.clone())),
            now: self.at.unwrap_or_else(Time::now).seconds(),
        })
    }
}

fn read_keys(file: &Path) -> Result<KeySet, String> {
    let document =
        fs::read(file).map_err(|error| format!("error: cannot read `{}`: {error}", file.display()))?;
    KeySet::parse(&document).map_err(|error| format!("error: `{}`: {error}", file.display()))
}

/// A header with the prefix with which an issuer looks for it.
fn as_looked_for(place: &Place, issuers: &[Issuer]) -> Place {
    let Place::Header { name, .. } = place else {
        return place.clone();
    };
    let same = |other: &&Place| matches!(other, Place::Header { name: other, .. } if other == name);
    let looked_for = issuers.iter().flat_map(|issuer| &issuer.places).find(same);
    match looked_for {
        Some(looked_for) => looked_for.clone(),
        None if name == "authorization" => bearer(),
        None => place.clone(),
    }
}

fn bearer() -> Place {
    Place::Header {
        name: "authorization".to_owned(),
        prefix: "Bearer ".to_owned(),
    }
}

impl Shown {
    /// The header that carries it, with its value.
    pub(super) fn header(&self) -> Option<(String, String)> {
        let token = &self.token;
        match &self.place {
            Place::Header { name, prefix } => Some((name.clone(), format!("{prefix}{token}"))),
            Place::Cookie(name) => Some(("cookie".to_owned(), format!("{name}={token}"))),
            Place::Query(_) => None,
        }
    }

    /// The path with `token` in its query, where that is its place.
    fn path_with(&self, path: &str, token: &str) -> String {
        match &self.place {
            Place::Query(name) if path.contains('?') => format!("{path}&{name}={token}"),
            Place::Query(name) => format!("{path}?{name}={token}"),
            Place::Header { .. } | Place::Cookie(_) => path.to_owned(),
        }
    }

    /// The path that carries it.
    pub(super) fn path(&self, path: &str) -> String {
        self.path_with(path, &self.token)
    }

    /// That path with nothing in its place.
    pub(super) fn path_without(&self, path: &str) -> String {
        self.path_with(path, "…")
    }

    /// Its place in words.
    pub(super) fn place_in_words(&self) -> String {
        match &self.place {
            Place::Header { name, .. } => format!("the header `{name}`"),
            Place::Query(name) => format!("the query's `{name}`"),
            Place::Cookie(name) => format!("the cookie `{name}`"),
        }
    }
}

impl Judging {
    /// For one request.
    pub(super) fn judges(&self) -> Judges<'_> {
        Judges {
            tokens: &self.tokens,
            keys: &self.keys,
            signatures: &InModule,
            istio: &*self.istio,
            now: self.now,
        }
    }

    /// The keys that were given for the issuer with this number.
    pub(super) fn keys_of(&self, issuer: usize) -> Option<Rc<KeySet>> {
        self.keys.of(issuer)
    }
}

/// What was given is all that can be fetched.
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

    fn from_str(place: &str) -> Result<Self, Self::Err> {
        let (kind, name) = place.split_once(':').unwrap_or((place, ""));
        let place = match (kind, name) {
            (_, "") => None,
            ("header", name) => Some(Place::Header {
                name: name.to_ascii_lowercase(),
                prefix: String::new(),
            }),
            ("query", name) => Some(Place::Query(name.to_owned())),
            ("cookie", name) => Some(Place::Cookie(name.to_owned())),
            _ => None,
        };
        place
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

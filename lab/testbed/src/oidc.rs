//! A real OpenID provider, over TLS on loopback: Canaille, from PyPI.
//!
//! Canaille is a complete and maintained provider that needs nothing but Python, which the lab has
//! anyway. Keycloak, Dex and Hydra need Java, Go or a C compiler, and Go's module proxy has no
//! recent Dex. Canaille signs with RSA in every form, with P-256 and with Ed25519, as each client
//! chooses; it publishes keys that no longer sign, and it supports groups of users.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::certs::{Authority, Identity};
use crate::client::{Client, Request};
use crate::port::Port;
use dagward_forge::jwt::Algorithm;
use dagward_workbench::paths;
use dagward_workbench::process::Process;
use dagward_workbench::python::{Venv, requirements};
use dagward_workbench::wait;

const JWKS: &str = "/oauth/jwks.json";

const REQUIREMENTS: &str = include_str!("../../oidc/requirements.txt");

/// The secret of all its clients, and the password of all its users.
const SECRET: &str = "of the lab";

const READY: Duration = Duration::from_secs(60);

/// Long enough for one second to pass on the busiest machine.
const SECOND: Duration = Duration::from_secs(30);

/// Prints new keys, one of each kind, including their private halves, as `canaille jwk create` does
/// for one. If there were keys of two curves, Canaille would take either for a token.
const KEYS: &str = r#"
import json
from joserfc.jwk import ECKey, OKPKey, RSAKey
keys = RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")
for key in keys:
    key.ensure_kid()
print(json.dumps([key.as_dict(private=True) for key in keys]))
"#;

/// A provider. It ends with its handle, together with its users and its keys.
#[derive(Debug)]
pub struct Provider {
    /// `None` while it is stopped.
    process: Option<Process>,
    venv: Venv,
    port: Port,
    directory: TempDir,
    authority: Authority,
    identity: Identity,
    /// The keys that sign, including their private halves, as a list in JSON; empty until there are
    /// any.
    active: String,
    /// The keys that signed before and are still published.
    inactive: String,
    /// The second of the last sign-in.
    signed_in: Cell<u64>,
}

/// The tokens that a client gets when a user signs in.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The ID token (OpenID Connect Core §2).
    pub id: String,
    /// The access token; Canaille's are JWTs as well.
    pub access: String,
}

/// The environment with Canaille, Authlib and joserfc.
pub fn venv() -> Result<Venv> {
    Venv::ensure("canaille", &requirements(REQUIREMENTS))
}

impl Provider {
    /// Starts a provider with these clients, which are the audiences of their tokens, each with its
    /// signing algorithm, and with these users, each with groups.
    pub fn start(clients: &[(&str, Algorithm)], users: &[(&str, &[&str])]) -> Result<Self> {
        let authority = Authority::new()?;
        let mut provider = Self {
            process: None,
            venv: venv()?,
            port: Port::reserve()?,
            directory: paths::scratch("oidc")?,
            identity: authority.server(&[], &[IpAddr::V4(Ipv4Addr::LOCALHOST)])?,
            authority,
            active: String::new(),
            inactive: String::new(),
            signed_in: Cell::default(),
        };
        let content = provider.directory.path().join("content.json");
        fs::write(&content, provider.content(clients, users).to_string())?;
        printed(provider.canaille().arg("install"))?;
        printed(provider.canaille().arg("restore").stdin(File::open(content)?))?;
        provider.active = provider.generate()?;
        provider.resume()?;
        Ok(provider)
    }

    /// Its name in `iss`.
    pub fn issuer(&self) -> String {
        format!("https://{}", self.address())
    }

    /// The URL of its keys. It answers only under this name.
    pub fn jwks_uri(&self) -> String {
        self.issuer() + JWKS
    }

    /// Its address while it runs.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The path of the certificate, in PEM, of the authority that signs the provider's certificate.
    pub fn root(&self) -> PathBuf {
        self.authority.directory().join("root.pem")
    }

    /// The public keys that it publishes.
    pub fn jwks(&self) -> Result<Value> {
        self.get(JWKS)
    }

    /// Signs a user in at a client. All parts of the result are genuine, and new each time.
    ///
    /// Canaille's access tokens have no `jti`: two that it signs for one user and client within one
    /// second are the same, and its database refuses the second (`generate_access_token` in
    /// `canaille/oidc/provider.py`). So no two sign-ins share a second.
    pub fn sign_in(&self, client: &str, user: &str) -> Result<Tokens> {
        wait::until("another second", SECOND, || {
            Ok((second()? != self.signed_in.get()).then_some(()))
        })?;
        let mut script = Command::new(self.venv.python());
        script
            .arg(paths::workspace().join("lab/oidc/sign_in.py"))
            .arg(self.issuer())
            .arg(self.root())
            .args([client, SECRET, user, SECRET]);
        let answer: Value = serde_json::from_str(&printed(&mut script)?)?;
        self.signed_in.set(second()?);
        let token = |name| {
            let token = answer.get(name).and_then(Value::as_str);
            token.map(str::to_owned).with_context(|| format!("no `{name}`"))
        };
        Ok(Tokens {
            id: token("id_token")?,
            access: token("access_token")?,
        })
    }

    /// Signs with new keys from now on, and publishes both the new and the old ones.
    pub fn rotate(&mut self) -> Result<()> {
        self.stop();
        let fresh = self.generate()?;
        self.inactive = std::mem::replace(&mut self.active, fresh);
        self.resume()
    }

    /// Publishes only the keys that sign, as after [`rotate`](Self::rotate) once all older tokens
    /// have expired.
    pub fn retire(&mut self) -> Result<()> {
        self.stop();
        self.inactive.clear();
        self.resume()
    }

    /// Ends it. Its keys and users stay, and its port stays reserved.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again after [`stop`](Self::stop).
    pub fn resume(&mut self) -> Result<()> {
        let mut run = self.canaille();
        run.args(["run", "--bind", &self.address().to_string()]);
        run.arg("--certfile").arg(&self.identity.certificate_file);
        run.arg("--keyfile").arg(&self.identity.key_file);
        let mut process = Process::start("canaille", &run)?;
        process.ready(READY, || self.get(JWKS).ok())?;
        self.process = Some(process);
        Ok(())
    }

    fn get(&self, path: &str) -> Result<Value> {
        let request = Request::get(&self.address().to_string(), path);
        let answer = Client::anonymous(self.address(), &self.identity)?.send(&request)?;
        match answer.status {
            200 => answer.json(),
            status => bail!("`{path}` of the provider answered {status}"),
        }
    }

    fn generate(&self) -> Result<String> {
        printed(Command::new(self.venv.python()).args(["-c", KEYS]))
    }

    /// Clients, users and groups in the form of `canaille dump`, with their names as ids.
    fn content(&self, clients: &[(&str, Algorithm)], users: &[(&str, &[&str])]) -> Value {
        let clients = clients.iter().map(|(name, algorithm)| {
            json!({
                "id": name,
                "client_id": name,
                "client_secret": SECRET,
                "audience": [name],
                // With its own address, Canaille does not ask the user for consent.
                "client_uri": self.issuer(),
                "redirect_uris": [format!("{}/signed-in", self.issuer())],
                "scope": ["openid", "email", "groups"],
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_post",
                "id_token_signed_response_alg": algorithm.name(),
            })
        });
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, of) in users {
            of.iter()
                .for_each(|group| groups.entry(group).or_default().push(name));
        }
        let users = users.iter().map(|(name, _)| {
            json!({
                "id": name,
                "user_name": name,
                "family_name": name,
                "emails": [format!("{name}@example.com")],
                "password": SECRET,
            })
        });
        let groups = groups
            .iter()
            .map(|(name, members)| json!({"id": name, "display_name": name, "members": members}));
        json!({
            "client": clients.collect::<Vec<_>>(),
            "user": users.collect::<Vec<_>>(),
            "group": groups.collect::<Vec<_>>(),
        })
    }

    /// Canaille's command, with its whole configuration in the environment.
    fn canaille(&self) -> Command {
        let directory = self.directory.path();
        let database = format!("sqlite:///{}", directory.join("canaille.db").display());
        let mut command = Command::new(self.venv.program("canaille"));
        command
            // It would read `.env` and `canaille.toml` in its working directory.
            .current_dir(directory)
            .env("SECRET_KEY", SECRET)
            .env("SERVER_NAME", self.address().to_string())
            .env("PREFERRED_URL_SCHEME", "https")
            .env("CANAILLE_SQL__DATABASE_URI", database);
        for (kind, keys) in [("ACTIVE", &self.active), ("INACTIVE", &self.inactive)] {
            // It does not accept an empty list.
            if !keys.is_empty() {
                command.env(format!("CANAILLE_OIDC__{kind}_JWKS"), keys);
            }
        }
        command
    }
}

/// The current second of the clock that dates the tokens.
fn second() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

fn printed(command: &mut Command) -> Result<String> {
    let output = command.output().context("cannot start Python")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

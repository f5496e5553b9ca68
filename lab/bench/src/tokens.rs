//! The cost of a request's token: of one that is remembered, of a new one, and of very many.
//!
//! Envoy itself spends CPU time on every header. So the same requests also go to a proxy whose
//! policy names no issuers, and the result is the difference between turns that follow each other.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::contender::Stage;
use super::findings::{Flood, Tokens, Verification};
use super::loading::linear_memory;
use super::race::{CONNECTIONS, median, micros};
use super::{Effort, scene};
use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use dagward_testbed::client::{Client, Request};
use dagward_testbed::load::Load;
use dagward_testbed::sidecar::Sidecar;
use dagward_workbench::progress;

/// The number of rules in both policies.
const RULES: u32 = 10;

/// With this many tokens, a VM has forgotten some: it remembers 2,048 at most.
const FULL: u64 = 4_096;

/// The algorithms, the budget's first, and the component that verifies them in a proxy with
/// `verify_signature`.
const ALGORITHMS: [(Algorithm, &str); 5] = [
    (Algorithm::RS256, "proxy"),
    (Algorithm::ES256, "proxy"),
    (Algorithm::PS256, "module"),
    (Algorithm::EdDSA, "module"),
    (Algorithm::HS512, "module"),
];

/// A proxy, and the tokens that it was shown.
struct Runner {
    sidecar: Sidecar,
    client: Client,
}

/// An issuer of tokens: the cluster's, for the service account; for HMAC, which the API server of
/// Kubernetes does not use, Airflow's, for a user.
struct Issuer {
    key: SigningKey,
    algorithm: Algorithm,
    verifier: &'static str,
    minted: u64,
}

/// The turns with tokens of one issuer: CPU time per request in microseconds, round by round.
#[derive(Default)]
struct Turns {
    cached: Vec<f64>,
    first: Vec<f64>,
}

/// Measures all of these costs.
pub(super) fn measure(stage: &Stage, effort: Effort) -> Result<Tokens> {
    let mut issuers = Vec::new();
    for (algorithm, verifier) in ALGORITHMS {
        issuers.push(Issuer {
            key: SigningKey::generate(algorithm)?,
            algorithm,
            verifier,
            minted: 0,
        });
    }
    let tokens: Vec<Value> = issuers.iter().map(Issuer::policy).collect();
    let reading = Runner::start(stage, "bench-tokens", &scene::with_tokens(RULES, &tokens))?;
    let blind = Runner::start(stage, "bench-no-tokens", &scene::dagward(RULES))?;
    reading.check(&issuers)?;

    let shown: Vec<Request> = issuers.iter_mut().map(Issuer::request).collect::<Result<_>>()?;
    let (mut unread, mut known, mut turns) = (Vec::new(), Vec::new(), Vec::new());
    turns.resize_with(issuers.len(), Turns::default);
    progress::during("showing tokens", |bar| -> Result<()> {
        // The first round does not count: it warms code and caches that are compiled or filled on
        // first use.
        for round in 0..=effort.token_rounds {
            bar.set_message(format!("round {round} of {}", effort.token_rounds));
            let count = effort.requests.div_ceil(4);
            // Few enough that the VM does not forget the other issuers' tokens meanwhile.
            let fresh = effort.requests.div_ceil(32);
            let first_shown = shown.get(..1).unwrap_or_default().to_vec();
            let ignored = blind.turn(first_shown.clone(), count)?;
            let remembered = reading.turn(first_shown, count)?;
            for ((issuer, turns), shown) in issuers.iter_mut().zip(&mut turns).zip(&shown) {
                // As many as new ones: a turn begins with handshakes.
                let cached = reading.turn(vec![shown.clone()], fresh)?;
                let new = (0..fresh).map(|_| issuer.request()).collect::<Result<_>>()?;
                let first = reading.turn(new, fresh)?;
                if round > 0 {
                    turns.cached.push(cached);
                    turns.first.push(first);
                }
            }
            if round > 0 {
                unread.push(ignored);
                known.push(remembered);
            }
        }
        Ok(())
    })?;
    let verified: u64 = issuers.iter().map(|issuer| issuer.minted).sum();
    reading.ensure_verified(verified)?;

    let cached_more_us = median_difference(&known, &unread);
    let by_algorithm = issuers.iter().zip(&turns).map(|(issuer, turns)| Verification {
        algorithm: issuer.algorithm.name(),
        verifier: issuer.verifier,
        first_more_us: median_difference(&turns.first, &turns.cached),
    });
    let verifications = by_algorithm.collect();
    Ok(Tokens {
        unread_us: median(unread.iter().copied()),
        cached_more_us,
        verifications,
        flood: flood(&reading, &mut issuers, effort.distinct_tokens)?,
    })
}

/// Shows `count` tokens, each once, and measures the memory.
fn flood(runner: &Runner, issuers: &mut [Issuer], count: u64) -> Result<Flood> {
    let secret = issuers
        .iter_mut()
        .find(|issuer| issuer.algorithm == Algorithm::HS512);
    let Some(issuer) = secret else {
        anyhow::bail!("no issuer signs fast enough for a flood")
    };
    progress::during("showing distinct tokens", |bar| {
        let mut show = |count: u64| -> Result<()> {
            let requests = (0..count).map(|_| issuer.request()).collect::<Result<_>>()?;
            runner.turn(requests, count).map(drop)
        };
        let warm = FULL.min(count);
        show(warm)?;
        let (resident_before, linear_before) = runner.memory()?;
        let start = Instant::now();
        let mut sent = warm;
        while sent < count {
            bar.set_message(format!("showing distinct tokens: {sent} of {count}"));
            let some = FULL.min(count - sent);
            show(some)?;
            sent += some;
        }
        let elapsed = start.elapsed();
        let (resident_after, linear_after) = runner.memory()?;
        Ok(Flood {
            tokens: sent,
            warm,
            per_second: (sent - warm) as f64 / elapsed.as_secs_f64(),
            linear_bytes_before: linear_before,
            linear_bytes_after: linear_after,
            resident_bytes_before: resident_before,
            resident_bytes_after: resident_after,
        })
    })
}

impl Runner {
    fn start(stage: &Stage, name: &str, document: &str) -> Result<Self> {
        let (sidecar, client) = stage.dagward(name, document)?;
        Ok(Self { sidecar, client })
    }

    /// Checks the answers: a policy that ignored tokens would be fast.
    fn check(&self, issuers: &[Issuer]) -> Result<()> {
        for issuer in issuers {
            let forger = SigningKey::generate(issuer.algorithm)?;
            let token = forger.sign(&issuer.key.header(), &issuer.claims(0))?;
            let status = self.client.send(&issuer.showing(&token))?.status;
            ensure!(
                status == 401,
                "a forged token by `{:?}` is answered with {status}",
                issuer.algorithm
            );
        }
        Ok(())
    }

    /// The CPU time of `count` of these requests, in microseconds per request.
    fn turn(&self, requests: Vec<Request>, count: u64) -> Result<f64> {
        let load = Load {
            requests,
            ..Load::new(&self.client, scene::allowed(), CONNECTIONS, count)
        };
        let admin = self.sidecar.admin();
        let before = admin.cpu_time()?;
        let report = load.run()?;
        let cpu = admin.cpu_time()?.saturating_sub(before);
        ensure!(
            report.errors == 0 && report.with_status(200) == count,
            "of {count} requests with tokens, {} were answered with 200",
            report.with_status(200)
        );
        Ok(micros(cpu) / count as f64)
    }

    /// Checks that the filter verified every token, and hardly any token twice.
    fn ensure_verified(&self, minted: u64) -> Result<()> {
        let labels = [("result", "verified")];
        let verified = self.sidecar.admin().metric("dagward_tokens_total", &labels)?;
        ensure!(
            (minted as f64..=minted as f64 * 1.01).contains(&verified),
            "of {minted} tokens {verified} were verified"
        );
        Ok(())
    }

    /// Resident memory of the process, and the memory of a VM's module, in bytes.
    fn memory(&self) -> Result<(u64, u64)> {
        let linear = linear_memory(self.sidecar.process().id())?;
        Ok((self.sidecar.admin().resident_memory()?, linear))
    }
}

impl Issuer {
    fn is_airflow(&self) -> bool {
        self.algorithm == Algorithm::HS512
    }

    fn name(&self) -> String {
        format!("https://{}.example", self.algorithm.name().to_lowercase())
    }

    fn header(&self) -> &'static str {
        if self.is_airflow() {
            "x-user-token"
        } else {
            "x-service-account-token"
        }
    }

    /// The issuer in the policy's form.
    fn policy(&self) -> Value {
        json!({
            "name": self.algorithm.name(),
            "kind": if self.is_airflow() { "airflow-user" } else { "kubernetes" },
            "issuer": self.name(),
            "audiences": ["airflow"],
            "algorithms": [self.algorithm.name()],
            "jwks": jwks(&[&self.key]),
            "locations": [{"header": self.header()}],
            "surfaces": ["execution"],
        })
    }

    /// The claims that Kubernetes writes into a pod's token.
    fn claims(&self, number: u64) -> Value {
        let (namespace, account) = (scene::NAMESPACE, scene::service_account());
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        json!({
            "aud": ["airflow"],
            "exp": now + 7_200,
            "iat": now,
            "iss": self.name(),
            "jti": format!("019ab1c2-7d11-7b3f-a3c4-{number:012x}"),
            "kubernetes.io": {
                "namespace": namespace,
                "node": {"name": "node-1", "uid": "5d6e7f80-9112-4b3f-a3c4-019ab1c27d11"},
                "pod": {"name": "worker-sales-7d9f6c5b8-x2x4z", "uid": "019ab1c2-9112-4b3f-a3c4-5d6e7f807d11"},
                "serviceaccount": {"name": account, "uid": "7d11b1c2-019a-4b3f-a3c4-5d6e7f809112"},
            },
            "nbf": now,
            "sub": format!("system:serviceaccount:{namespace}:{account}"),
        })
    }

    /// A new token, different from all before.
    fn token(&mut self) -> Result<String> {
        self.minted += 1;
        self.key.sign(&self.key.header(), &self.claims(self.minted))
    }

    /// A request that shows a new token.
    fn request(&mut self) -> Result<Request> {
        let token = self.token()?;
        Ok(self.showing(&token))
    }

    fn showing(&self, token: &str) -> Request {
        scene::allowed().header(self.header(), token)
    }
}

/// The median, over the rounds, of the extra cost of one row's turns compared with the other's.
fn median_difference(more: &[f64], less: &[f64]) -> f64 {
    median(more.iter().zip(less).map(|(more, less)| more - less))
}

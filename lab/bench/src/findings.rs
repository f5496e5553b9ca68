//! What a run found, as JSON.

use std::process::Command;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::budget;
use dagward_testbed::envoy;

/// All numbers of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Findings {
    pub(super) about: About,
    pub(super) module_bytes: u64,
    pub(super) proxies: Vec<Proxy>,
    pub(super) tokens: Tokens,
    pub(super) loading: Loading,
    /// `None` where there is no valgrind.
    pub(super) instructions: Option<Vec<Instructions>>,
}

/// When, where and how much was measured.
#[derive(Debug, Clone, Serialize)]
pub(super) struct About {
    /// The day, in UTC.
    pub(super) date: String,
    pub(super) cpu: String,
    pub(super) cpus: usize,
    pub(super) dagward: &'static str,
    pub(super) envoy: &'static str,
    pub(super) rustc: String,
    pub(super) rounds: u32,
    pub(super) requests: u64,
}

/// One proxy under load. Times are per request, in microseconds: medians over the rounds.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Proxy {
    pub(super) filter: &'static str,
    pub(super) rules: Option<u32>,
    pub(super) cpu_us: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) rounds_cpu_us: Vec<f64>,
}

/// What tokens take, in microseconds of CPU time per request: medians over the rounds.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tokens {
    /// With a token by RS256 that no policy looks at.
    pub(super) unread_us: f64,
    /// What is added where it is looked at, and was verified before.
    pub(super) cached_more_us: f64,
    /// What is added to that for a token that was not, RS256 first.
    pub(super) verifications: Vec<Verification>,
    pub(super) flood: Flood,
}

/// A token that is verified for the first time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Verification {
    pub(super) algorithm: String,
    /// `proxy` or `module`: who verifies the signature.
    pub(super) verifier: &'static str,
    pub(super) first_more_us: f64,
}

/// Many tokens, each shown once. What is before was measured after the first `warm` of them.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Flood {
    pub(super) tokens: u64,
    pub(super) warm: u64,
    pub(super) per_second: f64,
    pub(super) linear_bytes_before: u64,
    pub(super) linear_bytes_after: u64,
    pub(super) resident_bytes_before: u64,
    pub(super) resident_bytes_after: u64,
}

/// What the budget's rules take to load and to hold.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Loading {
    pub(super) rules: u32,
    /// CPU time of one VM, in milliseconds.
    pub(super) vm_ms: f64,
    /// How many VMs loaded them.
    pub(super) loads: u64,
    /// From the write of the new configuration until Envoy has taken it, in milliseconds.
    pub(super) taken_ms: f64,
    /// The memory of one VM's module.
    pub(super) linear_bytes_per_vm: u64,
    /// What the proxy grew by for each VM, Envoy's own copies of the document among it.
    pub(super) resident_bytes_per_vm: u64,
}

/// Instructions of one of the filter's rooms, compiled natively.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Instructions {
    pub(super) case: String,
    pub(super) instructions: u64,
    /// Whether it is the dearest request of its kind that a caller can send.
    pub(super) worst: bool,
}

impl About {
    pub(super) fn here(rounds: u32, requests: u64) -> Result<Self> {
        let rustc = Command::new("rustc")
            .arg("--version")
            .output()
            .context("cannot start `rustc`")?;
        Ok(Self {
            date: OffsetDateTime::now_utc().date().to_string(),
            cpu: cpu().unwrap_or_else(|| "unknown".to_owned()),
            cpus: cpus(),
            dagward: env!("CARGO_PKG_VERSION"),
            envoy: envoy::DEFAULT_VERSION,
            rustc: String::from_utf8_lossy(&rustc.stdout).trim().to_owned(),
            rounds,
            requests,
        })
    }
}

/// All of the machine's, wherever this process is pinned.
fn cpus() -> usize {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("processor")).count()
}

fn cpu() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}

impl Findings {
    /// As JSON, with the verdict on each budget.
    pub fn to_json(&self) -> Value {
        let budgets: Vec<Value> = budget::verdicts(self)
            .into_iter()
            .map(|verdict| {
                json!({
                    "budget": verdict.budget,
                    "limit": verdict.limit,
                    "measured": verdict.measured,
                    "met": verdict.met(),
                })
            })
            .collect();
        json!({"findings": self, "budgets": budgets})
    }

    /// What the first sight of a token by this algorithm adds.
    pub(super) fn first_more_us(&self, algorithm: &str) -> f64 {
        let mut verifications = self.tokens.verifications.iter();
        let found = verifications.find(|verification| verification.algorithm == algorithm);
        found.map_or(f64::NAN, |verification| verification.first_more_us)
    }

    /// The CPU time per request of the proxy with this filter.
    pub(super) fn cpu_us(&self, filter: &str, rules: Option<u32>) -> f64 {
        let mut proxies = self.proxies.iter();
        let found = proxies.find(|proxy| (proxy.filter, proxy.rules) == (filter, rules));
        found.map_or(f64::NAN, |proxy| proxy.cpu_us)
    }
}

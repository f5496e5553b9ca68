//! The results of a run, as JSON.

use std::process::Command;

use anyhow::{Context, Result};
use serde::Serialize;
use time::OffsetDateTime;

use dagward_testbed::envoy;

/// All numbers of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Findings {
    pub(super) about: About,
    pub(super) module_bytes: u64,
    pub(super) proxies: Vec<Proxy>,
    pub(super) tokens: Tokens,
    pub(super) loading: Loading,
    /// `None` without valgrind.
    pub(super) instructions: Option<Vec<Instructions>>,
}

/// The time, the machine and the amount of the measurement.
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

/// The cost of tokens, in microseconds of CPU time per request: medians over the rounds.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tokens {
    /// With an RS256 token that no policy looks at.
    pub(super) unread_us: f64,
    /// The extra cost if a policy looks at a token that was verified before.
    pub(super) cached_more_us: f64,
    /// The extra cost, beyond that, of a token's first verification; RS256 is first.
    pub(super) verifications: Vec<Verification>,
    pub(super) flood: Flood,
}

/// A token that is verified for the first time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Verification {
    pub(super) algorithm: String,
    /// The component that verifies the signature: `proxy` or `module`.
    pub(super) verifier: &'static str,
    pub(super) first_more_us: f64,
}

/// Many tokens, each shown once. The values "before" were measured after the first `warm` of them.
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

/// The cost of loading and holding the number of rules that the budget names.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Loading {
    pub(super) rules: u32,
    /// CPU time of one VM, in milliseconds.
    pub(super) vm_ms: f64,
    /// The number of VMs that loaded them.
    pub(super) loads: u64,
    /// From the write of the new configuration until Envoy has accepted it, in milliseconds.
    pub(super) taken_ms: f64,
    /// The memory of one VM's module.
    pub(super) linear_bytes_per_vm: u64,
    /// The growth of the proxy for each VM, including Envoy's own copies of the document.
    pub(super) resident_bytes_per_vm: u64,
}

/// Instructions of one of the filter's modules, compiled natively.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Instructions {
    pub(super) case: String,
    pub(super) instructions: u64,
    /// Whether it is the most expensive request of its kind that a caller can send.
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

/// The number of the machine's CPUs, regardless of this process's affinity.
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
    /// The extra cost of the first verification of a token with this algorithm.
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

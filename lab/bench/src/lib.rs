//! The cost of the filter and of its alternatives, all measured in one run.
//!
//! | module | what it measures or makes |
//! |---|---|
//! | `scene` | the requests and their callers, and the same rules for every contender |
//! | `contender` | the proxies that are compared |
//! | `race` | CPU time and latency per request, round by round |
//! | `tokens` | the cost of a request's token, and the memory of very many |
//! | `loading` | how long a VM takes for 10,000 rules, and its memory |
//! | `instructions` | instructions of the filter's own modules, natively, under callgrind |
//! | `findings`, `table` | the results: as JSON and as tables |
//!
//! A shared machine is noisy. So the benchmark reads the proxy's own CPU time instead of the clock,
//! contenders take turns, the result of all rounds is their median, and the budgets are ratios of
//! values from one run.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use dagward_build as module;
use dagward_testbed::envoy;
use dagward_workbench::{paths, progress};

mod budget;
mod contender;
mod findings;
mod instructions;
mod loading;
mod pin;
mod race;
mod scene;
mod table;
mod tokens;

pub use findings::Findings;

use findings::About;

/// The amount of measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// The number of turns of every contender.
    rounds: u32,
    /// The number of requests in one turn.
    requests: u64,
    /// The number of comparisons of the tokens' turns. Their differences are small, so they get
    /// more rounds with fewer requests.
    token_rounds: u32,
    /// The number of tokens that are shown once each.
    distinct_tokens: u64,
    /// Whether the proxies have one CPU and all other processes the others.
    pinned: bool,
    /// The largest number of rules for which instructions are counted.
    most_rules: u32,
}

impl Effort {
    /// For reliable numbers: takes minutes.
    pub const FULL: Self = Self {
        rounds: 7,
        requests: 2_000,
        token_rounds: 25,
        distinct_tokens: 200_000,
        pinned: true,
        most_rules: 100_000,
    };

    /// To check that every measurement runs: the numbers mean nothing.
    pub const QUICK: Self = Self {
        rounds: 1,
        requests: 40,
        token_rounds: 1,
        distinct_tokens: 100,
        pinned: false,
        most_rules: 1_000,
    };
}

/// Measures everything and writes it to `target/bench/`.
pub fn run(effort: Effort) -> Result<(Findings, PathBuf)> {
    let module = module::build()?;
    let empty = module::empty_filter()?;
    envoy::binary(envoy::DEFAULT_VERSION)?;

    let _pinned = effort.pinned.then(pin::apart).transpose()?;
    let stage = contender::Stage::new(&module, &empty, effort.pinned)?;
    let loading = progress::during("loading 10,000 rules", |_| loading::measure(&stage))?;
    let race = race::run(&stage, effort)?;
    let tokens = tokens::measure(&stage, effort)?;
    let instructions = instructions::count(effort.most_rules)?;

    let findings = Findings {
        about: About::here(effort.rounds, effort.requests)?,
        module_bytes: module.size,
        proxies: race,
        tokens,
        loading,
        instructions,
    };
    let path = directory()?.join(format!("{}.json", findings.about.date));
    fs::write(&path, serde_json::to_vec_pretty(&budget::to_json(&findings))?)?;
    Ok((findings, path))
}

/// The folder of the results.
fn directory() -> Result<PathBuf> {
    let directory = paths::target().join("bench");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

#[cfg(test)]
mod tests;

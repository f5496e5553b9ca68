//! What the filter costs, beside what it would be compared with, all measured in one run.
//!
//! | room | what it measures or makes |
//! |---|---|
//! | `scene` | who asks for what, and the same rules for every contender |
//! | `contender` | the proxies that are compared |
//! | `race` | CPU time and latency per request, round by round |
//! | `tokens` | what a request's token costs, and the memory of very many |
//! | `loading` | how long a VM takes for 10,000 rules, and its memory |
//! | `instructions` | instructions of the filter's own rooms, natively, under callgrind |
//! | `findings`, `table` | what came of it: as JSON and for reading |
//!
//! A shared machine is noisy. So the proxy's own CPU time counts and not the clock's, contenders
//! take turns, medians stand for rounds, and the budgets are ratios of what one run measured.

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

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How often every contender has its turn.
    rounds: u32,
    /// Requests in one turn.
    requests: u64,
    /// How often the token's turns are compared. They differ by little, and so have more rounds of
    /// fewer requests.
    token_rounds: u32,
    /// Tokens that are shown once each.
    distinct_tokens: u64,
    /// The proxies on one CPU, all else on the others.
    pinned: bool,
    /// The most rules for which instructions are counted.
    most_rules: u32,
}

impl Effort {
    /// For numbers that are to be believed: minutes.
    pub const FULL: Self = Self {
        rounds: 7,
        requests: 2_000,
        token_rounds: 25,
        distinct_tokens: 200_000,
        pinned: true,
        most_rules: 100_000,
    };

    /// To see that all of it runs: the numbers mean nothing.
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
    fs::write(&path, serde_json::to_vec_pretty(&findings.to_json())?)?;
    Ok((findings, path))
}

/// Where what is measured lies.
fn directory() -> Result<PathBuf> {
    let directory = paths::target().join("bench");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

#[cfg(test)]
mod tests;

//! One small task of the filter, named by the first argument: `cargo xtask bench` runs each under
//! callgrind, which counts what happens in [`measured`] and nothing around it.
//!
//! `dagward-benches CASE [POLICY_FILE]`

mod host;
mod request;

use std::fs;
use std::hint::black_box;

use anyhow::{Context, Result, anyhow, bail, ensure};
use dagward::caller::{Principal, headers};
use dagward::measure::Ledger;
use dagward::operation;
use dagward::policy::{self, Ruleset, Scope};
use dagward::walk;

use host::Host;
use request::{HEARTBEAT, PEER, XCOM};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let case = arguments.next().context("which case?")?;
    let document = arguments.next().map(fs::read).transpose()?.unwrap_or_default();
    match case.as_str() {
        "read-caller" => read_caller()?,
        "read-own-route" => read("PUT", HEARTBEAT)?,
        "read-xcom" => read("GET", XCOM)?,
        "read-bulk" => read("PATCH", "/api/v2/dags/~/dagRuns/~/taskInstances")?,
        "record-known-series" => record(true),
        "record-new-series" => record(false),
        "load" => load(&document)?,
        "decide" => decide(&ruleset(&document)?)?,
        "walk" => lead(&ruleset(&document)?)?,
        other => bail!("there is no case `{other}`"),
    }
    Ok(())
}

/// What callgrind counts. It finds the function by its name.
#[inline(never)]
fn measured<T>(task: impl FnOnce() -> T) -> T {
    black_box(task())
}

fn read_caller() -> Result<()> {
    let (principal, acting) = measured(|| {
        (
            Principal::parse(black_box(PEER)),
            headers::read(black_box(&request::HEADERS), true),
        )
    });
    ensure!(principal.is_ok() && acting.is_ok(), "the caller is refused");
    Ok(())
}

fn read(method: &'static str, target: &'static str) -> Result<()> {
    let request = request::line(method, target);
    // The tree of routes is built on the first request.
    black_box(operation::read(&request).is_ok());
    measured(|| operation::read(black_box(&request)))?;
    Ok(())
}

fn record(known: bool) {
    let mut ledger = Ledger::default();
    let mut host = Host::default();
    if known {
        ledger.record(&request::traffic(), &mut host);
    }
    measured(|| ledger.record(black_box(&request::traffic()), &mut host));
}

fn load(document: &[u8]) -> Result<()> {
    ensure!(
        measured(|| policy::load(black_box(document))).is_ok(),
        "the policy is refused"
    );
    Ok(())
}

fn decide(ruleset: &Ruleset) -> Result<()> {
    let principal = Principal::parse(PEER)?;
    let acting = headers::read(&request::HEADERS, true)?;
    let operation = operation::read(&request::line("GET", XCOM))?;
    let verdict = measured(|| {
        let facts = walk::facts(Some(&principal), acting.as_ref(), &operation);
        ruleset.decide(Scope::Enforced, black_box(&facts))
    });
    ensure!(verdict.allowed, "the request is refused");
    Ok(())
}

/// From the request to the decision, all rooms.
fn lead(ruleset: &Ruleset) -> Result<()> {
    let principal = Principal::parse(PEER)?;
    let proxy = request::proxy(&principal);
    let incoming = request::incoming(&principal);
    black_box(walk::walk(Some(ruleset), proxy, &incoming).code);
    let outcome = measured(|| walk::walk(Some(black_box(ruleset)), proxy, &incoming));
    ensure!(outcome.by.is_some(), "no rule decided");
    Ok(())
}

fn ruleset(document: &[u8]) -> Result<Ruleset> {
    policy::load(document).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow!("the policy is refused: {}", lines.join("; "))
    })
}

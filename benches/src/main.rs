//! One small task of the filter, named by the first argument: `cargo xtask bench` runs each under
//! callgrind, which counts the instructions in [`measured`] and nothing around it.
//!
//! `dagward-benches CASE [POLICY_FILE]`

mod host;
mod request;
mod shown;
mod worst;

use std::fs;
use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use dagward::authorize;
use dagward::caller::{Principal, TaskInstanceId, credential, headers};
use dagward::learn::{Answerer, Key, MAX_TASKS_OF_A_PRINCIPAL, Owner, Run, Tasks};
use dagward::metrics::Ledger;
use dagward::operation::{self, Site};
use dagward::policy::{self, Ruleset, Scope};
use dagward::verdict::Direction;

use host::Host;
use request::{HEARTBEAT, PEER, XCOM};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let case = arguments.next().context("the first argument must name a case")?;
    let document = arguments.next().map(fs::read).transpose()?.unwrap_or_default();
    match case.as_str() {
        "read-caller" => read_caller()?,
        "read-own-route" => read("PUT", HEARTBEAT)?,
        "read-xcom" => read("GET", XCOM)?,
        "read-bulk" => read("PATCH", "/api/v2/dags/~/dagRuns/~/taskInstances")?,
        "learned-task" => learned_task()?,
        "known-token" => shown::judge(true)?,
        "new-token" => shown::judge(false)?,
        "record-known-series" => record(true),
        "record-new-series" => record(false),
        "load" => load(&document)?,
        "decide" => decide(&ruleset(&document)?)?,
        "authorize" => lead(&ruleset(&document)?)?,
        "worst" => worst::CASES.iter().for_each(|case| println!("{case}")),
        worst if worst::CASES.contains(&worst) => worst::measure(worst)?,
        other => bail!("unknown case `{other}`"),
    }
    Ok(())
}

/// The function that callgrind counts, found by its name.
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

/// Reads a token's task, and the facts that the filter has learned about it, from a full store.
fn learned_task() -> Result<()> {
    let mut host = Host::default();
    let key = Key::of_proxy(&mut host, [7; 16]);
    let answerer = Answerer {
        direction: Direction::Inbound,
        port: "8080",
    };
    for number in 0..MAX_TASKS_OF_A_PRINCIPAL {
        let task = task_instance(format!("019ab1c2-7d11-7b3f-a3c4-{number:012x}"))?;
        Tasks::new(&mut host, key, Duration::ZERO).change(answerer, task.as_deref(), PEER, |learned| {
            learned.run = Some(Run {
                dag_id: "sales_daily".to_owned(),
                run_id: "scheduled__2026-11-23T00:00:00+00:00".to_owned(),
            });
        });
    }
    Tasks::new(&mut host, key, Duration::ZERO).change(
        answerer,
        task_instance(request::TASK)?,
        PEER,
        |learned| {
            learned.belongs_to(&Owner {
                principal: PEER.to_owned(),
                enforced: true,
            });
        },
    );
    let headers = [(&b"authorization"[..], request::TOKEN.as_bytes())];
    let known = measured(|| {
        let task = credential(black_box(&headers)).task()?;
        Tasks::new(&mut host, key, Duration::ZERO).get(answerer, task.as_deref(), PEER)
    });
    ensure!(known.is_some(), "the task is not known");
    Ok(())
}

fn task_instance<Text: AsRef<str>>(id: Text) -> Result<TaskInstanceId<Text>> {
    TaskInstanceId::parse(id).ok().context("no task instance's id")
}

fn read(method: &'static str, target: &'static str) -> Result<()> {
    let request = request::line(method, target);
    let site = Site::default();
    // The first request builds the tree of routes.
    black_box(operation::classify(&request, &site).is_ok());
    measured(|| operation::classify(black_box(&request), &site))?;
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
    let operation = operation::classify(&request::line("GET", XCOM), ruleset.site())?;
    let verdict = measured(|| {
        let facts = authorize::facts(ruleset, Some(&principal), acting.as_ref(), &[], &operation);
        ruleset.decide(Scope::Enforced, black_box(&facts))
    });
    ensure!(verdict.allowed, "the request is refused");
    Ok(())
}

/// The whole path from the request to the decision.
fn lead(ruleset: &Ruleset) -> Result<()> {
    let principal = Principal::parse(PEER)?;
    let proxy = request::proxy(&principal);
    let incoming = request::incoming(&principal);
    black_box(authorize::authorize(Some(ruleset), proxy, &incoming).edits);
    let outcome = measured(|| authorize::authorize(Some(black_box(ruleset)), proxy, &incoming));
    ensure!(outcome.verdict.by().is_some(), "no rule decided");
    Ok(())
}

fn ruleset(document: &[u8]) -> Result<Ruleset> {
    policy::load(document).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow!("the policy is refused: {}", lines.join("; "))
    })
}

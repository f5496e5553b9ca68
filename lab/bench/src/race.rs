//! CPU time and latency per request. All proxies run at once and take turns, so that other load on
//! the machine affects them all alike.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::contender::{Contender, Runner, Stage};
use super::findings::Proxy;
use super::{Effort, scene};
use dagward_testbed::load::Load;
use dagward_workbench::progress;

/// Connections of one load, each with one request at a time.
pub(super) const CONNECTIONS: u32 = 8;

/// One turn of one contender; times per request, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Turn {
    cpu: f64,
    p50: f64,
    p99: f64,
}

/// Lets all contenders take turns.
pub(super) fn run(stage: &Stage, effort: Effort) -> Result<Vec<Proxy>> {
    let runners = progress::during("starting the proxies", |_| {
        Contender::ALL
            .into_iter()
            .map(|contender| stage.start(contender))
            .collect::<Result<Vec<Runner>>>()
    })?;
    let mut turns: Vec<Vec<Turn>> = vec![Vec::new(); runners.len()];
    progress::during("putting load on them", |bar| -> Result<()> {
        // The first round does not count: it warms code and caches that are compiled or filled on
        // first use.
        for round in 0..=effort.rounds {
            for (runner, turns) in runners.iter().zip(&mut turns) {
                bar.set_message(format!(
                    "round {round} of {}: {:?}",
                    effort.rounds, runner.contender
                ));
                let turn = take_turn(runner, effort.requests)?;
                if round > 0 {
                    turns.push(turn);
                }
            }
        }
        Ok(())
    })?;
    Ok(runners
        .iter()
        .zip(&turns)
        .map(|(runner, turns)| Proxy {
            filter: runner.contender.filter(),
            rules: runner.contender.rules(),
            cpu_us: median(turns.iter().map(|turn| turn.cpu)),
            p50_us: median(turns.iter().map(|turn| turn.p50)),
            p99_us: median(turns.iter().map(|turn| turn.p99)),
            rounds_cpu_us: turns.iter().map(|turn| turn.cpu).collect(),
        })
        .collect())
}

fn take_turn(runner: &Runner, requests: u64) -> Result<Turn> {
    // With a thousand policies and more, a request takes a millisecond; fewer requests are enough.
    let requests = match runner.contender {
        Contender::Rbac(rules) if rules > 1_000 => requests.div_ceil(5),
        _ => requests,
    };
    let load = Load::new(&runner.client, scene::allowed(), CONNECTIONS, requests);
    let admin = runner.sidecar.admin();
    let before = admin.cpu_time()?;
    let report = load.run()?;
    let cpu = admin.cpu_time()?.saturating_sub(before);
    ensure!(
        report.errors == 0 && report.with_status(200) == requests,
        "of {requests} requests to `{:?}`, {} were answered with 200",
        runner.contender,
        report.with_status(200)
    );
    Ok(Turn {
        cpu: micros(cpu) / requests as f64,
        p50: micros(report.percentile(0.5)),
        p99: micros(report.percentile(0.99)),
    })
}

pub(super) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The middle value; if the number of values is even, the larger of the two middle values.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        assert_eq!(median([3.0, 1.0, 900.0, 2.0, 4.0].into_iter()), 3.0);
        assert!(median([].into_iter()).is_nan());
    }
}

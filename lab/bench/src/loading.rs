//! The time that a VM takes to load 10,000 rules, and the memory that it holds.
//!
//! Several VMs load a new configuration, one after the other, and Envoy itself reads and copies it.
//! So the benchmark compares the proxy's CPU time over an update with that of the empty filter,
//! which gets the same document and ignores it. The difference, divided by the number of VMs that
//! log that they have loaded the document, is the time of one VM.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::contender::{Contender, Runner, Stage};
use super::findings::Loading;
use super::{race, scene};
use dagward_testbed::sidecar::Update;
use dagward_workbench::wait;

/// The number of rules that the budget names.
pub(super) const RULES: u32 = 10_000;

/// The filter's log line after it has loaded a document.
const LOADED: &str = "policies, 10000 rules";

/// The VMs that hold a configuration in a proxy with one worker: the main thread's and the
/// worker's.
const VMS: u64 = 2;

/// The address space that V8 reserves for one module's memory.
const RESERVED: u64 = 8 << 30;

const SETTLED: Duration = Duration::from_secs(30);

/// Updates the proxies to 10,000 rules and measures them.
pub(super) fn measure(stage: &Stage) -> Result<Loading> {
    let mut dagward = stage.start(Contender::Dagward(10))?;
    let mut empty = stage.start(Contender::Empty)?;
    let before = dagward.sidecar.admin().resident_memory()?;
    let (taken, dagward_cpu) = update(&mut dagward)?;
    let vms = dagward.sidecar.process().output()?.matches(LOADED).count();
    ensure!(vms > 0, "the filter has not logged that it loaded {RULES} rules");
    let (_, empty_cpu) = update(&mut empty)?;
    let after = dagward.sidecar.admin().resident_memory()?;
    Ok(Loading {
        rules: RULES,
        vm_ms: milliseconds(dagward_cpu.saturating_sub(empty_cpu)) / vms as f64,
        loads: vms as u64,
        taken_ms: milliseconds(taken),
        resident_bytes_per_vm: after.saturating_sub(before) / VMS,
        linear_bytes_per_vm: linear_memory(dagward.sidecar.process().id())?,
    })
}

/// Gives the proxy 10,000 rules, and returns the elapsed time and the CPU time.
fn update(runner: &mut Runner) -> Result<(Duration, Duration)> {
    let document = scene::dagward(RULES);
    let before = runner.sidecar.admin().cpu_time()?;
    let start = Instant::now();
    ensure!(
        runner.sidecar.update(&document)? == Update::Taken,
        "Envoy refused {RULES} rules"
    );
    let taken = start.elapsed();
    // The worker answers once it has loaded them as well.
    let status = runner.client.send(&scene::allowed())?.status;
    ensure!(status == 200, "after the update the answer is {status}");
    Ok((taken, settled(runner)?.saturating_sub(before)))
}

/// The CPU time once it no longer grows.
fn settled(runner: &Runner) -> Result<Duration> {
    let mut last = Duration::ZERO;
    wait::until("the end of the update", SETTLED, || {
        let now = runner.sidecar.admin().cpu_time()?;
        let idle = now.saturating_sub(last) < Duration::from_millis(1);
        last = now;
        Ok(idle.then_some(now))
    })
}

fn milliseconds(time: Duration) -> f64 {
    race::micros(time) / 1_000.0
}

/// The largest linear memory of a module in the process, in bytes.
///
/// V8 reserves 8 GiB of addresses for each. The accessible part comes first: a writable mapping,
/// followed by gigabytes without access. A module's memory never shrinks, so this is the most that
/// it ever held.
pub(super) fn linear_memory(pid: u32) -> Result<u64> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    largest_linear_memory(&maps).context("no module's memory among the proxy's mappings")
}

fn largest_linear_memory(maps: &str) -> Option<u64> {
    let mappings: Vec<Mapping> = maps.lines().filter_map(Mapping::parse).collect();
    let pairs = mappings.windows(2).filter_map(|pair| match pair {
        [memory, rest] if memory.writable && !rest.readable && rest.end - rest.start > RESERVED / 2 => {
            (memory.end == rest.start).then_some(memory.end - memory.start)
        }
        _ => None,
    });
    pairs.max()
}

/// A line of `/proc/PID/maps`.
struct Mapping {
    start: u64,
    end: u64,
    readable: bool,
    writable: bool,
}

impl Mapping {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let permissions = words.next()?;
        Some(Self {
            start: u64::from_str_radix(start, 16).ok()?,
            end: u64::from_str_radix(end, 16).ok()?,
            readable: permissions.starts_with('r'),
            writable: permissions.starts_with("rw"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modules_memory_is_what_stands_before_its_reservation() {
        let maps = "7fb9934a0000-7fb9944b0000 rw-p 00000000 00:00 0\n\
                    7fb9944b0000-7fbb934a0000 ---p 00000000 00:00 0\n\
                    7fbba34c0000-7fbbc3480000 rwxp 00000000 00:00 0\n\
                    7fbbc3480000-7fbbc34ad000 ---p 00000000 00:00 0\n\
                    7fbbc34ad000-7fbbc3cad000 rw-p 00000000 00:00 0\n";
        assert_eq!(largest_linear_memory(maps), Some(0x101_0000));
        assert_eq!(largest_linear_memory(""), None);
    }
}

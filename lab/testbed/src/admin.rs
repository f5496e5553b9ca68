//! The reports of a running Envoy: addresses, statistics, memory, CPU time.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::client::{Client, Request};

mod prometheus;

pub use prometheus::Sample;

/// Envoy's admin interface.
#[derive(Debug, Clone)]
pub struct Admin {
    client: Client,
    pid: u32,
}

impl Admin {
    /// The admin interface at `address` of the Envoy with process id `pid`.
    pub fn new(address: SocketAddr, pid: u32) -> Self {
        Self {
            client: Client::plain(address),
            pid,
        }
    }

    /// The body of `GET path`; an error if the status is not 200.
    pub fn text(&self, path: &str) -> Result<String> {
        let response = self.client.send(&Request::get("admin", path))?;
        if response.status != 200 {
            bail!("admin `{path}` answered {}: {}", response.status, response.text());
        }
        Ok(response.text())
    }

    /// The body of `GET path` as JSON.
    pub fn json(&self, path: &str) -> Result<Value> {
        serde_json::from_str(&self.text(path)?).with_context(|| format!("admin `{path}` gave no JSON"))
    }

    /// Whether the server is live: its listeners are warm and its workers run.
    pub fn live(&self) -> bool {
        self.text("/ready").is_ok_and(|body| body.trim() == "LIVE")
    }

    /// The address that the listener `name` is bound to.
    pub fn listener(&self, name: &str) -> Result<SocketAddr> {
        let listeners = self.json("/listeners?format=json")?;
        let statuses = listeners.pointer("/listener_statuses").and_then(Value::as_array);
        let mut statuses = statuses.context("no listeners")?.iter();
        let named = |status: &&Value| status.pointer("/name").is_some_and(|found| found == name);
        let status = statuses
            .find(named)
            .with_context(|| format!("no listener `{name}`"))?;
        let socket = status
            .pointer("/local_address/socket_address")
            .context("a listener without address")?;
        let address = socket
            .get("address")
            .and_then(Value::as_str)
            .context("a listener without address")?;
        let port = socket
            .get("port_value")
            .and_then(Value::as_u64)
            .context("a listener without port")?;
        Ok(format!("{address}:{port}").parse()?)
    }

    /// Counters and gauges whose names match the regular expression `filter`, by full name. The
    /// expression goes into the query unchanged: the caller must percent-encode it where necessary.
    pub fn stats(&self, filter: &str) -> Result<BTreeMap<String, u64>> {
        let text = self.text(&format!("/stats?filter={filter}"))?;
        let pairs = text.lines().filter_map(|line| line.rsplit_once(": "));
        Ok(pairs
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
            .collect())
    }

    /// All series of `/stats/prometheus`.
    pub fn metrics(&self) -> Result<Vec<Sample>> {
        prometheus::parse(&self.text("/stats/prometheus")?)
    }

    /// The sum of the series `name` that have all of `labels`; 0 if there are none.
    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> Result<f64> {
        let samples = self.metrics()?;
        let matching = samples
            .iter()
            .filter(|sample| sample.name == name && sample.carries(labels));
        Ok(matching.fold(0.0, |sum, sample| sum + sample.value))
    }

    /// Resident memory of the process, in bytes.
    pub fn resident_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024)
    }

    /// CPU time that the process has used, user and system.
    pub fn cpu_time(&self) -> Result<Duration> {
        // Per-thread `schedstat` counts nanoseconds; `/proc/<pid>/stat` has ticks of 10 ms.
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let first = text.split_whitespace().next().context("an empty schedstat")?;
            nanoseconds += first.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

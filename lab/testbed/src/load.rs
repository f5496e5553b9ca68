//! Many requests, limited in number and time, over persistent connections, with their latencies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time;

use crate::client::{Client, Connection, Request};
use crate::runtime;

/// The longest that one request may take before it counts as an error.
const LIMIT: Duration = Duration::from_secs(10);

/// A load for `client`'s address.
#[derive(Debug, Clone)]
pub struct Load {
    /// The client that sends the requests.
    pub client: Client,
    /// The requests, sent in turn.
    pub requests: Vec<Request>,
    /// Connections, each with one request at a time.
    pub connections: u32,
    /// The most requests to send.
    pub count: u64,
    /// The longest duration.
    pub limit: Duration,
    /// Requests per second over all connections; unlimited if `None`.
    pub rate: Option<f64>,
}

/// The results of a load.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Answers by the index of the request in [`Load::requests`] and by status.
    pub statuses: BTreeMap<(usize, u16), u64>,
    /// Requests without an answer, and connections that failed.
    pub errors: u64,
    /// The duration.
    pub elapsed: Duration,
    latencies: Vec<Duration>,
}

/// Ends a running load early; see [`Load::run_until`].
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Makes each connection finish its current request and then end.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Load {
    /// `count` times `request` over `connections`, as fast as possible, for five minutes at most.
    pub fn new(client: &Client, request: Request, connections: u32, count: u64) -> Self {
        Self {
            client: client.clone(),
            requests: vec![request],
            connections,
            count,
            limit: Duration::from_secs(300),
            rate: None,
        }
    }

    /// Runs to its end.
    pub fn run(&self) -> Result<Report> {
        self.run_until(&Stop::default())
    }

    /// Runs to its end or until another thread stops it.
    pub fn run_until(&self, stop: &Stop) -> Result<Report> {
        runtime::shared()?.block_on(async {
            let course = Arc::new(Course {
                load: self.clone(),
                stop: stop.clone(),
                next: AtomicU64::new(0),
                start: Instant::now(),
            });
            let mut connections = JoinSet::new();
            for _ in 0..self.connections {
                connections.spawn(Arc::clone(&course).drive());
            }
            let mut report = Report::default();
            while let Some(part) = connections.join_next().await {
                report.add(part?);
            }
            report.latencies.sort_unstable();
            report.elapsed = course.start.elapsed();
            Ok(report)
        })
    }
}

impl Report {
    /// The number of all answers.
    pub fn count(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// The number of answers with `status`, for any request.
    pub fn with_status(&self, status: u16) -> u64 {
        self.statuses
            .iter()
            .filter(|((_, found), _)| *found == status)
            .map(|(_, count)| count)
            .sum()
    }

    /// The latency that the given share of requests did not exceed: `0.5` for the median. If a
    /// request with a fixed rate was sent late, its latency counts from its due time.
    pub fn percentile(&self, share: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        let rank = (share.clamp(0.0, 1.0) * last as f64).round() as usize;
        self.latencies.get(rank).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        for (key, count) in other.statuses {
            *self.statuses.entry(key).or_default() += count;
        }
        self.errors += other.errors;
        self.latencies.extend(other.latencies);
    }
}

/// The state that the connections of one run share.
struct Course {
    load: Load,
    stop: Stop,
    next: AtomicU64,
    start: Instant,
}

impl Course {
    async fn drive(self: Arc<Self>) -> Report {
        let mut report = Report::default();
        let mut connection = None;
        while let Some((number, due)) = self.turn() {
            time::sleep_until(due.into()).await;
            let index = (number % self.load.requests.len().max(1) as u64) as usize;
            let Some(request) = self.load.requests.get(index) else {
                break;
            };
            match time::timeout(LIMIT, self.send(&mut connection, request)).await {
                Ok(Ok(status)) => *report.statuses.entry((index, status)).or_default() += 1,
                Ok(Err(_)) | Err(_) => {
                    connection = None;
                    report.errors += 1;
                }
            }
            report.latencies.push(due.elapsed());
        }
        report
    }

    /// The number of the next request and its due time; `None` when the load is over.
    fn turn(&self) -> Option<(u64, Instant)> {
        if self.stop.stopped() || self.start.elapsed() > self.load.limit {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.load.count {
            return None;
        }
        let due = match self.load.rate {
            Some(rate) => self.start + Duration::from_secs_f64(number as f64 / rate),
            None => Instant::now(),
        };
        Some((number, due))
    }

    async fn send(&self, connection: &mut Option<Connection>, request: &Request) -> Result<u16> {
        let mut open = match connection.take() {
            Some(open) => open,
            None => self.load.client.connect().await?,
        };
        let response = open.send(request).await?;
        // An answer may close its connection; the next request then makes another.
        if response.header("connection") != Some("close") {
            *connection = Some(open);
        }
        Ok(response.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Upstream;

    #[test]
    fn a_load_is_bounded_and_counted() {
        let app = Upstream::echo().unwrap();
        let client = Client::plain(app.address());
        let report = Load::new(&client, Request::get("a", "/"), 4, 200).run().unwrap();
        assert_eq!(
            (report.count(), report.with_status(200), report.errors),
            (200, 200, 0)
        );
        assert_eq!(app.counts().completed, 200);
        assert!(report.percentile(0.5) <= report.percentile(0.99));
    }

    #[test]
    fn a_rate_is_kept_and_a_load_can_be_stopped() {
        let app = Upstream::echo().unwrap();
        let requests = vec![Request::get("a", "/1"), Request::get("a", "/2")];
        let load = Load {
            requests,
            rate: Some(200.0),
            ..Load::new(&Client::plain(app.address()), Request::get("a", "/"), 4, 40)
        };
        let report = load.run().unwrap();
        assert!(
            report.elapsed >= Duration::from_millis(190),
            "{:?}",
            report.elapsed
        );
        assert_eq!(report.statuses, BTreeMap::from([((0, 200), 20), ((1, 200), 20)]));

        let stop = Stop::default();
        stop.stop();
        assert_eq!(load.run_until(&stop).unwrap().count(), 0);
    }
}

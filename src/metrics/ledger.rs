//! Adds finished requests to their series.
//!
//! There are many requests and few series. So the series of a request are looked up once, by all its labels
//! together. Only labels that are new (or forgotten) cost more.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use super::catalog::{
    CONFIG_INFO, DENIED, LEARNED_TASKS, REQUEST_BYTES, REQUEST_DURATION, REQUESTS, RESPONSE_BYTES,
    SERIES_DROPPED, SHADOW_DENIED, TOKENS,
};
use super::host::Meter;
use super::series::Metric;
use super::shares::{Opening, Shares};
use super::traffic::Traffic;
use crate::store::Shared;
use crate::token::{self, TokenResult};
use crate::verdict::{Decision, Direction};

/// The most label sets of `dagward_requests_total` in a proxy, without `__other__`. A label set with its
/// bytes and duration takes about 8 KB, so all take 16 MB if each has its own DAG. The shares limit how many
/// of them a caller may open.
pub const MAX_SERIES: u32 = 2_000;

/// The value of `caller`, `dag_id` and `task_id` once the proxy has the allowed number of series.
pub const OTHER: &str = "__other__";

/// The longest labels that are remembered, in bytes together. Longer ones are looked up each time, so that a
/// caller cannot fill the memory with them.
const MAX_REMEMBERED_BYTES: usize = 1_024;

/// The series of each request. There is one ledger per VM, which all its plugin contexts share: a second one
/// would define the same metrics again.
#[derive(Debug)]
pub struct Ledger {
    max_series: u32,
    defined: Defined,
    /// By the hash of the labels. Of two sets with the same hash, the later one stays.
    remembered: HashMap<u64, (Labels<Box<str>>, Series)>,
    hasher: RandomState,
    /// The series of tokens, by kind and result.
    tokens: HashMap<(&'static str, &'static str), u32>,
    config: Option<u32>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new(MAX_SERIES)
    }
}

impl Ledger {
    /// A ledger for a proxy that may have `max_series` label sets of `dagward_requests_total`.
    pub fn new(max_series: u32) -> Self {
        Self {
            max_series,
            defined: Defined::default(),
            remembered: HashMap::new(),
            hasher: RandomState::new(),
            tokens: HashMap::new(),
            config: None,
        }
    }

    /// Counts `traffic`. Must be called once per request.
    pub fn record(&mut self, traffic: &Traffic<'_>, host: &mut (impl Meter + Shared)) {
        let labels = Labels::of(traffic);
        let hash = self.hasher.hash_one(labels);
        let series = match self.remembered.get(&hash) {
            Some((known, series)) if known.map(|text| &**text) == labels => *series,
            _ => self.open(hash, labels, host),
        };
        series.add(traffic, host);
    }

    /// Shows the configuration in force: its `mode`, its `status` and the verifier of `signatures`, as words
    /// of fixed vocabularies.
    pub fn configured(&mut self, mode: &str, status: &str, signatures: &str, host: &mut impl Meter) {
        let labels = [env!("CARGO_PKG_VERSION"), mode, status, signatures];
        let id = self.defined.id(&CONFIG_INFO, labels, host);
        if let Some(before) = self.config.replace(id) {
            host.set(before, 0);
        }
        host.set(id, 1);
    }

    /// Counts the results of tokens.
    pub fn tokens(&mut self, results: &[TokenResult], host: &mut impl Meter) {
        for result in results {
            let kind = result.kind.map_or("unknown", token::Kind::as_str);
            self.token(kind, result.result(), host);
        }
    }

    /// Counts a token by kind and result, which are words of fixed vocabularies.
    fn token(&mut self, kind: &'static str, result: &'static str, host: &mut impl Meter) {
        let define = || self.defined.id(&TOKENS, [kind, result], host);
        let id = *self.tokens.entry((kind, result)).or_insert_with(define);
        host.add(id, 1);
    }

    /// Shows the number of known tasks.
    pub fn learned(&mut self, count: u64, host: &mut impl Meter) {
        let id = self.defined.id(&LEARNED_TASKS, [], host);
        host.set(id, count);
    }

    /// Opens the series of labels that are not remembered: with these labels, else without the DAG and the
    /// task, else without the caller too.
    fn open(&mut self, hash: u64, labels: Labels<&str>, host: &mut (impl Meter + Shared)) -> Series {
        let shares = Shares::of(self.max_series);
        let of_caller = labels.of_caller();
        let series = if shares.admit(&labels.opening(), host) {
            Series::define(labels, &mut self.defined, host)
        } else {
            let others = match shares.admit(&of_caller.opening(), host) {
                true => of_caller,
                false => Labels {
                    caller: OTHER,
                    ..of_caller
                },
            };
            let dropped = Some(self.defined.id(&SERIES_DROPPED, [], host));
            Series {
                dropped,
                ..Series::define(others, &mut self.defined, host)
            }
        };
        // Another share may still admit labels that this one did not, so only admitted labels are remembered.
        // An admission never changes, so all of them can be forgotten at any time.
        if series.dropped.is_none() && labels.bytes() <= MAX_REMEMBERED_BYTES {
            if self.remembered.len() >= self.max_series as usize * 2 {
                self.remembered.clear();
            }
            self.remembered
                .insert(hash, (labels.map(|text| Box::from(*text)), series));
        }
        series
    }
}

/// All labels of a request's series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Labels<S> {
    direction: Direction,
    caller: S,
    dag_id: S,
    task_id: S,
    proven: bool,
    action: S,
    decision: Decision,
    code_class: &'static str,
    denied: Option<(S, S)>,
    shadow_denied: Option<(S, S)>,
}

impl<S> Labels<S> {
    fn map<'s, T>(&'s self, text: impl Fn(&'s S) -> T) -> Labels<T> {
        let pair =
            |pair: &'s Option<(S, S)>| pair.as_ref().map(|(policy, reason)| (text(policy), text(reason)));
        Labels {
            direction: self.direction,
            caller: text(&self.caller),
            dag_id: text(&self.dag_id),
            task_id: text(&self.task_id),
            proven: self.proven,
            action: text(&self.action),
            decision: self.decision,
            code_class: self.code_class,
            denied: pair(&self.denied),
            shadow_denied: pair(&self.shadow_denied),
        }
    }
}

impl<'a> Labels<&'a str> {
    fn of(traffic: &Traffic<'a>) -> Self {
        Self {
            direction: traffic.direction,
            caller: traffic.caller,
            dag_id: traffic.dag_id,
            task_id: traffic.task_id,
            proven: traffic.proven,
            action: traffic.action,
            decision: traffic.decision,
            code_class: traffic.code_class(),
            denied: traffic.denied,
            shadow_denied: traffic.shadow_denied,
        }
    }

    /// The same labels with `__other__` as DAG and task.
    fn of_caller(&self) -> Self {
        Self {
            dag_id: OTHER,
            task_id: OTHER,
            proven: false,
            ..*self
        }
    }

    fn opening(&self) -> Opening<'a> {
        let named = |id: &str| !id.is_empty() && id != OTHER;
        Opening {
            labels: self.of_requests(),
            caller: self.caller,
            proven: self.proven,
            claim: !self.proven && (named(self.dag_id) || named(self.task_id)),
            decision: self.decision,
        }
    }

    fn of_requests(&self) -> [&'a str; 7] {
        let (direction, decision) = (self.direction.as_str(), self.decision.as_str());
        [
            direction,
            self.caller,
            self.dag_id,
            self.task_id,
            self.action,
            decision,
            self.code_class,
        ]
    }

    fn of_bytes(&self) -> [&'a str; 3] {
        [self.direction.as_str(), self.dag_id, self.task_id]
    }

    fn bytes(&self) -> usize {
        let pairs = [self.denied, self.shadow_denied];
        let pairs: usize = pairs
            .iter()
            .flatten()
            .map(|(policy, reason)| policy.len() + reason.len())
            .sum();
        self.caller.len() + self.dag_id.len() + self.task_id.len() + self.action.len() + pairs
    }
}

/// The ids of a request's series.
#[derive(Debug, Clone, Copy)]
struct Series {
    requests: u32,
    request_bytes: u32,
    response_bytes: u32,
    duration: u32,
    denied: Option<u32>,
    shadow_denied: Option<u32>,
    dropped: Option<u32>,
}

impl Series {
    fn define(labels: Labels<&str>, defined: &mut Defined, host: &mut impl Meter) -> Self {
        Self {
            requests: defined.id(&REQUESTS, labels.of_requests(), host),
            request_bytes: defined.id(&REQUEST_BYTES, labels.of_bytes(), host),
            response_bytes: defined.id(&RESPONSE_BYTES, labels.of_bytes(), host),
            duration: defined.id(
                &REQUEST_DURATION,
                [labels.direction.as_str(), labels.dag_id],
                host,
            ),
            denied: labels
                .denied
                .map(|(policy, reason)| defined.id(&DENIED, [policy, reason], host)),
            shadow_denied: labels
                .shadow_denied
                .map(|(policy, reason)| defined.id(&SHADOW_DENIED, [policy, reason], host)),
            dropped: None,
        }
    }

    fn add(&self, traffic: &Traffic<'_>, host: &mut impl Meter) {
        host.add(self.requests, 1);
        for (id, bytes) in [
            (self.request_bytes, traffic.request_bytes),
            (self.response_bytes, traffic.response_bytes),
        ] {
            if bytes > 0 {
                host.add(id, bytes);
            }
        }
        host.observe(self.duration, traffic.duration_ms);
        for id in [self.denied, self.shadow_denied, self.dropped]
            .into_iter()
            .flatten()
        {
            host.add(id, 1);
        }
    }
}

/// The metrics that this VM has defined, by name. They are never forgotten, because to define one again takes
/// memory again. Their number is bounded by the cap on series and the policies' names.
#[derive(Debug, Default)]
struct Defined {
    ids: HashMap<String, u32>,
}

impl Defined {
    fn id<const N: usize>(&mut self, metric: &Metric<N>, values: [&str; N], host: &mut impl Meter) -> u32 {
        let name = metric.series(values);
        if let Some(id) = self.ids.get(&name) {
            return *id;
        }
        let id = host.define(metric.kind, &name);
        self.ids.insert(name, id);
        id
    }
}

#[cfg(test)]
mod tests;

//! Fetches the keys of issuers elsewhere through the proxy's own clusters.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use log::{info, warn};
use proxy_wasm::types::{BufferType, MapType};

use dagward::token::{self, Caller, Issuer, KeySet, MAX_BYTES, Remote, RemoteKeys, Turn};
use dagward::wire::pairs::{self, header};

use super::abi;
use super::host::Host;
use super::random::random;

/// The time from configuration to the first fetch of a VM. A VM cannot begin at once: the proxy first tries a
/// configuration in a VM that it discards, and that VM would take the lease.
const START: Duration = Duration::from_millis(50);

/// The time from one check for due fetches to the next.
const TICK: Duration = Duration::from_secs(1);

/// The longest that an issuer may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The keys that are fetched for the issuers of a policy.
pub(super) struct Keys {
    keys: RemoteKeys,
    ticks: Cell<bool>,
}

impl Keys {
    /// Starts to fetch for these issuers. Asks the proxy for ticks if there is anything to fetch.
    pub(super) fn start(issuers: &[Issuer]) -> Self {
        let keys = RemoteKeys::new(issuers);
        if !keys.is_empty() {
            abi::set_tick_period(START);
        }
        let ticks = Cell::new(false);
        Self { keys, ticks }
    }

    /// Fetches keys that are due.
    pub(super) fn tick(&self) {
        if !self.ticks.replace(true) {
            abi::set_tick_period(TICK);
        }
        self.keys.tick(&mut Host);
    }

    /// Takes the answer to a call: the number of its headers, 0 without an answer, and the size of its body.
    pub(super) fn answered(&self, call: u32, headers: usize, size: usize) {
        let answer = || (headers > 0).then(|| answer(size));
        self.keys.answered(call, answer, &mut Host);
    }
}

/// The status and the body of the current call's answer.
fn answer(size: usize) -> (u16, Vec<u8>) {
    let headers = abi::headers(MapType::HttpCallResponseHeaders).unwrap_or_default();
    let status = header(&pairs::read(&headers), ":status")
        .and_then(|status| std::str::from_utf8(status).ok())
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    // One byte more than allowed shows that the body is too long.
    let body = abi::buffer(BufferType::HttpCallResponseBody, 0..size.min(MAX_BYTES + 1));
    (status, body.unwrap_or_default())
}

impl token::Keys for Keys {
    fn of(&self, issuer: usize) -> Option<Rc<KeySet>> {
        self.keys.of(issuer, &mut Host)
    }

    fn lacking(&self, issuer: usize) -> bool {
        self.keys.lacking(issuer, &mut Host)
    }

    fn generation(&self) -> u64 {
        self.keys.generation()
    }
}

impl Caller for Host {
    fn call(&mut self, remote: &Remote) -> Option<u32> {
        let headers = vec![
            (":method", "GET"),
            (":scheme", &remote.scheme),
            (":authority", &remote.authority),
            (":path", &remote.path),
            // The first is the document's type (RFC 7517 §8.5.2), and Kubernetes requires it. The second is
            // the type that most issuers send.
            ("accept", "application/jwk-set+json, application/json"),
        ];
        abi::call(&remote.cluster, headers, TIMEOUT)
    }

    fn uptime(&mut self) -> Duration {
        abi::uptime()
    }

    fn random(&mut self) -> u64 {
        let [.., a, b, c, d] = random();
        u64::from(u32::from_le_bytes([a, b, c, d]))
    }

    fn turned(&mut self, issuer: &str, remote: &Remote, turn: Turn) {
        let cluster = &remote.cluster;
        match turn {
            Turn::Failing(failure) => warn!(
                "dagward: the keys of `{issuer}` cannot be fetched through the cluster {cluster:?}: {failure}; \
                 those fetched before stay in force, and it is tried again"
            ),
            Turn::Working => {
                info!("dagward: the keys of `{issuer}` are fetched again through the cluster {cluster:?}");
            }
        }
    }
}

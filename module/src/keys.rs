//! The keys of issuers elsewhere, fetched through the proxy's own clusters.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use log::{info, warn};
use proxy_wasm::types::{BufferType, MapType};

use dagward::token::{self, Fetcher, Issuer, KeySet, MAX_BYTES, Remote, Turn};
use dagward::wire::pairs::{self, header};

use super::host::Host;
use super::{abi, random};

/// How long after it was configured a VM begins. It cannot at once: the proxy tries a configuration
/// in a VM that it throws away, and that one would have the lease.
const START: Duration = Duration::from_millis(50);

/// The time from one look at what is due to the next.
const TICK: Duration = Duration::from_secs(1);

/// The longest that an issuer may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The keys that are fetched for the issuers of a policy.
pub(super) struct Keys {
    fetcher: RefCell<Fetcher>,
    fetched: Vec<Fetched>,
    /// The number of what is fetched for an issuer, by the issuer's.
    numbers: Vec<Option<usize>>,
    /// The calls that nobody has answered, and what each fetches.
    calls: RefCell<Vec<(u32, usize)>>,
    ticks: Cell<bool>,
}

/// What is fetched.
struct Fetched {
    /// The first issuer that it is fetched for, for the log.
    issuer: String,
    remote: Remote,
}

impl Keys {
    /// For these issuers, some of which have their keys elsewhere.
    pub(super) fn new(issuers: &[Issuer]) -> Self {
        let mut fetched: Vec<Fetched> = Vec::new();
        let mut numbers = Vec::new();
        for issuer in issuers {
            numbers.push(issuer.remote().map(|remote| {
                // Airflow's users and tasks have the same keys.
                let known = fetched.iter().position(|other| other.remote == *remote);
                known.unwrap_or_else(|| {
                    fetched.push(Fetched {
                        issuer: issuer.name.clone(),
                        remote: remote.clone(),
                    });
                    fetched.len() - 1
                })
            }));
        }
        Self {
            fetcher: RefCell::new(Fetcher::new(fetched.iter().map(|fetched| &fetched.remote))),
            fetched,
            numbers,
            calls: RefCell::default(),
            ticks: Cell::new(false),
        }
    }

    /// Asks the proxy for ticks, if there is anything to fetch.
    pub(super) fn start(&self) {
        if !self.fetched.is_empty() {
            abi::set_tick_period(START);
        }
    }

    /// Fetches what is due, and takes over what other VMs have fetched.
    pub(super) fn tick(&self) {
        if !self.ticks.replace(true) {
            abi::set_tick_period(TICK);
        }
        let due = self.fetcher.borrow_mut().tick(&mut Host, abi::uptime());
        for number in due {
            let Some(Fetched { remote, .. }) = self.fetched.get(number) else {
                continue;
            };
            match get(remote) {
                Some(call) => self.calls.borrow_mut().push((call, number)),
                // The proxy does not know the cluster, or not yet.
                None => self.take(number, None),
            }
        }
    }

    /// Takes the answer to a call: so many headers, none where nobody answered, and a body of this
    /// size.
    pub(super) fn answered(&self, call: u32, headers: usize, size: usize) {
        let place = self.calls.borrow().iter().position(|(other, _)| *other == call);
        let Some(place) = place else {
            return;
        };
        let (_, number) = self.calls.borrow_mut().swap_remove(place);
        if headers == 0 {
            return self.take(number, None);
        }
        let headers = abi::headers(MapType::HttpCallResponseHeaders).unwrap_or_default();
        let status = header(&pairs::read(&headers), ":status")
            .and_then(|status| std::str::from_utf8(status).ok())
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        // A byte more than there may be shows that it is too long.
        let body = abi::buffer(BufferType::HttpCallResponseBody, 0..size.min(MAX_BYTES + 1));
        self.take(number, Some((status, &body.unwrap_or_default())));
    }

    fn take(&self, number: usize, answer: Option<(u16, &[u8])>) {
        let [.., a, b, c, d] = random();
        let random = u64::from(u32::from_le_bytes([a, b, c, d]));
        let mut fetcher = self.fetcher.borrow_mut();
        let turn = fetcher.answered(&mut Host, number, answer, abi::uptime(), random);
        let (Some(turn), Some(Fetched { issuer, remote })) = (turn, self.fetched.get(number)) else {
            return;
        };
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

    fn number(&self, issuer: usize) -> Option<usize> {
        self.numbers.get(issuer).copied().flatten()
    }
}

impl token::Keys for Keys {
    fn of(&self, issuer: usize) -> Option<Rc<KeySet>> {
        self.fetcher.borrow_mut().keys(&mut Host, self.number(issuer)?)
    }

    fn lacking(&self, issuer: usize) -> bool {
        self.number(issuer).is_some_and(|number| {
            let mut fetcher = self.fetcher.borrow_mut();
            fetcher.lacking(&mut Host, number, abi::uptime())
        })
    }

    fn generation(&self) -> u64 {
        self.fetcher.borrow().generation()
    }
}

/// Asks for a JWKS; `None` where the proxy could not.
fn get(remote: &Remote) -> Option<u32> {
    let headers = vec![
        (":method", "GET"),
        (":scheme", &remote.scheme),
        (":authority", &remote.authority),
        (":path", &remote.path),
        // The first is what it is (RFC 7517 §8.5.2), and what Kubernetes insists on; the second is
        // what most issuers say.
        ("accept", "application/jwk-set+json, application/json"),
    ];
    abi::call(&remote.cluster, headers, TIMEOUT)
}

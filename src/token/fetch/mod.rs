//! The keys of issuers elsewhere: which VM fetches them, when, and which keys serve meanwhile.
//!
//! Every VM of a proxy has a [`Fetcher`]. All VMs share one copy of each JWKS, with the state of its
//! fetching. One VM at a time has the lease to fetch. A lease expires, because the VM that has it may die.
//! Only that shared record decides when a fetch is due, so that all VMs together make one fetch, and a new VM
//! continues from the proxy's state.
//!
//! Known keys serve until newer ones arrive: if an issuer is down, or answers with anything but keys, the
//! known keys stay. The caller passes the time in; the time must be the same for all VMs.
//! keys, takes nothing away. Time is passed in, and is the same for all VMs.

mod answer;
mod record;
mod remotes;
#[cfg(test)]
mod tests;

pub use answer::{Failure, Turn};
pub use remotes::{Caller, RemoteKeys};

use std::rc::Rc;
use std::time::Duration;

use super::{KeySet, Remote};
use crate::store::Shared;
use record::{Record, after, is_to_come, millis};

/// The time that a VM may take for a fetch before another VM tries. Longer than the proxy waits for any
/// answer.
const LEASE: Duration = Duration::from_secs(10);

/// The pause after a failed fetch. It doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a failed fetch.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The shortest time between two fetches for unknown key ids. Any caller can invent such ids.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// The number of attempts to write when other VMs interfere.
const TRIES: usize = 16;

/// The fetched keys, as one VM has them.
#[derive(Debug)]
struct Fetcher {
    remotes: Vec<Fetched>,
    generation: u64,
}

/// One JWKS, as one VM has it.
#[derive(Debug)]
struct Fetched {
    /// The key of the shared copy in the store.
    place: String,
    every: Duration,
    /// The shared copy that this VM read last, whether it was usable or not.
    document: Vec<u8>,
    keys: Option<Rc<KeySet>>,
    /// The end of this VM's lease, if the VM has sent a request and has no answer yet.
    lease: Option<u64>,
    /// Until this time the VM does not ask the store for a key that it does not know.
    quiet: u64,
}

impl Fetcher {
    /// A fetcher for the keys of `remotes`. From here on, each is named by its number.
    fn new<'r>(remotes: impl IntoIterator<Item = &'r Remote>) -> Self {
        Self {
            remotes: remotes.into_iter().map(Fetched::new).collect(),
            generation: 0,
        }
    }

    /// Takes over keys that other VMs have fetched, and returns the numbers of the JWKS that this VM must
    /// fetch now. To be called about once a second.
    fn tick(&mut self, store: &mut impl Shared, now: Duration) -> Vec<usize> {
        let now = millis(now);
        let mut to_fetch = Vec::new();
        for (number, remote) in self.remotes.iter_mut().enumerate() {
            let stored = store.read(&remote.place);
            let record = Record::read(stored.as_ref());
            self.generation += u64::from(remote.take_over(record.document));
            if !remote.is_due(&record, now) {
                continue;
            }
            let leased = after(now, LEASE);
            let record = Record { leased, ..record };
            // If the write fails, another VM has taken the lease.
            if remote.write(store, stored.as_ref(), record) {
                remote.lease = Some(leased);
                to_fetch.push(number);
            }
        }
        to_fetch
    }

    /// Takes the answer to a fetch: its status and body, or `None` without an answer. `random` spreads the
    /// fetches of many proxies.
    fn answered(
        &mut self,
        store: &mut impl Shared,
        number: usize,
        answer: Option<(u16, &[u8])>,
        now: Duration,
        random: u64,
    ) -> Option<Turn> {
        let now = millis(now);
        let remote = self.remotes.get_mut(number)?;
        let lease = remote.lease.take()?;
        let document = answer::document(answer);
        for _ in 0..TRIES {
            let stored = store.read(&remote.place);
            let before = Record::read(stored.as_ref());
            if before.leased != lease {
                // The fetch took too long. Another VM has asked since, and its answer is newer.
                return None;
            }
            let pause = match &document {
                Ok(_) => spread(remote.every, 10, random),
                Err(_) => spread(pause(before.failures), 2, random),
            };
            let record = Record {
                due: after(now, pause),
                leased: 0,
                quiet: before.quiet,
                failures: match &document {
                    Ok(_) => 0,
                    Err(_) => before.failures.saturating_add(1),
                },
                document: document.as_ref().unwrap_or(&before.document),
            };
            if remote.write(store, stored.as_ref(), record) {
                self.generation += u64::from(remote.take_over(record.document));
                return match document {
                    Ok(_) => (before.failures > 0).then_some(Turn::Working),
                    Err(failure) => (before.failures == 0).then_some(Turn::Failing(failure)),
                };
            }
        }
        None
    }

    /// The keys of this number; `None` if no VM has fetched any. Reads the store only if this VM has no keys.
    fn keys(&mut self, store: &mut impl Shared, number: usize) -> Option<Rc<KeySet>> {
        let remote = self.remotes.get_mut(number)?;
        if remote.keys.is_none() {
            let stored = store.read(&remote.place);
            let record = Record::read(stored.as_ref());
            self.generation += u64::from(remote.take_over(record.document));
        }
        remote.keys.clone()
    }

    /// Records that a token names a key that is missing here. True if another VM had newer keys, which are
    /// now loaded. Otherwise a fetch is due soon, unless one was made recently for this reason.
    fn lacking(&mut self, store: &mut impl Shared, number: usize, now: Duration) -> bool {
        let now = millis(now);
        let Some(remote) = self.remotes.get_mut(number) else {
            return false;
        };
        if is_to_come(remote.quiet, now, ASK_EVERY) {
            return false;
        }
        let quiet = after(now, ASK_EVERY);
        for _ in 0..TRIES {
            let stored = store.read(&remote.place);
            let record = Record::read(stored.as_ref());
            if remote.take_over(record.document) {
                self.generation += 1;
                return true;
            }
            if is_to_come(record.quiet, now, ASK_EVERY) {
                remote.quiet = record.quiet;
                return false;
            }
            remote.quiet = quiet;
            // While fetching fails, the next try is not made earlier.
            if record.failures > 0 {
                return false;
            }
            let due = now;
            if remote.write(store, stored.as_ref(), Record { due, quiet, ..record }) {
                return false;
            }
        }
        false
    }

    /// A number that grows whenever the keys of any of them change.
    fn generation(&self) -> u64 {
        self.generation
    }
}

impl Fetched {
    fn new(remote: &Remote) -> Self {
        let Remote {
            cluster,
            scheme,
            authority,
            path,
            every,
        } = remote;
        Self {
            // All plugins of a proxy share one namespace. No URL contains a space, so two URLs never have the
            // same key. The interval of fetches is not part of the key, because it may change.
            place: format!("dagward.keys.{cluster} {scheme}://{authority}{path}"),
            every: *every,
            document: Vec::new(),
            keys: None,
            lease: None,
            quiet: 0,
        }
    }

    fn is_due(&self, record: &Record<'_>, now: u64) -> bool {
        !is_to_come(record.leased, now, LEASE) && !is_to_come(record.due, now, self.every.max(LONGEST_PAUSE))
    }

    /// Takes over the shared copy. Returns whether the keys have changed.
    fn take_over(&mut self, document: &[u8]) -> bool {
        if document == self.document {
            return false;
        }
        document.clone_into(&mut self.document);
        let Ok(keys) = KeySet::parse(document) else {
            return false;
        };
        let changed = self.keys.as_deref() != Some(&keys);
        if changed {
            self.keys = Some(Rc::new(keys));
        }
        changed
    }

    /// Replaces the record that was read before. False if another VM has written meanwhile.
    fn write(&self, store: &mut impl Shared, before: Option<&(Vec<u8>, u32)>, record: Record<'_>) -> bool {
        let value = record.to_bytes();
        match before {
            Some((_, version)) => store.replace(&self.place, &value, *version),
            None => store.create(&self.place, &value),
        }
    }
}

/// The pause before the next try, given the number of failures before this one.
fn pause(failures: u32) -> Duration {
    2_u32
        .checked_pow(failures)
        .map_or(LONGEST_PAUSE, |doubled| FIRST_PAUSE.saturating_mul(doubled))
        .min(LONGEST_PAUSE)
}

/// `whole`, reduced by a random amount of at most one `part`th of it.
fn spread(whole: Duration, part: u32, random: u64) -> Duration {
    let most = millis(whole / part);
    whole.saturating_sub(Duration::from_millis(random % (most + 1)))
}

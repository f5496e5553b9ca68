//! The keys of issuers elsewhere: who fetches them, when, and what is had meanwhile.
//!
//! Every VM of a proxy has a [`Fetcher`], and all of them share one copy of each JWKS with what is
//! known of fetching it. One VM at a time has the lease to fetch; a lease ends by itself, since the
//! VM that has it may die. What is due is decided by that shared record alone, so that there is one
//! fetch for all VMs, whichever of them makes it, and a VM that starts anew goes on where the proxy
//! was.
//!
//! Keys that are known serve until others are: an issuer that is down, or answers with anything but
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

/// How long a VM may take for a fetch before another tries: longer than any answer is waited for.
const LEASE: Duration = Duration::from_secs(10);

/// The pause after a fetch that failed. It doubles with each that fails after it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a fetch that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// In this time one fetch at most is made for keys that nobody knows: anybody can make up their ids.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// How often a write is tried that other VMs come between.
const TRIES: usize = 16;

/// The keys that are fetched, as one VM has them.
#[derive(Debug)]
struct Fetcher {
    remotes: Vec<Fetched>,
    generation: u64,
}

/// One JWKS, as one VM has it.
#[derive(Debug)]
struct Fetched {
    /// Where the shared copy is.
    place: String,
    every: Duration,
    /// The shared copy that was looked at last, whether it was of use or not.
    document: Vec<u8>,
    keys: Option<Rc<KeySet>>,
    /// Until when this VM has the lease, if it has asked and nobody has answered.
    lease: Option<u64>,
    /// Before this nothing is asked of the store for a key that this VM does not know.
    quiet: u64,
}

impl Fetcher {
    /// For the keys of these. They are named by their number from here on.
    fn new<'r>(remotes: impl IntoIterator<Item = &'r Remote>) -> Self {
        Self {
            remotes: remotes.into_iter().map(Fetched::new).collect(),
            generation: 0,
        }
    }

    /// Takes over what the VMs have fetched, and gives the numbers of those that this VM has to
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
            // Where another VM comes between, it has the lease.
            if remote.write(store, stored.as_ref(), record) {
                remote.lease = Some(leased);
                to_fetch.push(number);
            }
        }
        to_fetch
    }

    /// Takes the answer to a fetch: its status and its body, `None` where there was none. `random`
    /// spreads the fetches of many proxies.
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
                // It took too long. Another VM has asked since, and its answer is the newer one.
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

    /// The keys of this number; `None` where nobody has fetched any. Asks the store only where this
    /// VM has none.
    fn keys(&mut self, store: &mut impl Shared, number: usize) -> Option<Rc<KeySet>> {
        let remote = self.remotes.get_mut(number)?;
        if remote.keys.is_none() {
            let stored = store.read(&remote.place);
            let record = Record::read(stored.as_ref());
            self.generation += u64::from(remote.take_over(record.document));
        }
        remote.keys.clone()
    }

    /// Says that a token names a key that these lack. True where another VM had newer ones, which
    /// are had now. Else they are fetched soon, if that was not done for this reason lately.
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
            // While fetching fails, the next try comes in its time and no sooner.
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

    /// Grows whenever the keys of any of them change.
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
            // All plugins of a proxy share one namespace. No URL has a space, so no two have one
            // place; how often it is fetched may change.
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

    /// Takes over the shared copy. Whether the keys are others now.
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

    /// Writes the record in the place of what was read. False where another VM came between.
    fn write(&self, store: &mut impl Shared, before: Option<&(Vec<u8>, u32)>, record: Record<'_>) -> bool {
        let value = record.to_bytes();
        match before {
            Some((_, version)) => store.replace(&self.place, &value, *version),
            None => store.create(&self.place, &value),
        }
    }
}

/// The pause before the next try, after so many that failed before this one.
fn pause(failures: u32) -> Duration {
    2_u32
        .checked_pow(failures)
        .map_or(LONGEST_PAUSE, |doubled| FIRST_PAUSE.saturating_mul(doubled))
        .min(LONGEST_PAUSE)
}

/// `whole`, less up to one `part`th of it.
fn spread(whole: Duration, part: u32, random: u64) -> Duration {
    let most = millis(whole / part);
    whole.saturating_sub(Duration::from_millis(random % (most + 1)))
}

//! Task instances by their UUID, bounded, in the store that all VMs of the proxy share.
//!
//! The store has single values only and deletes nothing, so its keys are a fixed number of
//! shelves. A task has its shelf by its UUID; a shelf holds a few, the one used last in front, and
//! a new one pushes the last one out. A line of a shelf is a UUID and what is known of it as JSON,
//! which has no line breaks.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::Learned;
use crate::measure::Direction;
use crate::shared::Shared;

/// How many shelves there are.
const SHELVES: u64 = 1_024;

/// How many tasks a shelf holds.
const PLACES: usize = 8;

/// The most tasks that a proxy remembers of each direction; the least recently used of a shelf is
/// forgotten first.
pub const MAX_TASKS: u64 = SHELVES * PLACES as u64;

/// How often a write is tried that other VMs come between.
const TRIES: usize = 16;

/// The key of the number of tasks.
const COUNT: &str = "dagward.tasks";

/// The tasks that the proxy knows from what was answered in one direction. What a worker's own app
/// answers is not Airflow's word, and must not be taken for it on the way out.
#[derive(Debug)]
pub struct Tasks<'s, S> {
    store: &'s mut S,
    direction: Direction,
}

impl<'s, S: Shared> Tasks<'s, S> {
    /// The tasks of `direction` in `store`.
    pub fn new(store: &'s mut S, direction: Direction) -> Self {
        Self { store, direction }
    }

    /// What is known of the task instance `id`. One that is about to be pushed out moves to the
    /// front.
    pub fn get(&mut self, id: &str) -> Option<Learned> {
        let key = self.key(id);
        let (shelf, version) = self.store.read(&key)?;
        let shelf = std::str::from_utf8(&shelf).ok()?;
        let (place, line) = shelf.lines().enumerate().find(|(_, line)| is_of(line, id))?;
        let learned = serde_json::from_str(line.split_once(' ')?.1).ok()?;
        if place >= PLACES / 2 {
            // Where another VM comes between, it stays where it is.
            self.store
                .replace(&key, put_first(shelf, id, line).as_bytes(), version);
        }
        Some(learned)
    }

    /// Changes what is known of the task instance `id`. Gives how many tasks are known, where that
    /// has changed.
    pub fn change(&mut self, id: &str, change: impl Fn(&mut Learned)) -> Option<u64> {
        let key = self.key(id);
        for _ in 0..TRIES {
            let before = self.store.read(&key);
            let shelf = before
                .as_ref()
                .and_then(|(shelf, _)| std::str::from_utf8(shelf).ok())
                .unwrap_or_default();
            let known = shelf.lines().find(|line| is_of(line, id));
            let mut learned: Learned = known
                .and_then(|line| serde_json::from_str(line.split_once(' ')?.1).ok())
                .unwrap_or_default();
            change(&mut learned);
            let json = serde_json::to_string(&learned).ok()?;
            let after = put_first(shelf, id, &format!("{id} {json}"));
            let written = match &before {
                Some((_, version)) => self.store.replace(&key, after.as_bytes(), *version),
                None => self.store.create(&key, after.as_bytes()),
            };
            if written {
                let grown = after.lines().count() > shelf.lines().count();
                return grown.then(|| self.count()).flatten();
            }
        }
        None
    }

    /// Counts one task more.
    fn count(&mut self) -> Option<u64> {
        for _ in 0..TRIES {
            let written = match self.store.read(COUNT) {
                Some((value, version)) => {
                    let count = std::str::from_utf8(&value).ok()?.parse::<u64>().ok()? + 1;
                    self.store
                        .replace(COUNT, count.to_string().as_bytes(), version)
                        .then_some(count)
                }
                None => self.store.create(COUNT, b"1").then_some(1),
            };
            if written.is_some() {
                return written;
            }
        }
        None
    }

    /// The key of the shelf that `id` is on. All plugins of a proxy share one namespace.
    fn key(&self, id: &str) -> String {
        // The same in every VM: the hasher has fixed keys.
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        format!(
            "dagward.tasks.{}.{}",
            self.direction.as_str(),
            hasher.finish() % SHELVES
        )
    }
}

fn is_of(line: &str, id: &str) -> bool {
    line.split_once(' ').is_some_and(|(other, _)| other == id)
}

/// The shelf with `line`, which is of `id`, in front, and no more lines than it has places.
fn put_first(shelf: &str, id: &str, line: &str) -> String {
    let others = shelf.lines().filter(|line| !is_of(line, id)).take(PLACES - 1);
    std::iter::once(line).chain(others).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::Run;
    use crate::measure::testing::Store;

    fn id(number: u64) -> String {
        format!("019ab1c2-7d11-7b3f-a3c4-{number:012x}")
    }

    fn run(dag: &str) -> Option<Run> {
        Some(Run {
            dag_id: dag.to_owned(),
            run_id: "r\n 1".to_owned(),
        })
    }

    #[test]
    fn what_is_learned_is_known_and_added_to() {
        let mut store = Store::default();
        let mut tasks = Tasks::new(&mut store, Direction::Inbound);
        assert_eq!(tasks.get(&id(1)), None);
        assert_eq!(tasks.change(&id(1), |task| task.run = run("日本")), Some(1));
        assert_eq!(tasks.change(&id(1), |task| task.peer = Some("a".into())), None);
        let known = tasks.get(&id(1)).unwrap();
        assert_eq!((known.run, known.peer.as_deref()), (run("日本"), Some("a")));
        assert_eq!(tasks.get(&id(2)), None);
        assert_eq!(tasks.change(&id(2), |_| {}), Some(2));
    }

    #[test]
    fn no_more_are_known_than_there_are_places() {
        let mut store = Store::default();
        let mut tasks = Tasks::new(&mut store, Direction::Inbound);
        let mut count = 0;
        for number in 0..MAX_TASKS * 3 {
            count = tasks
                .change(&id(number), |task| task.run = run("d"))
                .unwrap_or(count);
        }
        assert!(count <= MAX_TASKS, "{count}");
        assert!(count > MAX_TASKS * 9 / 10, "{count}");
        let known = (0..MAX_TASKS * 3)
            .filter(|number| tasks.get(&id(*number)).is_some())
            .count() as u64;
        assert_eq!(known, count);
    }

    #[test]
    fn a_task_that_is_used_stays() {
        let mut store = Store::default();
        let mut tasks = Tasks::new(&mut store, Direction::Inbound);
        tasks.change(&id(0), |task| task.run = run("d"));
        for number in 1..MAX_TASKS * 4 {
            tasks.change(&id(number), |task| task.run = run("e"));
            assert!(tasks.get(&id(0)).is_some(), "pushed out by {number}");
        }
    }

    #[test]
    fn what_is_answered_in_one_direction_is_not_known_in_the_other() {
        let mut store = Store::default();
        Tasks::new(&mut store, Direction::Inbound).change(&id(1), |task| task.run = run("d"));
        let mut outbound = Tasks::new(&mut store, Direction::Outbound);
        assert_eq!(outbound.get(&id(1)), None);
        assert_eq!(outbound.change(&id(1), |task| task.run = run("e")), Some(2));
        let mut inbound = Tasks::new(&mut store, Direction::Inbound);
        assert_eq!(inbound.get(&id(1)).unwrap().run, run("d"));
    }

    #[test]
    fn rubbish_in_the_store_is_nothing_known() {
        let mut store = Store::default();
        let key = Tasks::new(&mut store, Direction::Inbound).key(&id(1));
        store.create(&key, format!("{} rubbish\n\n x", id(1)).as_bytes());
        let mut tasks = Tasks::new(&mut store, Direction::Inbound);
        assert_eq!(tasks.get(&id(1)), None);
        tasks.change(&id(1), |task| task.run = run("d"));
        assert_eq!(tasks.get(&id(1)).unwrap().run, run("d"));
    }
}

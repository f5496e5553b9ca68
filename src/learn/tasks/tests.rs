use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::learn::{Owner, Run};
use crate::store::Memory;

const SALES: &str = "spiffe://td/ns/airflow/sa/worker-sales";
const ML: &str = "spiffe://td/ns/airflow/sa/worker-ml";

const API_SERVER: Answerer<'static> = Answerer {
    direction: Direction::Inbound,
    port: "8080",
};

/// Tasks on one shelf: the worst case that a principal can cause.
static ON_ONE_SHELF: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut store = Memory::default();
    let tasks = at(&mut store, 0);
    let shelf = tasks.shelf(id(0).as_deref().text());
    let on_shelf = (0..).filter(|number| tasks.shelf(id(*number).as_deref().text()) == shelf);
    on_shelf.take(41).collect()
});

fn id(number: u64) -> TaskInstanceId<String> {
    TaskInstanceId::parse(format!("019ab1c2-7d11-7b3f-a3c4-{number:012x}")).unwrap()
}

fn run(dag: &str) -> Option<Run> {
    Some(Run {
        dag_id: dag.to_owned(),
        run_id: "r\n 1".to_owned(),
    })
}

fn at(store: &mut Memory, hour: u64) -> Tasks<'_, Memory> {
    Tasks::new(store, Key([7; 16]), Duration::from_secs(hour * 3_600))
}

fn learn(tasks: &mut Tasks<'_, Memory>, number: u64, principal: &str) -> Option<u64> {
    tasks.change(API_SERVER, id(number).as_deref(), principal, |task| {
        task.run = run("d")
    })
}

fn knows(tasks: &mut Tasks<'_, Memory>, number: u64) -> bool {
    tasks.get(API_SERVER, id(number).as_deref(), SALES).is_some()
}

#[test]
fn facts_are_remembered_and_added_to() {
    let mut store = Memory::default();
    let mut tasks = at(&mut store, 0);
    assert_eq!(tasks.get(API_SERVER, id(1).as_deref(), SALES), None);
    let learn = |task: &mut Learned| task.run = run("日本");
    assert_eq!(tasks.change(API_SERVER, id(1).as_deref(), SALES, learn), Some(1));
    let owner = Owner {
        principal: SALES.to_owned(),
        enforced: true,
    };
    let own = |task: &mut Learned| task.belongs_to(&owner);
    assert_eq!(tasks.change(API_SERVER, id(1).as_deref(), SALES, own), None);
    let known = tasks.get(API_SERVER, id(1).as_deref(), SALES).unwrap();
    assert_eq!((known.run.clone(), known.owner(true)), (run("日本"), Some(SALES)));
    assert_eq!(tasks.get(API_SERVER, id(2).as_deref(), SALES), None);
    assert_eq!(tasks.change(API_SERVER, id(2).as_deref(), SALES, |_| {}), Some(2));
}

#[test]
fn a_proxy_has_one_key() {
    let mut store = Memory::default();
    let first = Key::of_proxy(&mut store, [1; 16]);
    let second = Key::of_proxy(&mut store, [2; 16]);
    assert_eq!((first.0, second.0), ([1; 16], [1; 16]));
    assert_ne!(
        Key([1; 16]).hash(&[b"a"]),
        Key([2; 16]).hash(&[b"a"]),
        "callers must not be able to tell the shelf"
    );
}

#[test]
fn the_number_of_tasks_is_bounded() {
    let mut store = Memory::default();
    let mut tasks = at(&mut store, 0);
    let mut count = 0;
    for number in 0..MAX_TASKS_OF_A_PRINCIPAL * 2 {
        count = learn(&mut tasks, number, SALES).unwrap_or(count);
    }
    assert!(count <= MAX_TASKS_OF_A_PRINCIPAL, "{count}");
    assert!(count > MAX_TASKS_OF_A_PRINCIPAL * 8 / 10, "{count}");
    let known = (0..MAX_TASKS_OF_A_PRINCIPAL * 2).filter(|number| knows(&mut tasks, *number));
    assert_eq!(known.count() as u64, count);
}

#[test]
fn a_principal_pushes_out_no_task_of_another() {
    let mut store = Memory::default();
    let mut tasks = at(&mut store, 0);
    for number in 0..100 {
        learn(&mut tasks, number, SALES);
    }
    for number in 100..MAX_TASKS_OF_A_PRINCIPAL * 2 {
        learn(&mut tasks, number, ML);
    }
    assert!((0..100).all(|number| knows(&mut tasks, number)));
}

#[test]
fn a_task_that_is_used_stays() {
    let mut store = Memory::default();
    let mut tasks = at(&mut store, 0);
    learn(&mut tasks, 0, SALES);
    for number in 1..MAX_TASKS_OF_A_PRINCIPAL * 2 {
        learn(&mut tasks, number, SALES);
        assert!(knows(&mut tasks, 0), "pushed out by {number}");
    }
}

#[test]
fn another_principal_has_no_say_in_what_is_pushed_out() {
    for stranger in [ML, "", SALES] {
        let mut store = Memory::default();
        let mut tasks = at(&mut store, 0);
        learn(&mut tasks, ON_ONE_SHELF[40], ML);
        let (running, ended) = (ON_ONE_SHELF[0], &ON_ONE_SHELF[1..PLACES]);
        for number in ended {
            learn(&mut tasks, *number, SALES);
        }
        learn(&mut tasks, running, SALES);
        // Requests with the tokens of tasks that have ended, or with forged ones.
        for number in ended {
            assert!(tasks.get(API_SERVER, id(*number).as_deref(), stranger).is_some());
        }
        learn(&mut tasks, ON_ONE_SHELF[PLACES], SALES);
        learn(&mut tasks, ON_ONE_SHELF[PLACES + 1], SALES);
        let stays = stranger != SALES;
        assert_eq!(knows(&mut tasks, running), stays, "{stranger}");
    }
}

#[test]
fn a_task_that_is_not_used_for_a_day_is_forgotten_when_another_comes_to_its_shelf() {
    let mut store = Memory::default();
    for (number, used_until) in [(0, 0), (1, 40)] {
        learn(&mut at(&mut store, 0), number, SALES);
        for hour in 0..=used_until {
            assert!(knows(&mut at(&mut store, hour), number));
        }
    }
    for number in 2..MAX_TASKS_OF_A_PRINCIPAL {
        learn(&mut at(&mut store, 41), number, ML);
    }
    let mut tasks = at(&mut store, 41);
    assert_eq!((knows(&mut tasks, 0), knows(&mut tasks, 1)), (false, true));
}

#[test]
fn an_answer_counts_for_the_server_that_gave_it() {
    let mut store = Memory::default();
    let mut tasks = at(&mut store, 0);
    learn(&mut tasks, 1, SALES);
    for other in [
        Answerer {
            port: "9999",
            ..API_SERVER
        },
        Answerer {
            direction: Direction::Outbound,
            ..API_SERVER
        },
    ] {
        assert_eq!(tasks.get(other, id(1).as_deref(), SALES), None);
        tasks.change(other, id(1).as_deref(), SALES, |task| task.run = run("e"));
        assert_eq!(tasks.get(other, id(1).as_deref(), SALES).unwrap().run, run("e"));
    }
    assert_eq!(
        tasks.get(API_SERVER, id(1).as_deref(), SALES).unwrap().run,
        run("d")
    );
}

#[test]
fn an_owner_is_replaced_only_by_one_that_counts_more() {
    let owner = |principal: &str, enforced| Owner {
        principal: principal.to_owned(),
        enforced,
    };
    let mut learned = Learned::default();
    learned.belongs_to(&owner(ML, false));
    assert_eq!((learned.owner(false), learned.owner(true)), (Some(ML), None));
    learned.belongs_to(&owner(SALES, true));
    learned.belongs_to(&owner(ML, true));
    learned.belongs_to(&owner(ML, false));
    assert_eq!(
        (learned.owner(false), learned.owner(true)),
        (Some(SALES), Some(SALES))
    );
}

#[test]
fn rubbish_in_the_store_is_not_taken_for_facts() {
    let mut store = Memory::default();
    let tasks = at(&mut store, 0);
    let (key, name) = (
        tasks.shelf(id(1).as_deref().text()),
        tasks.name(API_SERVER, id(1).as_deref().text()),
    );
    store.create(&key, format!("{name}rubbish\n\n x\n{name}1 2 {{").as_bytes());
    let mut tasks = at(&mut store, 0);
    assert_eq!(tasks.get(API_SERVER, id(1).as_deref(), SALES), None);
    learn(&mut tasks, 1, SALES);
    assert_eq!(
        tasks.get(API_SERVER, id(1).as_deref(), SALES).unwrap().run,
        run("d")
    );
}

proptest! {
    /// One principal may teach any facts in any order. The facts of another principal's tasks stay.
    #[test]
    fn principals_do_not_disturb_each_other(writes in proptest::collection::vec((0_u64..40, 0_usize..4), 0..400)) {
        let mut store = Memory::default();
        let mut tasks = at(&mut store, 0);
        let (mine, on_shelf) = ON_ONE_SHELF.split_last().unwrap();
        let mine = *mine;
        tasks.change(API_SERVER, id(mine).as_deref(), SALES, |task| task.run = run("sales_daily"));
        for (task, principal) in writes {
            let principal = format!("spiffe://td/ns/airflow/sa/worker-{principal}");
            tasks.change(API_SERVER, id(on_shelf[task as usize]).as_deref(), &principal, |task| task.run = run("x"));
        }
        prop_assert_eq!(tasks.get(API_SERVER, id(mine).as_deref(), SALES).unwrap().run, run("sales_daily"));
    }
}

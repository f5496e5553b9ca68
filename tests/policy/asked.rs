//! Random requests, from few words, so that they match policies.

use std::borrow::Cow;
use std::rc::Rc;

use dagward::caller::{Acting, Principal, Proof};
use dagward::fact::Fact;
use dagward::operation::{Access, Action, Operation, Surface};
use dagward::token::Verified;
use proptest::prelude::*;
use proptest::sample::select;

use crate::tokens::{Shown, shown};

/// A request, owned.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) principal: Option<Principal>,
    pub(crate) acting: Option<Acting>,
    /// Whether the answer will name the acting task.
    pub(crate) acting_pending: bool,
    pub(crate) surface: Surface,
    /// Whether the request is on no known route of its surface.
    pub(crate) unclassified: bool,
    pub(crate) method: &'static str,
    pub(crate) host: &'static str,
    pub(crate) path: Fact<&'static str>,
    pub(crate) shown: Vec<Shown>,
    pub(crate) accesses: Vec<Wanted>,
}

/// An access of a request, owned.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) action: Fact<&'static str>,
    pub(crate) dag: Fact<&'static str>,
    pub(crate) run: Fact<&'static str>,
    pub(crate) task: Fact<&'static str>,
    pub(crate) connection: Fact<&'static str>,
    pub(crate) trigger: Fact<&'static str>,
    pub(crate) queue: Fact<&'static str>,
}

fn action(word: &str) -> Action {
    let mut all = Action::ALL.iter().copied();
    all.find(|action| action.as_str() == word).unwrap()
}

impl Asked {
    pub(crate) fn operation(&self) -> Operation<'_> {
        let owned = |fact: Fact<&'static str>| fact.map(Cow::Borrowed);
        Operation {
            surface: self.surface,
            below_execution: false,
            method: self.method,
            host: self.host,
            path: owned(self.path),
            template: (!self.unclassified).then_some("/"),
            any_dag: false,
            awaits_body: false,
            task_instance: None,
            callback: None,
            awaits_answer: false,
            accesses: self
                .accesses
                .iter()
                .map(|wanted| Access {
                    action: wanted.action.map(action),
                    dag: owned(wanted.dag),
                    run: owned(wanted.run),
                    task: owned(wanted.task),
                    connection: owned(wanted.connection),
                    trigger: owned(wanted.trigger),
                    queue: owned(wanted.queue),
                    ..Access::default()
                })
                .collect(),
        }
    }

    /// The same request, on no known route.
    fn unclassified(mut self, action: &'static str) -> Self {
        self.unclassified = true;
        for wanted in &mut self.accesses {
            wanted.action = Fact::Known(action);
        }
        self
    }

    /// The acting task, as the policy expects it.
    pub(crate) fn acting(&self) -> Fact<&Acting> {
        match self.acting_pending {
            true => Fact::Pending,
            false => self.acting.as_ref().map_or(Fact::Unknown, Fact::Known),
        }
    }

    /// The tokens, as the policy expects them.
    pub(crate) fn tokens(&self) -> Vec<Rc<Verified>> {
        self.shown.iter().map(|token| token.verified.clone()).collect()
    }

    /// Variants of the request, each with one token less.
    pub(crate) fn showing_less(&self) -> Vec<Self> {
        (0..self.shown.len())
            .map(|number| {
                let mut less = self.clone();
                less.shown.remove(number);
                less
            })
            .collect()
    }

    /// Variants of the request, each with one known fact less. Tokens are always known.
    pub(crate) fn knowing_less(&self) -> Vec<Self> {
        let mut less = Vec::new();
        let mut push = |change: &dyn Fn(&mut Self)| {
            let mut copy = self.clone();
            change(&mut copy);
            less.push(copy);
        };
        push(&|asked| {
            asked.acting = None;
            asked.acting_pending = false;
        });
        push(&|asked| {
            if let Some(acting) = &mut asked.acting {
                acting.run_id = None;
            }
        });
        push(&|asked| {
            if let Some(acting) = &mut asked.acting {
                acting.task_id = None;
            }
        });
        push(&|asked| asked.path = Fact::Unknown);
        push(&|asked| asked.accesses[0].dag = Fact::Unknown);
        push(&|asked| asked.accesses[0].run = Fact::Unknown);
        push(&|asked| asked.accesses[0].task = Fact::Unknown);
        push(&|asked| asked.accesses[0].action = Fact::Unknown);
        push(&|asked| asked.accesses[0].connection = Fact::Unknown);
        push(&|asked| asked.accesses[0].trigger = Fact::Unknown);
        push(&|asked| asked.accesses[0].queue = Fact::Unknown);
        less
    }

    /// Variants of the request, each with one fact pending.
    pub(crate) fn left_open(&self) -> Vec<Self> {
        let later: [fn(&mut Wanted); 6] = [
            |wanted| wanted.dag = Fact::Pending,
            |wanted| wanted.run = Fact::Pending,
            |wanted| wanted.task = Fact::Pending,
            |wanted| wanted.connection = Fact::Pending,
            |wanted| wanted.trigger = Fact::Pending,
            |wanted| wanted.queue = Fact::Pending,
        ];
        let of_access = later.iter().map(|leave_open| {
            let mut open = self.clone();
            leave_open(&mut open.accesses[0]);
            open
        });
        let mut of_acting = self.clone();
        of_acting.acting_pending = true;
        of_access.chain([of_acting]).collect()
    }
}

const PRINCIPALS: [&str; 8] = [
    "spiffe://a/ns/x/sa/w-ml",
    "spiffe://a/ns/x/sa/w-sales",
    "spiffe://a/ns/x/sa/w-",
    "spiffe://a/ns/xy/sa/ml",
    "spiffe://b/ns/x/sa/w-ml",
    "spiffe://b/ns/ml/sa/ml",
    "spiffe://a/x/w-ml",
    "spiffe://a",
];
const DAGS: [&str; 6] = ["ml", "ml_a", "ml_b", "sales_a", "x", "x "];
const RUNS: [&str; 5] = ["ml", "ml_a", "r/1", "ml/é", "r "];
const TASKS: [&str; 3] = ["ml", "load", "extract"];
const ACTIONS: [&str; 5] = [
    "dag:read",
    "dag_run:read",
    "xcom:read",
    "connection:read",
    "trigger:create",
];
const SURFACES: [Surface; 3] = [Surface::Rest, Surface::Execution, Surface::Other];

pub(crate) fn asked() -> impl Strategy<Value = Asked> {
    let principal = prop::option::weighted(0.85, select(&PRINCIPALS[..]))
        .prop_map(|id| id.map(|id| Principal::parse(id).unwrap()));
    let acting = prop::option::weighted(
        0.8,
        (
            select(&DAGS[..]),
            prop::option::of(select(&RUNS[..])),
            prop::option::of(select(&TASKS[..])),
            select(&Proof::ALL[..]),
        ),
    )
    .prop_map(|acting| {
        acting.map(|(dag_id, run_id, task_id, proof)| Acting {
            dag_id: dag_id.to_owned(),
            run_id: run_id.map(str::to_owned),
            task_id: task_id.map(str::to_owned),
            map_index: None,
            try_number: None,
            ti_id: None,
            proof,
        })
    });
    let surface = (select(&SURFACES[..]), prop::bool::weighted(0.2));
    let wanted = (
        fact(&ACTIONS),
        fact(&DAGS),
        fact(&RUNS),
        fact(&TASKS),
        fact(&["ml_db", "ML-db ", "m\u{131}_db", "db", "Db", "db-"]),
        fact(&["ml.Wait", "ml.x.Poll", "airflow.Wait"]),
        fact(&["ml", "gpu"]),
    )
        .prop_map(|(action, dag, run, task, connection, trigger, queue)| Wanted {
            action,
            dag,
            run,
            task,
            connection,
            trigger,
            queue,
        });
    (
        principal,
        (acting, prop::bool::weighted(0.15)),
        surface,
        select(&["GET", "POST"][..]),
        select(&["api", "api.x"][..]),
        fact(&["/", "/api/v2/dags", "/x"]),
        shown(),
        prop::collection::vec(wanted, 1..3),
    )
        .prop_map(
            |(
                principal,
                (acting, acting_pending),
                (surface, unclassified),
                method,
                host,
                path,
                shown,
                accesses,
            )| {
                let asked = Asked {
                    principal,
                    acting,
                    acting_pending,
                    surface,
                    unclassified: false,
                    method,
                    host,
                    path,
                    shown,
                    accesses,
                };
                match (unclassified, surface) {
                    (true, Surface::Rest) => asked.unclassified("rest:unclassified"),
                    (true, Surface::Execution) => asked.unclassified("execution:unclassified"),
                    _ => asked,
                }
            },
        )
}

fn fact(words: &'static [&'static str]) -> impl Strategy<Value = Fact<&'static str>> {
    prop_oneof![
        6 => select(words).prop_map(Fact::Known),
        1 => Just(Fact::Absent),
        1 => Just(Fact::Unknown),
        1 => Just(Fact::Pending),
    ]
}

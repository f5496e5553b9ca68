//! Random policies and requests, from words so few that they meet.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use dagward::caller::{Acting, Principal, Proof};
use dagward::fact::Fact;
use dagward::operation::{Access, Action, Operation, Surface};
use dagward::token::Verified;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use crate::tokens::{Shown, conditions, issuers, shown};

/// A request, owned.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) principal: Option<Principal>,
    pub(crate) acting: Option<Acting>,
    pub(crate) surface: Surface,
    /// Whether the request is on no known route of its surface.
    pub(crate) unclassified: bool,
    pub(crate) method: &'static str,
    pub(crate) host: &'static str,
    pub(crate) path: Fact<&'static str>,
    pub(crate) shown: Vec<Shown>,
    pub(crate) accesses: Vec<Wanted>,
}

/// What a request asks for, owned.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) action: Fact<&'static str>,
    pub(crate) dag: Fact<&'static str>,
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

    /// The acting task, as the policy takes it.
    pub(crate) fn acting(&self) -> Fact<&Acting> {
        self.acting.as_ref().map_or(Fact::Unknown, Fact::Known)
    }

    /// The tokens, as the policy takes them.
    pub(crate) fn tokens(&self) -> Vec<Rc<Verified>> {
        self.shown.iter().map(|token| token.verified.clone()).collect()
    }

    /// The same request, with one token less each.
    pub(crate) fn showing_less(&self) -> Vec<Self> {
        (0..self.shown.len())
            .map(|number| {
                let mut less = self.clone();
                less.shown.remove(number);
                less
            })
            .collect()
    }

    /// The same request, with one fact less known each. Tokens are always known.
    pub(crate) fn knowing_less(&self) -> Vec<Self> {
        let mut less = Vec::new();
        let mut push = |change: &dyn Fn(&mut Self)| {
            let mut copy = self.clone();
            change(&mut copy);
            less.push(copy);
        };
        push(&|asked| asked.acting = None);
        push(&|asked| {
            if let Some(acting) = &mut asked.acting {
                acting.task_id = None;
            }
        });
        push(&|asked| asked.path = Fact::Unknown);
        push(&|asked| asked.accesses[0].dag = Fact::Unknown);
        push(&|asked| asked.accesses[0].task = Fact::Unknown);
        push(&|asked| asked.accesses[0].action = Fact::Unknown);
        push(&|asked| asked.accesses[0].connection = Fact::Unknown);
        push(&|asked| asked.accesses[0].trigger = Fact::Unknown);
        push(&|asked| asked.accesses[0].queue = Fact::Unknown);
        less
    }

    /// The same request, with one fact left open each.
    pub(crate) fn left_open(&self) -> Vec<Self> {
        let later: [fn(&mut Wanted); 5] = [
            |wanted| wanted.dag = Fact::Pending,
            |wanted| wanted.task = Fact::Pending,
            |wanted| wanted.connection = Fact::Pending,
            |wanted| wanted.trigger = Fact::Pending,
            |wanted| wanted.queue = Fact::Pending,
        ];
        later
            .iter()
            .map(|leave_open| {
                let mut open = self.clone();
                leave_open(&mut open.accesses[0]);
                open
            })
            .collect()
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
            prop::option::of(select(&TASKS[..])),
            select(&Proof::ALL[..]),
        ),
    )
    .prop_map(|acting| {
        acting.map(|(dag_id, task_id, proof)| Acting {
            dag_id: dag_id.to_owned(),
            run_id: None,
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
        fact(&TASKS),
        fact(&["ml_db", "ML-db ", "m\u{131}_db", "db", "Db", "db-"]),
        fact(&["ml.Wait", "ml.x.Poll", "airflow.Wait"]),
        fact(&["ml", "gpu"]),
    )
        .prop_map(|(action, dag, task, connection, trigger, queue)| Wanted {
            action,
            dag,
            task,
            connection,
            trigger,
            queue,
        });
    (
        principal,
        acting,
        surface,
        select(&["GET", "POST"][..]),
        select(&["api", "api.x"][..]),
        fact(&["/", "/api/v2/dags", "/x"]),
        shown(),
        prop::collection::vec(wanted, 1..3),
    )
        .prop_map(
            |(principal, acting, (surface, unclassified), method, host, path, shown, accesses)| {
                let asked = Asked {
                    principal,
                    acting,
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

pub(crate) fn document() -> impl Strategy<Value = Value> {
    document_of(rule().boxed(), 1..4)
}

/// A document with so many rules that those of each field are filed more than once. Each holds for
/// few requests, and many are alike but for one field.
pub(crate) fn large_document() -> impl Strategy<Value = Value> {
    let principals = [
        "spiffe://a/ns/x/sa/w-ml",
        "spiffe://a/ns/x/sa/w-sales",
        "spiffe://b/*",
    ];
    let from = one_entry(vec![
        condition("rincipals", &principals, 0.1, 1)
            .prop_map(|of| ('p', of))
            .boxed(),
        condition("amespaces", &["x", "ml", "other"], 0.1, 1)
            .prop_map(|of| ('n', of))
            .boxed(),
        condition("ags", &["ml_a", "ml_b", "sales_a", "d0", "d1", "d2"], 0.1, 1)
            .prop_map(|of| ('d', of))
            .boxed(),
        condition("roof", &["pod", "airflow"], 0.1, 1)
            .prop_map(|of| ('p', of))
            .boxed(),
    ]);
    let to = one_entry(vec![
        condition(
            "ags",
            &["ml_a", "ml_b", "sales_a", "d0", "d1", "d2", "d3*"],
            0.1,
            1,
        )
        .prop_map(|of| ('d', of))
        .boxed(),
        condition(
            "ctions",
            &["dag:read", "xcom:read", "connection:read", "rest:unclassified"],
            0.1,
            1,
        )
        .prop_map(|of| ('a', of))
        .boxed(),
        condition("asks", &["load", "extract", "t0", "t1"], 0.1, 1)
            .prop_map(|of| ('t', of))
            .boxed(),
        condition("onnections", &["ml_db", "db", "c0", "c1"], 0.1, 1)
            .prop_map(|of| ('c', of))
            .boxed(),
        condition("aths", &["/x", "/api/*"], 0.1, 1)
            .prop_map(|of| ('p', of))
            .boxed(),
        condition("ethods", &["GET", "POST"], 0.1, 1)
            .prop_map(|of| ('m', of))
            .boxed(),
    ]);
    let rule = (prop::option::weighted(0.8, from), to).prop_map(|(from, to)| joined(from, Some(to)));
    document_of(rule.boxed(), 30..90)
}

/// One entry, or seldom two, with most of these conditions.
fn one_entry(conditions: Vec<BoxedStrategy<(char, Condition)>>) -> BoxedStrategy<Vec<Value>> {
    let most = conditions.len();
    let one = (conditions, subsequence((0..most).collect::<Vec<_>>(), 2..=most)).prop_map(
        |(conditions, picked)| {
            Value::Object(entry(
                picked.into_iter().map(|index: usize| conditions[index].clone()),
            ))
        },
    );
    prop_oneof![5 => prop::collection::vec(one.clone(), 1), 1 => prop::collection::vec(one, 2)].boxed()
}

fn document_of(rule: BoxedStrategy<Value>, rules: Range<usize>) -> impl Strategy<Value = Value> {
    let policy = (
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::collection::vec(rule, rules),
    );
    prop::collection::vec(policy, 1..5).prop_map(|policies| {
        let policies: Vec<Value> = policies
            .into_iter()
            .enumerate()
            .map(|(number, (deny, shadow, rules))| {
                json!({
                    "name": format!("p{number}"),
                    "action": if deny { "DENY" } else { "ALLOW" },
                    "mode": if shadow { "shadow" } else { "enforce" },
                    "rules": rules,
                })
            })
            .collect();
        json!({"apiVersion": "dagward/v1", "tokens": issuers(), "policies": policies})
    })
}

/// A rule, with or without a variable `{t}` that its identity binds.
pub(crate) fn rule() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(json!({})),
        6 => (entries(from(false)), entries(to(false))).prop_map(|(from, to)| joined(from, to)),
        6 => (some_entries(from(true)), some_entries(to(true)))
            .prop_map(|(from, to)| joined(Some(from), Some(to))),
    ]
}

fn joined(from: Option<Vec<Value>>, to: Option<Vec<Value>>) -> Value {
    let halves = [("from", from), ("to", to)];
    let fields = halves
        .into_iter()
        .filter_map(|(name, half)| Some((name.to_owned(), Value::from(half?))));
    Value::Object(fields.collect())
}

fn entries(entry: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Vec<Value>>> {
    prop::option::weighted(0.7, some_entries(entry))
}

fn some_entries(entry: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(entry, 1..3)
}

fn from(template: bool) -> BoxedStrategy<Value> {
    let principals = match template {
        true => condition(
            "rincipals",
            &[
                "spiffe://a/ns/x/sa/w-{t}",
                "spiffe://b/ns/{t}/sa/{t}",
                "spiffe://a/{t}/x/*",
                "spiffe://a/ns/{t}/sa/ml",
            ],
            0.0,
            2,
        ),
        false => condition(
            "rincipals",
            &[
                "*",
                "spiffe://a/*",
                "spiffe://a/ns/x/sa/w-ml",
                "spiffe://b/ns/*",
                "*ml",
                "spiffe://a",
            ],
            0.3,
            2,
        ),
    };
    let dags: &[&str] = if template {
        &["{t}", "{t}_*", "*_{t}", "x"]
    } else {
        &["ml*", "*_a", "x", "*"]
    };
    let others = (
        condition("amespaces", &["x", "x*", "*", "ml"], 0.3, 1),
        condition("erviceAccounts", &["x/w-ml", "x/*", "*/ml"], 0.3, 1),
        condition("ags", dags, 0.3, 2),
        condition("asks", &["load", "*"], 0.3, 1),
        condition("roof", &["pod", "claimed", "airflow", "*"], 0.3, 2),
    );
    // Without its identity a template has nothing to bind it, and the document is refused.
    let always = if template { 0.95 } else { 0.5 };
    (
        prop::option::weighted(always, principals),
        others,
        subsequence(vec![0, 1, 2, 3, 4], 0..3),
        conditions(template),
    )
        .prop_map(|(first, (a, b, c, d, e), picked, of_token)| {
            let others = [('n', a), ('s', b), ('d', c), ('t', d), ('p', e)];
            let picked = picked.into_iter().map(|index: usize| others[index].clone());
            let mut fields = entry(first.map(|first| ('p', first)).into_iter().chain(picked));
            fields.extend(of_token);
            fields
        })
        .prop_filter("an entry with conditions", |fields| !fields.is_empty())
        .prop_map(Value::Object)
        .boxed()
}

fn to(template: bool) -> BoxedStrategy<Value> {
    let dags: &[&str] = if template {
        &["{t}", "{t}_*", "*{t}", "x"]
    } else {
        &["ml", "ml*", "ml_*", "*_a", "*", "x"]
    };
    let connections: &[&str] = match template {
        true => &["{t}_*", "*_{t}", "db"],
        false => &["ml_*", "ML_*", "db", "DB", "*_Db", "*"],
    };
    let conditions = (
        condition("ags", dags, 0.25, 2),
        condition(
            "ctions",
            &[
                "dag:read",
                "dag*",
                "*:read",
                "*",
                "xcom:read",
                "rest:unclassified",
                "*:unclassified",
            ],
            0.25,
            2,
        ),
        condition("asks", &["load", "ml", "*"], 0.25, 1),
        condition("ethods", &["GET", "POST"], 0.25, 1),
        condition("aths", &["/", "/api/*", "*", "*x"], 0.25, 2),
        condition("osts", &["api", "api.*", "*.x"], 0.25, 1),
        condition("urfaces", &["rest", "other", "*"], 0.25, 2),
        condition("onnections", connections, 0.25, 2),
        condition("riggers", &["ml.*", "airflow.Wait", "*"], 0.25, 2),
        condition("ueues", &["ml", "g*", "*"], 0.25, 2),
    );
    (conditions, subsequence((0..10).collect::<Vec<_>>(), 1..4))
        .prop_map(|((a, b, c, d, e, f, g, h, i, j), picked)| {
            let all = [
                ('d', a),
                ('a', b),
                ('t', c),
                ('m', d),
                ('p', e),
                ('h', f),
                ('s', g),
                ('c', h),
                ('t', i),
                ('q', j),
            ];
            Value::Object(entry(picked.into_iter().map(|index: usize| all[index].clone())))
        })
        .boxed()
}

/// A condition's word without its first letter, whether it is negated, and its patterns.
type Condition = (&'static str, bool, Vec<&'static str>);

fn condition(
    word: &'static str,
    patterns: &[&'static str],
    negated: f64,
    most: usize,
) -> impl Strategy<Value = Condition> + use<> {
    let patterns = subsequence(patterns.to_vec(), 1..=most.min(patterns.len()));
    (Just(word), prop::bool::weighted(negated), patterns)
}

fn entry(conditions: impl Iterator<Item = (char, Condition)>) -> Map<String, Value> {
    let mut fields = Map::new();
    for (first, (rest, negated, patterns)) in conditions {
        let word = match negated {
            true => format!("not{}{rest}", first.to_ascii_uppercase()),
            false => format!("{first}{rest}"),
        };
        fields.insert(word, json!(patterns));
    }
    fields
}

//! A proxy in memory: keeps what the filter does to a request, and explains each decision.

use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;
use std::time::Duration;

use dagward::authorize::{self, Awaits, Grounds, Incoming, Objection, Outcome, Passed, Verdict};
use dagward::caller::Principal;
use dagward::exchange::{self, Effect, Level, Message};
use dagward::policy::{Facts, Ruleset};
use dagward::store::{HasMemory, Memory};

use super::decision::{At, Decision};
use super::question::Question;
use super::shown::{Shown, Verification};

/// The request to explain, and its policy.
#[derive(Clone, Copy)]
pub(super) struct Scene<'s> {
    pub(super) ruleset: &'s Ruleset,
    pub(super) question: &'s Question,
    pub(super) verification: &'s Verification,
    pub(super) shown: Option<&'s Shown>,
    /// Whether Airflow's answer is given.
    pub(super) has_answer: bool,
    /// Takes each access that the policy decides.
    pub(super) cover: Option<&'s dyn Fn(&Facts<'_>)>,
}

impl Scene<'_> {
    /// Shows a decision of the policy to `cover`, unless another decision follows.
    fn cover(self, outcome: &Outcome<'_>) {
        let (Some(cover), Some(operation)) = (self.cover, &outcome.operation) else {
            return;
        };
        let by_policy = match &outcome.verdict {
            Verdict::Passed(Passed {
                grounds: Grounds::Rule(_),
                ..
            }) => true,
            verdict => matches!(
                verdict.objection(),
                Some(Objection::Rule(_) | Objection::NoRule(_))
            ),
        };
        if !by_policy || outcome.verdict.awaits() != Awaits::Nothing {
            return;
        }
        let facts = authorize::facts(
            self.ruleset,
            self.question.principal(),
            outcome.actor.acting(),
            &outcome.tokens,
            operation,
        );
        facts.iter().for_each(cover);
    }
}

/// The proxy of one request.
pub(super) struct Host<'s> {
    pub(super) scene: Scene<'s>,
    store: Memory,
    /// How much of the exchange has arrived.
    pub(super) at: At,
    /// The body that the proxy holds: first the request's, then the answer's.
    pub(super) body: Vec<u8>,
    /// The answer that the caller gets, if it is known.
    pub(super) answer: Option<(u16, Vec<u8>)>,
    pub(super) decisions: Vec<Decision>,
    pub(super) log: Vec<String>,
    pub(super) record: BTreeMap<String, String>,
}

impl<'s> Host<'s> {
    pub(super) fn new(scene: Scene<'s>) -> Self {
        Self {
            scene,
            store: Memory::default(),
            at: At::Headers,
            body: Vec::new(),
            answer: None,
            decisions: Vec::new(),
            log: Vec::new(),
            record: BTreeMap::new(),
        }
    }

    /// Forgets the request that it has had, but for what the proxy keeps for later ones.
    pub(super) fn next_request(&mut self) {
        let store = mem::take(&mut self.store);
        *self = Self {
            store,
            ..Self::new(self.scene)
        };
    }
}

impl exchange::Host for Host<'_> {
    fn carry_out(&mut self, effect: Effect<'_>) {
        match effect {
            Effect::Reply(reply) => self.answer = Some((reply.status, reply.body.to_vec())),
            Effect::ReplaceBody { body, .. } => {
                if let Some((_, passed)) = &mut self.answer {
                    *passed = body.to_vec();
                }
            }
            Effect::Log(_, line) => self.log.push(line.to_owned()),
            Effect::Property(name, "") => {
                self.record.remove(name);
            }
            Effect::Property(name, value) => {
                self.record.insert(name.to_owned(), value.to_owned());
            }
            // The reasons name the headers that are set.
            Effect::SetHeader(..)
            | Effect::RemoveHeader(..)
            | Effect::CountTokens(_)
            | Effect::ShowLearned(_) => {}
        }
    }

    fn decided(&mut self, incoming: &Incoming<'_>, outcome: &Outcome<'_>) {
        self.scene.cover(outcome);
        self.decisions
            .push(Decision::new(self.scene, self.at, incoming, outcome));
    }

    fn body(&mut self, _: Message, range: Range<usize>) -> Option<Vec<u8>> {
        self.body.get(range).map(<[u8]>::to_vec)
    }

    fn upstream(&mut self) -> Option<Principal> {
        Some(self.scene.question.server.clone())
    }

    fn cluster(&mut self) -> Vec<u8> {
        self.scene.question.cluster.clone().into_bytes()
    }

    fn logs(&mut self, _: Level) -> bool {
        true
    }

    fn uptime(&mut self) -> Duration {
        Duration::ZERO
    }
}

impl HasMemory for Host<'_> {
    fn memory(&mut self) -> &mut Memory {
        &mut self.store
    }
}

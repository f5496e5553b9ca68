//! The outcome of a request: the verdict, and the facts that it is about.

use std::borrow::Cow;
use std::rc::Rc;

use super::Code;
use crate::caller::Acting;
use crate::operation::{Operation, Surface};
use crate::policy::Decider;
use crate::stamp::Edit;
use crate::token::{TokenResult, Verified};
use crate::verdict::Decision;

/// The outcome of a request.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// Whether the request passes, and why.
    pub verdict: Verdict<'a>,
    /// The acting task or callback.
    pub actor: Actor<'a>,
    /// The operation of the request; `None` if it cannot be read.
    pub operation: Option<Operation<'a>>,
    /// The accepted tokens of the request.
    pub tokens: Vec<Rc<Verified>>,
    /// The result for each token that was checked.
    pub token_results: Vec<TokenResult>,
    /// The changes to the request's task headers.
    pub edits: Vec<Edit<'a>>,
}

/// Whether a request passes, and why.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// The request passes.
    Passed(Passed<'a>),
    /// The request is refused.
    Refused(Objection<'a>),
}

/// A request that passes.
#[derive(Debug)]
pub struct Passed<'a> {
    /// The reason why it passes.
    pub grounds: Grounds<'a>,
    /// The event after which it is decided again.
    pub awaits: Awaits,
    /// The caller's ownership of its token, if the request starts a task.
    pub ownership: Option<Ownership>,
}

/// The reason why a request passes.
#[derive(Debug)]
pub enum Grounds<'a> {
    /// This ALLOW rule matches, and no DENY rule does.
    Rule(Decider<'a>),
    /// The filter makes no decision, because the document's mode is `observe`.
    Observed,
    /// The filter makes no decision, because the request leaves the pod.
    Outbound,
    /// The request would be refused if all policies were enforced.
    Shadow(Objection<'a>),
}

/// The reason why a request is refused, or would be.
#[derive(Debug)]
pub enum Objection<'a> {
    /// A part of the request is malformed: the code, and a description for the caller.
    Malformed(Code, String),
    /// The request is refused before the policy decides it.
    Unasked(Code),
    /// This DENY rule matches.
    Rule(Decider<'a>),
    /// No ALLOW rule matches the access with this number.
    NoRule(usize),
}

/// The event that a request awaits. The filter then decides it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// No event.
    Nothing,
    /// The request's body.
    Body,
    /// Airflow's answer, from which the filter learns.
    Answer,
}

/// A caller's ownership of the token with which it starts a task. It takes effect if Airflow accepts the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// Whether the policy was enforced when it let the request pass.
    pub enforced: bool,
}

/// The actor behind the caller, as far as it is known.
#[derive(Debug)]
pub enum Actor<'a> {
    /// A task; `None` if its name is not known.
    Task(Option<Cow<'a, Acting>>),
    /// A deadline's callback. Its pod names its DAG.
    Callback(Option<Cow<'a, Acting>>),
}

impl Outcome<'_> {
    /// Airflow's team of the run that the caller acts for, if Airflow's answer has named it.
    pub fn team(&self) -> Option<&str> {
        self.actor.acting().and_then(|acting| acting.team.name())
    }

    /// The acting task as far as records and metrics name it: health routes name none, because any pod can
    /// request them in any task's name.
    pub fn recorded_acting(&self) -> Option<&Acting> {
        let is_health = |operation: &Operation<'_>| operation.surface == Surface::Health;
        let acting = self.actor.acting();
        acting.filter(|_| !self.operation.as_ref().is_some_and(is_health))
    }
}

impl<'a> Verdict<'a> {
    /// The decision.
    pub fn decision(&self) -> Decision {
        match self {
            Self::Passed(_) => Decision::Allow,
            Self::Refused(Objection::Malformed(..)) => Decision::Malformed,
            Self::Refused(_) => Decision::Deny,
        }
    }

    /// The reason, as one word.
    pub fn code(&self) -> Code {
        match self {
            Self::Passed(passed) => passed.grounds.code(),
            Self::Refused(objection) => objection.code(),
        }
    }

    /// The rule that decided.
    pub fn by(&self) -> Option<Decider<'a>> {
        match self {
            Self::Passed(Passed {
                grounds: Grounds::Rule(by),
                ..
            }) => Some(*by),
            _ => self.objection().and_then(Objection::by),
        }
    }

    /// The reason why the request is refused, or would be if all policies were enforced.
    pub fn objection(&self) -> Option<&Objection<'a>> {
        match self {
            Self::Passed(_) => self.shadow(),
            Self::Refused(objection) => Some(objection),
        }
    }

    /// The reason why the request would be refused if all policies were enforced, if it now passes.
    pub fn shadow(&self) -> Option<&Objection<'a>> {
        match self {
            Self::Passed(Passed {
                grounds: Grounds::Shadow(objection),
                ..
            }) => Some(objection),
            _ => None,
        }
    }

    /// The event after which the request is decided again. A refused request awaits nothing.
    pub fn awaits(&self) -> Awaits {
        match self {
            Self::Passed(passed) => passed.awaits,
            Self::Refused(_) => Awaits::Nothing,
        }
    }

    /// The caller's ownership of its token, once Airflow accepts it.
    pub fn ownership(&self) -> Option<Ownership> {
        match self {
            Self::Passed(passed) => passed.ownership,
            Self::Refused(_) => None,
        }
    }

    /// A request that passes on these grounds and binds no token.
    pub(super) fn passed(grounds: Grounds<'a>, awaits: Awaits) -> Self {
        Self::Passed(Passed {
            grounds,
            awaits,
            ownership: None,
        })
    }

    pub(super) fn objection_mut(&mut self) -> Option<&mut Objection<'a>> {
        match self {
            Self::Passed(Passed {
                grounds: Grounds::Shadow(objection),
                ..
            })
            | Self::Refused(objection) => Some(objection),
            Self::Passed(_) => None,
        }
    }
}

impl Grounds<'_> {
    fn code(&self) -> Code {
        match self {
            Self::Rule(_) => Code::Allowed,
            Self::Observed => Code::Observed,
            Self::Outbound => Code::Outbound,
            Self::Shadow(_) => Code::ShadowDenied,
        }
    }
}

impl<'a> Objection<'a> {
    /// The reason, as one word.
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed(code, _) | Self::Unasked(code) => *code,
            Self::Rule(_) => Code::DeniedByRule,
            Self::NoRule(_) => Code::NoRuleAllows,
        }
    }

    /// The rule that denies it.
    pub fn by(&self) -> Option<Decider<'a>> {
        match self {
            Self::Rule(by) => Some(*by),
            Self::Malformed(..) | Self::Unasked(_) | Self::NoRule(_) => None,
        }
    }

    /// The description of the malformed part.
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Malformed(_, problem) => Some(problem),
            Self::Unasked(_) | Self::Rule(_) | Self::NoRule(_) => None,
        }
    }

    pub(super) fn malformed(code: Code, problem: Option<&impl ToString>) -> Option<Self> {
        problem.map(|problem| Self::Malformed(code, problem.to_string()))
    }
}

impl Awaits {
    /// The event that may add facts about `operation`.
    pub(super) fn of(operation: &Operation<'_>) -> Self {
        match operation.awaits_body {
            true => Self::Body,
            false => Self::answer_to(operation),
        }
    }

    /// The answer to `operation`, if the filter learns from it.
    pub(super) fn answer_to(operation: &Operation<'_>) -> Self {
        match operation.awaits_answer {
            true => Self::Answer,
            false => Self::Nothing,
        }
    }
}

impl<'a> Actor<'a> {
    pub(super) fn new(is_callback: bool, acting: Option<Cow<'a, Acting>>) -> Self {
        match is_callback {
            true => Self::Callback(acting),
            false => Self::Task(acting),
        }
    }

    /// The acting task, as far as it is known. For a callback, its pod's DAG.
    pub fn acting(&self) -> Option<&Acting> {
        match self {
            Self::Task(acting) | Self::Callback(acting) => acting.as_deref(),
        }
    }

    /// Whether a deadline's callback acts.
    pub fn is_callback(&self) -> bool {
        matches!(self, Self::Callback(_))
    }
}

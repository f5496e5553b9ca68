//! One decision about the request, as tools read it. Its fields are an interface.

use std::collections::BTreeMap;

use dagward::authorize::{Code, Incoming, Objection, Outcome};
use dagward::caller::{Acting, Principal};
use dagward::fact::Fact;
use dagward::operation::Operation;
use dagward::policy::Ruleset;
use dagward::verdict::Decision as Word;
use serde::Serialize;

use super::host::Scene;
use super::teams::{TeamPart, TeamParts};
use super::tokens::{self, TokenPart};
use super::{reasons, text};

/// How much of the exchange has arrived when the request is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum At {
    /// The request's headers.
    Headers,
    /// The whole body.
    Body,
    /// Airflow's answer.
    Answer,
}

/// One decision, with the facts that it is based on.
#[derive(Debug, Serialize)]
pub(crate) struct Decision {
    pub(super) at: At,
    #[serde(serialize_with = "word")]
    pub(crate) decision: Word,
    pub(super) mode: &'static str,
    pub(super) code: &'static str,
    pub(crate) policy: Option<String>,
    pub(crate) rule: Option<u32>,
    pub(super) caller: CallerPart,
    pub(super) operation: OperationPart,
    pub(super) tokens: Vec<TokenPart>,
    pub(crate) reasons: Vec<String>,
    /// The accesses that it asks for, in words.
    #[serde(skip)]
    pub(super) asked: Vec<String>,
    /// The reason why it is refused, or would be if all policies were enforced.
    #[serde(skip)]
    pub(crate) objection: Option<Code>,
}

/// The caller.
#[derive(Debug, Serialize)]
pub(super) struct CallerPart {
    pub(super) principal: Option<String>,
    /// The kind of the actor, if it is not a task: a `callback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<&'static str>,
    pub(super) acting: Option<ActingPart>,
    /// Airflow's team of the run that the caller acts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) team: Option<String>,
    /// The caller's team by the document's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) listed_team: Option<TeamPart>,
}

/// The task that the caller acts for.
#[derive(Debug, Serialize)]
pub(super) struct ActingPart {
    pub(super) dag_id: String,
    pub(super) run_id: Option<String>,
    pub(super) task_id: Option<String>,
    pub(super) proof: &'static str,
    /// Airflow's team in words, if it is known or a rule looks at it.
    #[serde(skip)]
    pub(super) team: Option<String>,
}

/// The operation. An unreadable request has no surface.
#[derive(Debug, Serialize)]
pub(super) struct OperationPart {
    pub(super) surface: Option<&'static str>,
    pub(super) actions: Vec<&'static str>,
    pub(super) dag_ids: Vec<String>,
    pub(super) any_dag: bool,
    /// The parameters that the path names beside ids: a map index, the id of a backfill.
    pub(super) parameters: BTreeMap<&'static str, String>,
    /// The owner of the objects of each access, by the document's list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) listed_teams: Vec<TeamPart>,
}

impl Decision {
    pub(super) fn new(scene: Scene<'_>, at: At, incoming: &Incoming<'_>, outcome: &Outcome<'_>) -> Self {
        let Scene {
            ruleset, question, ..
        } = scene;
        let mut reasons = reasons::reasons(scene, at, incoming, outcome);
        reasons.extend(tokens::reasons(ruleset, outcome, scene.verification, scene.shown));
        let (listed_team, listed_teams) = match TeamParts::of(ruleset.teams(), question, outcome) {
            Some(teams) => (Some(teams.of_caller), teams.of_objects),
            None => (None, Vec::new()),
        };
        Self {
            at,
            asked: text::asked_for(outcome, &listed_teams),
            decision: outcome.verdict.decision(),
            mode: ruleset.mode().as_str(),
            code: outcome.verdict.code().as_str(),
            policy: outcome.verdict.by().map(|by| by.policy.to_owned()),
            rule: outcome.verdict.by().map(|by| by.rule),
            caller: CallerPart {
                principal: question.principal().map(Principal::as_str).map(str::to_owned),
                actor: outcome.actor.is_callback().then_some("callback"),
                acting: outcome
                    .actor
                    .acting()
                    .map(|acting| ActingPart::new(acting, ruleset)),
                team: outcome.team().map(str::to_owned),
                listed_team,
            },
            operation: OperationPart::new(outcome.operation.as_ref(), listed_teams),
            tokens: tokens::parts(ruleset, outcome),
            reasons,
            objection: outcome.verdict.objection().map(Objection::code),
        }
    }
}

impl ActingPart {
    fn new(acting: &Acting, ruleset: &Ruleset) -> Self {
        let asked = ruleset.asks_airflow_for_teams();
        let team = match acting.team.fact() {
            Fact::Known(team) => Some(format!("team `{team}`")),
            Fact::Absent if asked => Some("of no team".to_owned()),
            Fact::Unknown if asked => Some("team not known".to_owned()),
            _ => None,
        };
        Self {
            dag_id: acting.dag_id.clone(),
            run_id: acting.run_id.clone(),
            task_id: acting.task_id.clone(),
            proof: acting.proof.as_str(),
            team,
        }
    }
}

impl OperationPart {
    fn new(operation: Option<&Operation<'_>>, listed_teams: Vec<TeamPart>) -> Self {
        let dag_ids = operation.map(Operation::dag_ids).unwrap_or_default();
        Self {
            surface: operation.map(|operation| operation.surface.as_str()),
            actions: operation
                .map(Operation::actions)
                .into_iter()
                .flatten()
                .map(|action| action.as_str())
                .collect(),
            dag_ids: dag_ids.into_iter().map(str::to_owned).collect(),
            any_dag: operation.is_some_and(|operation| operation.any_dag),
            parameters: operation
                .map(Operation::other_parameters)
                .unwrap_or_default()
                .into_iter()
                .collect(),
            listed_teams,
        }
    }
}

fn word<S: serde::Serializer>(decision: &Word, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(decision.as_str())
}

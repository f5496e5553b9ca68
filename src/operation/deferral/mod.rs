//! A deferral: the class that the triggerer is to run for a task, and the objects that its arguments name.
//!
//! The triggerer imports the class path, decodes the arguments, and calls the class with them, in a process
//! that has the database (`airflow/jobs/triggerer_job_runner.py`, `create_triggers`).

mod arguments;
mod connection;
mod names;

use std::borrow::Cow;

use super::body::Json;
use super::{Access, Action};
use crate::fact::Fact;
use arguments::{Arguments, Named};

const TRIGGER: Action = Action::TriggerCreate;

/// The fields that Airflow takes with `state: deferred` and with no other state. It refuses a body that has
/// one of them beside another state. The filter treats such a body as a deferral all the same.
const ONLY_DEFERRALS: [&str; 4] = ["classpath", "trigger_kwargs", "trigger_timeout", "queue"];

/// The accesses that `body` makes through the triggerer, for `task_instance`.
pub(super) fn accesses<'a>(task_instance: &str, json: &Json<'_>) -> Vec<Access<'a>> {
    if !defers(json) {
        let told = json
            .get("next_kwargs")
            .is_some_and(|told| !arguments::are_plain(told));
        return told
            .then(|| trigger(Fact::Unknown, &queue(json)))
            .into_iter()
            .collect();
    }
    let class = match json.get("classpath") {
        Some(Json::Text(class)) if !class.is_empty() => Fact::Known(&**class),
        _ => Fact::Unknown,
    };
    let mut arguments = Arguments::read(json.get("trigger_kwargs"));
    // The triggerer decodes these too, before it adds the event to them.
    if json
        .get("next_kwargs")
        .is_some_and(|told| !arguments::are_plain(told))
    {
        arguments.code.any = true;
    }
    if let Some(class) = class.known() {
        arguments.connections.any |= connection::is_left_to(class, json.get("trigger_kwargs"));
    }
    let queue = queue(json);
    let mut accesses = vec![trigger(class.map(|class| Cow::Owned(class.to_owned())), &queue)];
    accesses.extend(facts(arguments.code).map(|code| trigger(code, &queue)));
    accesses.extend(facts(arguments.connections).map(|connection| Access {
        action: Fact::Known(Action::ConnectionRead),
        connection,
        ..Access::default()
    }));
    for dag in facts(arguments.dags) {
        accesses
            .extend([Action::DagRunRead, Action::TaskInstanceRead].map(|action| of_dag(action, dag.clone())));
    }
    let of_others = |id: &String| !id.eq_ignore_ascii_case(task_instance);
    if arguments.task_instances.any || arguments.task_instances.values.iter().any(of_others) {
        // The trigger is to act for a task, whose DAG is not known.
        accesses.push(Access {
            trigger: class.map(|class| Cow::Owned(class.to_owned())),
            queue,
            ..of_dag(TRIGGER, Fact::Unknown)
        });
    }
    accesses
}

/// Whether Airflow could take the body for a deferral.
fn defers(json: &Json<'_>) -> bool {
    let state = match json.get("state") {
        None | Some(Json::Null) => false,
        Some(Json::Text(state)) => state.trim().eq_ignore_ascii_case("deferred"),
        Some(_) => true,
    };
    state || ONLY_DEFERRALS.iter().any(|name| json.get(name).is_some())
}

/// The queue of a triggerer. Triggerers without queues run the triggers that name none.
fn queue<'a>(json: &Json<'_>) -> Fact<Cow<'a, str>> {
    match json.get("queue") {
        None | Some(Json::Null) => Fact::Absent,
        Some(Json::Text(queue)) if !queue.is_empty() => Fact::Known(Cow::Owned(queue.clone().into_owned())),
        Some(_) => Fact::Unknown,
    }
}

/// One fact for each name, and an unknown fact if there may be others.
fn facts<'a>(named: Named) -> impl Iterator<Item = Fact<Cow<'a, str>>> {
    let others = named.any.then_some(Fact::Unknown);
    let values = named.values.into_iter();
    values.map(|value| Fact::Known(Cow::Owned(value))).chain(others)
}

/// The access of the task itself: it asks the triggerer to run a class.
fn trigger<'a>(trigger: Fact<Cow<'a, str>>, queue: &Fact<Cow<'a, str>>) -> Access<'a> {
    Access {
        action: Fact::Known(TRIGGER),
        dag: Fact::Unknown,
        run: Fact::Unknown,
        task: Fact::Unknown,
        trigger,
        queue: queue.clone(),
        by_uuid: true,
        ..Access::default()
    }
}

/// An action on any run and task of a DAG.
fn of_dag<'a>(action: Action, dag: Fact<Cow<'a, str>>) -> Access<'a> {
    Access {
        action: Fact::Known(action),
        dag,
        run: Fact::Unknown,
        task: Fact::Unknown,
        ..Access::default()
    }
}

#[cfg(test)]
mod tests;

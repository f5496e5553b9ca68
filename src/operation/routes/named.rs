//! The objects that the requests of a row can be about, for tools that compare a policy with the table.

use super::Row;
use crate::operation::Action;
use crate::operation::route::{Id, Segment, segments};

/// A kind of object that a rule can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// A DAG.
    Dag,
    /// A task.
    Task,
    /// A connection.
    Connection,
    /// A variable.
    Variable,
    /// A pool.
    Pool,
    /// An XCom's key.
    XcomKey,
    /// An asset.
    Asset,
    /// The class of a trigger.
    Trigger,
    /// The queue of a triggerer.
    Queue,
}

impl Row {
    /// Whether a request of the row can name such an object for `action`, so that an ALLOW on it can match.
    pub fn can_name(&self, action: Action, object: Object) -> bool {
        let by_fields = self.route.when.iter().map(|(_, action)| action);
        let mut own = self.route.actions.iter().chain(by_fields);
        let is_own = own.any(|own| *own == action);
        is_own && (self.ids().any(|id| stands_for(id, object)) || self.answers(object))
            || self.beside(action, object)
            || self.route.defers && deferred(action, object)
    }

    /// Whether a request of the row can be about such an object for `action`, named or not.
    pub fn is_about(&self, action: Action, object: Object) -> bool {
        let open = self.route.any.iter().chain(self.route.beyond);
        let is_beside = self.route.also.is_some_and(|(also, _)| also == action);
        self.can_name(action, object)
            || open.copied().any(|id| stands_for(id, object))
            || is_beside && object == Object::Dag
    }

    /// Whether the body can name such an object for an action beside the row's own.
    fn beside(&self, action: Action, object: Object) -> bool {
        let places = self.route.also.filter(|(also, _)| *also == action);
        places.is_some_and(|(_, places)| places.iter().any(|place| stands_for(place.id, object)))
    }

    fn answers(&self, object: Object) -> bool {
        self.route.answer_names_dag && object == Object::Dag
    }

    /// The ids that path, query and body name.
    fn ids(&self) -> impl Iterator<Item = Id> {
        let in_path = segments(self.route.template).filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Value(_, id) | Segment::Tail(id) => id,
        });
        let in_query = self.route.query.iter().map(|param| param.id);
        let in_body = self.route.body.iter().map(|field| field.id);
        in_path.chain(in_query).chain(in_body)
    }
}

/// Whether a deferral can name such an object for `action`.
fn deferred(action: Action, object: Object) -> bool {
    match action {
        Action::ConnectionRead => object == Object::Connection,
        Action::DagRunRead | Action::TaskInstanceRead => matches!(object, Object::Dag | Object::Task),
        Action::TriggerCreate => matches!(
            object,
            Object::Trigger | Object::Queue | Object::Dag | Object::Task
        ),
        _ => false,
    }
}

/// Whether an id names such an object. A task instance's UUID names a DAG and a task once Airflow has answered.
fn stands_for(id: Id, object: Object) -> bool {
    match id {
        Id::Dag => object == Object::Dag,
        Id::Task => object == Object::Task,
        Id::TaskInstance => matches!(object, Object::Dag | Object::Task),
        Id::Connection => object == Object::Connection,
        Id::Variable => object == Object::Variable,
        Id::Pool => object == Object::Pool,
        Id::XcomKey => object == Object::XcomKey,
        Id::Asset | Id::AssetNumber => object == Object::Asset,
        Id::Run | Id::Callback => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::*;

    fn names(action: Action, object: Object) -> bool {
        rows().any(|row| row.asks_for(action) && row.can_name(action, object))
    }

    #[test]
    fn rows_name_the_objects_of_their_actions() {
        assert!(names(Action::XcomRead, Object::XcomKey) && names(Action::XcomRead, Object::Dag));
        assert!(names(Action::TaskInstanceRun, Object::Dag));
        assert!(names(Action::TriggerCreate, Object::Trigger));
        assert!(!names(Action::VariableRead, Object::Connection));
        assert!(!names(Action::XcomRead, Object::Pool));
        assert!(!names(Action::ConnectionRead, Object::Dag));
        assert!(!names(Action::CallbackRun, Object::Dag));
        let run = rows().find(|row| row.asks_for(Action::CallbackRun)).unwrap();
        assert!(run.is_about(Action::CallbackRun, Object::Dag));
    }
}

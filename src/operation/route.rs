//! One row of the route table: the meaning of a method and a path template.

use super::Action;

/// The kind of id that a placeholder of a template, a query parameter or a body can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    Dag,
    Run,
    Task,
    /// A task instance's UUID. It stands for a DAG, a run and a task without naming them.
    TaskInstance,
    /// The UUID of a deadline's callback, which belongs to a run that it does not name.
    Callback,
    Connection,
    Variable,
    Pool,
    XcomKey,
    Asset,
    /// The number of an asset.
    AssetNumber,
}

/// A minor line of Airflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// 2.11
    V2_11,
    /// 3.0
    V3_0,
    /// 3.1
    V3_1,
    /// 3.2
    V3_2,
    /// 3.3
    V3_3,
    /// 3.4
    V3_4,
}

impl Line {
    /// Every line, oldest first.
    pub const ALL: [Self; 6] = [
        Self::V2_11,
        Self::V3_0,
        Self::V3_1,
        Self::V3_2,
        Self::V3_3,
        Self::V3_4,
    ];

    /// The line as in its releases' names, `3.3`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2_11 => "2.11",
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
            Self::V3_2 => "3.2",
            Self::V3_3 => "3.3",
            Self::V3_4 => "3.4",
        }
    }

    /// The line of a release such as `3.3.2` or `3.4.0b2`.
    pub fn of(release: &str) -> Option<Self> {
        let (line, _) = release.rsplit_once('.')?;
        Self::ALL.into_iter().find(|known| known.as_str() == line)
    }
}

/// The range of lines that have a route, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Versions {
    since: Line,
    until: Line,
}

impl Versions {
    /// Whether `line` is in the range.
    pub(super) fn include(self, line: Line) -> bool {
        self.since <= line && line <= self.until
    }

    /// Whether any line of Airflow 3 is in the range.
    pub(super) fn reach_3(self) -> bool {
        self.until >= Line::V3_0
    }
}

/// 2.11 and every 3.x.
pub(super) const EVERY: Versions = lines(Line::V2_11, Line::V3_4);
/// 2.11 only.
pub(super) const V2: Versions = lines(Line::V2_11, Line::V2_11);
/// Every 3.x.
pub(super) const V3: Versions = lines(Line::V3_0, Line::V3_4);
pub(super) const ONLY_3_0: Versions = lines(Line::V3_0, Line::V3_0);
pub(super) const UNTIL_3_1: Versions = lines(Line::V3_0, Line::V3_1);
pub(super) const SINCE_3_1: Versions = lines(Line::V3_1, Line::V3_4);
pub(super) const ONLY_3_2: Versions = lines(Line::V3_2, Line::V3_2);
pub(super) const SINCE_3_2: Versions = lines(Line::V3_2, Line::V3_4);
pub(super) const SINCE_3_3: Versions = lines(Line::V3_3, Line::V3_4);

pub(super) const SINCE_3_4: Versions = lines(Line::V3_4, Line::V3_4);

const fn lines(since: Line, until: Line) -> Versions {
    Versions { since, until }
}

/// A query parameter that names an object of the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) id: Id,
    pub(super) takes: Takes,
}

/// The meaning of a query parameter for an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// The parameter names one id.
    One,
    /// The parameter names any number of ids.
    Several,
    /// If the parameter is given, the request is about other ids too.
    Widens,
}

/// A query parameter that names one id.
pub(super) const fn one(name: &'static str, id: Id) -> Param {
    let takes = Takes::One;
    Param { name, id, takes }
}

/// A query parameter that names several ids.
pub(super) const fn list(name: &'static str, id: Id) -> Param {
    let takes = Takes::Several;
    Param { name, id, takes }
}

/// A query parameter that extends the request to other ids, whatever else names them.
pub(super) const fn beside(name: &'static str, id: Id) -> Param {
    let takes = Takes::Widens;
    Param { name, id, takes }
}

/// A place in a body that names an object of the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// The place: field names separated by `.`, `[]` after the name of a list for each of its elements, `|`
    /// between two names for the same field.
    pub(super) path: &'static str,
    pub(super) id: Id,
    pub(super) means: Means,
}

/// The meaning of a place in a body for an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// The place is the id.
    Is,
    /// The place is the id; an element of the list may also be the id itself instead of an object.
    IsOrElement,
    /// If the place is true, the request is about other ids too.
    Widens,
}

/// A place that is an id.
pub(super) const fn is(path: &'static str, id: Id) -> Field {
    let means = Means::Is;
    Field { path, id, means }
}

/// A place that is an id, in an element that may also be the id itself.
pub(super) const fn is_or_element(path: &'static str, id: Id) -> Field {
    let means = Means::IsOrElement;
    Field { path, id, means }
}

/// A place that extends the request to other ids if it is true.
pub(super) const fn widens(path: &'static str, id: Id) -> Field {
    let means = Means::Widens;
    Field { path, id, means }
}

/// The actions that a deferral can need, beside the row's own.
pub(super) const DEFERRAL: [Action; 4] = [
    Action::TriggerCreate,
    Action::ConnectionRead,
    Action::DagRunRead,
    Action::TaskInstanceRead,
];

/// One row of the table.
#[derive(Debug)]
pub(super) struct Route {
    /// The lines that have the route.
    pub(super) versions: Versions,
    /// The method. GET answers HEAD as well.
    pub(super) method: &'static str,
    /// The path: `{name}` takes a segment, `prefix={name}` the rest of a segment, and `{name:path}` all
    /// remaining segments except the literal segments and placeholders behind it.
    pub(super) template: &'static str,
    /// The actions. The policy must allow all of them.
    pub(super) actions: &'static [Action],
    /// The ids that the query names. A parameter that is not given stands for all ids.
    pub(super) query: &'static [Param],
    /// The ids that the server picks, or takes all of.
    pub(super) any: &'static [Id],
    /// The ids of which the server takes others too, beside those that path and query name.
    pub(super) beyond: &'static [Id],
    /// Whether Airflow's answer names the task instance's DAG and run.
    pub(super) answer_names_dag: bool,
    /// The places where the body names ids, in place of the path's or beside them.
    pub(super) body: &'static [Field],
    /// A further action, on each id that the body names at these places.
    pub(super) also: Option<(Action, &'static [Field])>,
    /// Whether the body may tell the triggerer what to run.
    pub(super) defers: bool,
    /// Fields of the body that add an action if they have a value.
    pub(super) when: &'static [(&'static str, Action)],
    /// The other fields of the body that some release reads. If a body has any further field, the request may
    /// be for another route: one that a newer release has in the place of an id.
    pub(super) reads: Option<&'static [&'static str]>,
}

/// Makes a row whose ids are in its path.
pub(super) const fn on(
    versions: Versions,
    method: &'static str,
    template: &'static str,
    actions: &'static [Action],
) -> Route {
    Route {
        versions,
        method,
        template,
        actions,
        query: &[],
        any: &[],
        beyond: &[],
        body: &[],
        also: None,
        defers: false,
        when: &[],
        reads: None,
        answer_names_dag: false,
    }
}

impl Route {
    /// Whether the accesses depend on the body.
    pub(super) fn reads_body(&self) -> bool {
        !self.body.is_empty()
            || !self.when.is_empty()
            || self.reads.is_some()
            || self.also.is_some()
            || self.defers
    }

    /// The actions that the body may add to [`Self::actions`].
    pub(super) fn further_actions(&self) -> impl Iterator<Item = Action> {
        let by_ids = self.also.map(|(action, _)| action);
        let by_fields = self.when.iter().map(|(_, action)| *action);
        let by_deferral = DEFERRAL.iter().filter(|_| self.defers);
        by_ids.into_iter().chain(by_fields).chain(by_deferral.copied())
    }

    /// Adds the ids that the query names.
    pub(super) const fn query(mut self, query: &'static [Param]) -> Self {
        self.query = query;
        self
    }

    /// Adds the ids that the server picks, or takes all of.
    pub(super) const fn any(mut self, any: &'static [Id]) -> Self {
        self.any = any;
        self
    }

    /// Adds the ids of which the server takes more than the request names.
    pub(super) const fn beyond(mut self, beyond: &'static [Id]) -> Self {
        self.beyond = beyond;
        self
    }

    /// Declares that the answer names the DAG and the run.
    pub(super) const fn answer_names_dag(mut self) -> Self {
        self.answer_names_dag = true;
        self
    }

    /// Adds `action` on the ids that the body names at these places.
    pub(super) const fn also(mut self, action: Action, places: &'static [Field]) -> Self {
        self.also = Some((action, places));
        self
    }

    /// Declares that the body may tell the triggerer what to run.
    pub(super) const fn defers(mut self) -> Self {
        self.defers = true;
        self
    }

    /// Adds the action beside each of these fields of the body if the field has a value.
    pub(super) const fn when(mut self, when: &'static [(&'static str, Action)]) -> Self {
        self.when = when;
        self
    }

    /// Declares that the body has no fields but these, and those that [`Self::when`] and [`Self::body`] name.
    pub(super) const fn reads(mut self, reads: &'static [&'static str]) -> Self {
        self.reads = Some(reads);
        self
    }

    /// Adds the places where the body may name ids.
    pub(super) const fn body(mut self, body: &'static [Field]) -> Self {
        self.body = body;
        self
    }
}

/// One segment of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment {
    /// Exactly this text.
    Literal(&'static str),
    /// This text, which may be empty, followed by a value.
    Value(&'static str, Option<Id>),
    /// All remaining segments, slashes included.
    Tail(Option<Id>),
}

/// The segments of a template.
pub(super) fn segments(template: &'static str) -> impl Iterator<Item = Segment> {
    let texts = template.split('/').filter(|text| !text.is_empty());
    texts.map(segment)
}

fn segment(text: &'static str) -> Segment {
    let Some((prefix, name)) = placeholder(text) else {
        return Segment::Literal(text);
    };
    match name.strip_suffix(":path") {
        Some(name) => Segment::Tail(id_named(name)),
        None => Segment::Value(prefix, id_named(name)),
    }
}

/// The text before a segment's placeholder, and the text in its braces.
pub(super) fn placeholder(segment: &'static str) -> Option<(&'static str, &'static str)> {
    segment.strip_suffix('}')?.split_once('{')
}

/// The kind of id that a placeholder names. The names are Airflow's, except for XCom keys: Airflow calls them
/// `key`, as it does other keys.
pub(super) fn id_named(name: &str) -> Option<Id> {
    Some(match name {
        "dag_id" => Id::Dag,
        "run_id" | "dag_run_id" => Id::Run,
        "task_id" => Id::Task,
        "task_instance_id" => Id::TaskInstance,
        "callback_id" => Id::Callback,
        "connection_id" => Id::Connection,
        "variable_key" => Id::Variable,
        "pool_name" => Id::Pool,
        "xcom_key" => Id::XcomKey,
        "asset_id" => Id::AssetNumber,
        "uri" => Id::Asset,
        _ => return None,
    })
}

//! The accesses that a request asks for, in words.

use dagward::fact::Fact;
use dagward::operation::Access;

/// One access in words: `dag_run:trigger on dag finance_daily`.
pub(super) fn asked(ask: &Access<'_>) -> String {
    let action = match ask.action {
        Fact::Known(action) => format!("`{action}`"),
        Fact::Absent => "it".to_owned(),
        Fact::Unknown | Fact::Pending => "an unknown action".to_owned(),
    };
    let objects = [
        ("dag", &ask.dag),
        ("run", &ask.run),
        ("task", &ask.task),
        ("connection", &ask.connection),
        ("variable", &ask.variable),
        ("pool", &ask.pool),
        ("xcom", &ask.xcom_key),
        ("asset", &ask.asset),
        ("trigger", &ask.trigger),
        ("queue", &ask.queue),
    ];
    let known = objects
        .iter()
        .filter_map(|(kind, fact)| Some(format!("{kind} `{}`", fact.known()?)));
    let known = known.collect::<Vec<_>>().join(", ");
    if known.is_empty() {
        action
    } else {
        format!("{action} on {known}")
    }
}

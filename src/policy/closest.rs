//! The words that an error shows for a misspelt one: all of a short list, and of a long one the near ones.

use super::nearest::nearest;
use crate::operation::Action;

/// The longest list that an error shows as a whole.
pub(super) const MAX_SHOWN: usize = 12;

/// Other words for the verbs of actions, each with the verbs that it can mean.
const VERBS: &[(&[&str], &[&str])] = &[
    (&["get", "list", "view", "show", "fetch", "head"], &["read"]),
    (
        &["write", "put", "patch", "set", "edit", "modify", "change"],
        &["update", "create"],
    ),
    (&["post", "add", "insert", "new", "push"], &["create"]),
    (&["remove", "destroy", "drop", "purge"], &["delete"]),
    (
        &["start", "launch", "execute", "trigger", "run"],
        &["trigger", "run"],
    ),
    (&["pull"], &["read"]),
];

/// The allowed words in an error, and the nearest one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closest {
    pub(super) allowed: String,
    pub(super) nearest: Option<String>,
}

/// The actions near a misspelt one: those of its resource.
pub(super) fn actions(text: &str) -> Closest {
    let (resource, verb) = text.split_once(':').unwrap_or((text, "*"));
    let resource = resource.to_ascii_lowercase();
    let verb = verb.trim_matches('*').to_ascii_lowercase();
    let resources = || Action::ALL.iter().map(|action| action.resource());
    let is_verb = !text.contains(':') && Action::ALL.iter().any(|action| action.verb() == resource);
    let Some(resource) = nearest(&resource, resources()).filter(|_| !is_verb) else {
        return Closest {
            allowed: "`resource:verb`, such as `xcom:read` or `dag_run:*`; docs/actions.md has all"
                .to_owned(),
            nearest: nearest(text, Action::WORDS.iter().copied()).map(str::to_owned),
        };
    };
    let verbs = || {
        let own = Action::ALL.iter().filter(|action| action.resource() == resource);
        own.map(|action| action.verb())
    };
    let meant = VERBS.iter().filter(|(others, _)| others.contains(&&*verb));
    let meant = meant
        .flat_map(|(_, meant)| *meant)
        .copied()
        .find(|meant| verbs().any(|own| own == *meant));
    let near = match verb.as_str() {
        "" => Some("*"),
        verb => meant.or_else(|| nearest(verb, verbs())),
    };
    let words: Vec<String> = verbs().map(|verb| format!("`{resource}:{verb}`")).collect();
    Closest {
        allowed: words.join(", "),
        nearest: near.map(|verb| format!("{resource}:{verb}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_action_shows_the_verbs_of_its_resource() {
        for (text, expected) in [
            ("xcom:get", Some("xcom:read")),
            ("xcoms:read", Some("xcom:read")),
            ("XCOM:READ", Some("xcom:read")),
            ("dags:list", Some("dag:read")),
            ("variable:write", Some("variable:update")),
            ("dag_run:start", Some("dag_run:trigger")),
            ("dag-run:trigger", Some("dag_run:trigger")),
            ("task_instance:execute", Some("task_instance:run")),
            ("xcom", Some("xcom:*")),
            ("xcom:gt*", None),
            ("conection:raed", Some("connection:read")),
            ("warehouse:read", None),
            ("read", None),
        ] {
            let closest = actions(text);
            if expected.is_some() {
                assert_eq!(closest.nearest.as_deref(), expected, "{text}");
            }
            assert!(
                closest.allowed.matches('`').count() <= 2 * MAX_SHOWN,
                "{closest:?}"
            );
        }
        let xcom = "`xcom:create`, `xcom:delete`, `xcom:read`, `xcom:update`";
        assert_eq!(actions("xcom:get").allowed, xcom);
    }
}

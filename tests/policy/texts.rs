//! The texts that the variables of a random policy may stand for.

use dagward::fact::Fact;

use crate::asked::{Asked, Wanted};
use crate::naive::claim;

/// The meaning of the variables `{t}` and `{u}` in one attempt.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'t> {
    /// The text of each; `None` if it is open.
    pub(crate) of: [Option<&'t str>; 2],
    /// The texts that an open variable may have.
    pub(crate) any: &'t [String],
}

pub(crate) const VARIABLES: [&str; 2] = ["{t}", "{u}"];

impl Texts<'_> {
    /// `pattern` with every text that its open variables may have. Where a match refuses, a variable also has each
    /// text that a database may take for its own, and may stand for nothing.
    pub(crate) fn spellings(self, pattern: &str, refuses: bool, uncertain: fn(&str) -> bool) -> Vec<String> {
        let mut all = vec![pattern.to_owned()];
        for (variable, text) in VARIABLES.iter().zip(self.of) {
            if !pattern.contains(variable) {
                continue;
            }
            let mut open: Vec<&str> = self.any.iter().map(String::as_str).collect();
            open.extend(refuses.then_some(""));
            let texts = match text {
                Some(text) if !(refuses && uncertain(text)) => vec![text],
                _ => open,
            };
            let spelt = |text: &&str| {
                all.iter()
                    .map(|one| one.replace(variable, text))
                    .collect::<Vec<_>>()
            };
            all = texts.iter().flat_map(spelt).collect();
        }
        all
    }

    /// Whether some variable of `pattern` is open.
    pub(crate) fn leaves_open(self, pattern: &str) -> bool {
        let mut variables = VARIABLES.iter().zip(self.of);
        variables.any(|(variable, text)| text.is_none() && pattern.contains(variable))
    }
}

/// Every non-empty piece of every value that a variable may be bound to or compared with, cut where the patterns
/// of this test have other characters, and a text that no value has.
pub(crate) fn texts(asked: &Asked, wanted: &Wanted) -> Vec<String> {
    let mut all = vec!["\0".to_owned()];
    let mut add = |value: &str| {
        let cuts = value.match_indices(['_', '-', '/', ' ']);
        let mut ends: Vec<usize> = cuts
            .flat_map(|(at, _)| [at, at + 1])
            .chain([0, value.len()])
            .collect();
        ends.sort_unstable();
        ends.dedup();
        for (from, start) in ends.iter().enumerate() {
            all.extend(
                ends.iter()
                    .skip(from + 1)
                    .map(|end| value[*start..*end].to_owned()),
            );
        }
    };
    if let Some(principal) = &asked.principal {
        principal.as_str().split('/').for_each(&mut add);
    }
    let acting = asked.acting.iter().filter(|_| !asked.acting_pending);
    for acting in acting {
        let parts = [
            Some(&acting.dag_id),
            acting.run_id.as_ref(),
            acting.task_id.as_ref(),
        ];
        parts.into_iter().flatten().for_each(|value| add(value));
    }
    for token in &asked.shown {
        let subject = token.request_principal.rsplit("o/").next().unwrap_or_default();
        add(subject.strip_prefix("users/").unwrap_or(subject));
        ["groups", "a.b"]
            .iter()
            .flat_map(|path| claim(&token.claims, path))
            .for_each(|value| add(&value));
    }
    for value in [wanted.dag, wanted.run, wanted.task, wanted.connection]
        .iter()
        .filter_map(Fact::known)
    {
        add(value);
    }
    all.sort_unstable();
    all.dedup();
    all
}

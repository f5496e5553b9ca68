//! Decides which conditions of an entry bind variables, and in which order the conditions are read.

use super::super::field::{Binding, Field};
use super::entry::ReadCondition;

/// The fields that bind variables, in the order in which they do: the identity, tokens, then what the caller acts
/// for. Each can use the variables that those before it bind.
pub(super) fn binders() -> impl Iterator<Item = Field> {
    [Binding::Identity, Binding::Token, Binding::Acting]
        .into_iter()
        .flat_map(|binding| {
            Field::ALL
                .into_iter()
                .filter(move |field| field.binding() == binding)
        })
}

/// The conditions in the order in which they are read, with those marked that bind variables.
pub(super) fn in_order(mut read: Vec<ReadCondition<'_>>) -> Vec<ReadCondition<'_>> {
    let marks = marks(&read);
    for (condition, binds) in read.iter_mut().zip(marks) {
        condition.binds = binds;
    }
    let token_binds = read.iter().any(|other| other.binds && other.field.is_of_token());
    let place = |condition: &ReadCondition<'_>| match condition.binding() {
        Binding::Identity => 0,
        _ if condition.field.is_of_token() && token_binds && !condition.negated => 1,
        _ if condition.field.is_of_token() && token_binds => 2,
        Binding::Acting if condition.binds => 3,
        Binding::Token | Binding::Acting | Binding::Nothing => 4,
    };
    let key = |condition: &ReadCondition<'_>| (place(condition), condition.field, condition.negated);
    // The list is short, and a sorting algorithm would cost the module 15 kB.
    let mut conditions: Vec<ReadCondition<'_>> = Vec::with_capacity(read.len());
    for condition in read {
        let after = conditions.partition_point(|other| key(other) <= key(&condition));
        conditions.insert(after, condition);
    }
    conditions
}

/// For each condition, whether it binds variables: whether it has one that no identity and no token binds. The
/// acting task may be unknown. Then the next condition binds the variable.
fn marks(read: &[ReadCondition<'_>]) -> Vec<bool> {
    let mut marks = vec![false; read.len()];
    let is_template =
        |condition: &ReadCondition<'_>| condition.texts.iter().any(|(_, text)| text.contains('{'));
    if !read.iter().any(is_template) {
        return marks;
    }
    let mut bound: Vec<&str> = Vec::new();
    for field in binders() {
        let of_field = |condition: &&ReadCondition<'_>| condition.field == field && !condition.negated;
        for (mark, condition) in marks.iter_mut().zip(read) {
            let is_new = |name: &&str| !bound.contains(name);
            *mark |= of_field(&condition) && condition.names().iter().any(is_new);
        }
        if field.binding() != Binding::Acting {
            bound.extend(read.iter().filter(of_field).flat_map(ReadCondition::names_in_all));
        }
    }
    marks
}

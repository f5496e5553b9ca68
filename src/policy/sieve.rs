//! Evaluates the facts that all accesses of one request share, once for all of them.
//!
//! A body can name a hundred ids, and every rule that the index finds for each of them would be evaluated a
//! hundred times. But the accesses of a request differ in few facts. If a rule does not match whatever values
//! these few have, it matches none of the accesses.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::compiled::{Compiled, Scope};
use super::effect::Effect;
use super::facts::Facts;

/// The rules of one effect that may match some access of a request.
pub(super) struct Sieve<'r, 'f> {
    compiled: &'r Compiled,
    effect: Effect,
    scope: Scope,
    /// The facts of all accesses, left open where they differ.
    common: Facts<'f>,
    /// The remaining rules of each list, by the list's address and length.
    left: RefCell<HashMap<*const [u32], Rc<[u32]>>>,
}

impl<'r, 'f> Sieve<'r, 'f> {
    /// Up to this number of accesses, or of rules in a list, are evaluated one by one.
    pub(super) const FEW: usize = 4;

    pub(super) fn new(compiled: &'r Compiled, effect: Effect, scope: Scope, accesses: &[Facts<'f>]) -> Self {
        Self {
            compiled,
            effect,
            scope,
            common: Facts::common(accesses, effect.open()),
            left: RefCell::default(),
        }
    }

    /// The rules of `list` that may match. `list` is one of an index's.
    pub(super) fn through(&self, list: &'r [u32]) -> Rc<[u32]> {
        let may_hold = |number: &u32| {
            self.compiled
                .holds_in(*number, self.effect, self.scope, &self.common)
        };
        let mut left = self.left.borrow_mut();
        let sifted = left
            .entry(std::ptr::from_ref(list))
            .or_insert_with(|| list.iter().copied().filter(may_hold).collect());
        Rc::clone(sifted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Fact;
    use crate::operation::{self, Body, Request, Site};
    use crate::policy::load;

    #[test]
    fn rules_that_match_no_access_are_sifted_out_once() {
        let rules: Vec<String> = (0..100)
            .map(|n| format!(r#"{{"to":[{{"notPaths":["/x{n}","/api/*"]}},{{"notDags":["d{n}"],"methods":["POST"]}}]}}"#))
            .collect();
        let document = format!(
            r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"DENY","rules":[{}]}}]}}"#,
            rules.join(",")
        );
        let ruleset = load(document.as_bytes()).unwrap();
        for (method, kept) in [("GET", 0), ("POST", 100)] {
            let request = Request {
                method: "GET",
                target: "/api/v2/dagStats?dag_ids=a,b,c,d,e,f",
                host: "api",
                body: Body::Whole(&[]),
            };
            let mut operation = operation::classify(&request, &Site::default()).unwrap();
            operation.method = method;
            let accesses = operation.accesses.iter();
            let facts: Vec<_> = accesses
                .map(|access| Facts::new(None, Fact::Unknown, &[], &operation, access))
                .collect();
            assert_eq!(facts.len(), 6);
            let sieve = Sieve::new(&ruleset.compiled, Effect::Deny, Scope::All, &facts);
            let list: Vec<u32> = (0..100).collect();
            let left = sieve.through(&list);
            assert_eq!(left.len(), kept, "{method}");
            assert!(
                Rc::ptr_eq(&left, &sieve.through(&list)),
                "the list is sifted once"
            );
            // A list that begins at the same address but is shorter is another list.
            assert_eq!(sieve.through(&list[..50]).len(), kept / 2);
            assert!(sieve.through(&list[..0]).is_empty());
        }
    }
}

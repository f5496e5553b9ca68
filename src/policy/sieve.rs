//! What the asks of one request have in common, looked at once for all of them.
//!
//! A body can name a hundred ids, and every rule that the index finds for each of them would be
//! evaluated a hundred times. But the asks of a request differ in few facts. A rule that does not
//! hold whatever these are holds for none of the asks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::decide::Scope;
use super::facts::Facts;
use super::ruleset::{Effect, Ruleset};

/// The rules of one effect that may hold for some ask of a request.
pub(super) struct Sieve<'r, 'f> {
    ruleset: &'r Ruleset,
    effect: Effect,
    scope: Scope,
    /// The facts of all asks, left open where they differ.
    common: Facts<'f>,
    /// What is left of a list, by where it lies and how long it is.
    left: RefCell<HashMap<*const [u32], Rc<[u32]>>>,
}

impl<'r, 'f> Sieve<'r, 'f> {
    /// So many asks, or rules of a list, are looked at one by one.
    pub(super) const FEW: usize = 4;

    pub(super) fn new(ruleset: &'r Ruleset, effect: Effect, scope: Scope, asks: &[Facts<'f>]) -> Self {
        Self {
            ruleset,
            effect,
            scope,
            common: Facts::common(asks, effect.open()),
            left: RefCell::default(),
        }
    }

    /// The rules of `list`, one of an index, that may hold.
    pub(super) fn through(&self, list: &'r [u32]) -> Rc<[u32]> {
        let may_hold = |number: &u32| {
            self.ruleset
                .holds_in(*number, self.effect, self.scope, &self.common)
        };
        let mut left = self.left.borrow_mut();
        let sifted = left
            .entry(std::ptr::from_ref(list))
            .or_insert_with(|| list.iter().copied().filter(may_hold).collect());
        Rc::clone(sifted)
    }
}

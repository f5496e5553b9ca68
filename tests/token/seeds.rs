//! What the fuzzer starts from, and bytes of any kind, through what the fuzzer runs.

use std::fs;

use dagward_lab::paths;
use proptest::prelude::*;

use crate::input;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = paths::workspace().join("fuzz/seeds").join(target);
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn the_seeds_are_telling() {
    let tokens = seeds("token");
    let parsed = tokens.iter().filter(|seed| input::token(seed)).count();
    assert!(
        parsed >= 3 && parsed < tokens.len(),
        "{parsed} of {}",
        tokens.len()
    );
    let sets = seeds("jwks");
    let parsed = sets.iter().filter(|seed| input::jwks(seed)).count();
    assert!(parsed >= 3 && parsed < sets.len(), "{parsed} of {}", sets.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        input::token(&bytes);
        input::jwks(&bytes);
    }

    #[test]
    fn changed_seeds_are_read_without_a_panic(
        number in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for (target, run) in [("token", input::token as fn(&[u8]) -> bool), ("jwks", input::jwks)] {
            let seeds = seeds(target);
            let mut seed = number.get(&seeds).clone();
            for (at, byte) in &changes {
                if !seed.is_empty() {
                    let at = at.index(seed.len());
                    seed[at] = *byte;
                }
            }
            run(&seed);
        }
    }
}

//! The fuzzer's seeds, changed seeds and random bytes, each run through the fuzz targets.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

#[path = "../../fuzz/input/mod.rs"]
mod input;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use input::{TARGETS, run};

fn folder(target: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(target)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder("seeds").join(target)).unwrap();
    entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn the_seeds_are_telling() {
    for (target, read) in TARGETS {
        let seeds = seeds(target);
        let good = seeds.iter().filter(|seed| read(seed)).count();
        assert!(
            good >= 2 && good < seeds.len(),
            "{target}: {good} of {}",
            seeds.len()
        );
    }
}

#[test]
fn every_target_has_a_program() {
    let mut programs: Vec<String> = fs::read_dir(folder("fuzz_targets"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    programs.sort_unstable();
    assert_eq!(programs, TARGETS.map(|(target, _)| target));
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for program in programs {
        let text = fs::read_to_string(folder("fuzz_targets").join(format!("{program}.rs"))).unwrap();
        assert!(text.contains(&format!("input::run(\"{program}\"")), "{program}");
        assert!(manifest.contains(&format!("name = \"{program}\"")), "{program}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (target, _) in TARGETS {
            run(target, &bytes);
        }
    }

    #[test]
    fn changed_seeds_are_read_without_a_panic(
        number in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for (target, read) in TARGETS {
            let seeds = seeds(target);
            let mut seed = number.get(&seeds).clone();
            for (at, byte) in &changes {
                if !seed.is_empty() {
                    let at = at.index(seed.len());
                    seed[at] = *byte;
                }
            }
            read(&seed);
        }
    }
}

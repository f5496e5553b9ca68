//! The filter accepts no token that was tampered with, and no token that other code refuses.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::forged::forged;
use crate::testing::{claims, token};
use crate::{Algorithm, Refusal, opinion, verdict};

/// The number of tokens that both verify.
const TOKENS: usize = 100_000;

fn good(algorithm: Algorithm) -> String {
    let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, algorithm.as_str());
    token(algorithm, &header, &claims().to_string())
}

#[test]
fn both_accept_good_tokens() {
    for algorithm in Algorithm::ALL {
        let token = good(algorithm);
        assert_eq!(verdict(&token, algorithm), Ok(()), "{algorithm:?}");
        assert_ne!(opinion::accepts(&token, algorithm), Some(false), "{algorithm:?}");
    }
}

#[test]
fn nothing_is_accepted_that_jwt_simple_refuses() {
    let mut runner = TestRunner::deterministic();
    let forged = forged();
    let mut verdicts = BTreeMap::<&str, usize>::new();
    for _ in 0..TOKENS {
        let forged = forged.new_tree(&mut runner).unwrap().current();
        let own = verdict(&forged.token, forged.verified_as);
        *verdicts
            .entry(own.err().map_or("accepted", Refusal::as_str))
            .or_default() += 1;
        if own.is_ok() {
            let other = opinion::accepts(&forged.token, forged.verified_as);
            assert_ne!(other, Some(false), "{forged:?}");
        }
    }
    // The tokens are only useful if they meet every check.
    let met = |word: &str| verdicts.get(word).copied().unwrap_or_default();
    assert!(met("accepted") > TOKENS / 20, "{verdicts:#?}");
    for refusal in Refusal::ALL.into_iter().filter(|refusal| can_be_met(*refusal)) {
        assert!(met(refusal.as_str()) >= 20, "{refusal}: {verdicts:#?}");
    }
}

/// Whether tokens of this kind can meet it.
fn can_be_met(refusal: Refusal) -> bool {
    !matches!(
        refusal,
        // These are about requests, keys and proxies.
        Refusal::Missing
            | Refusal::Repeated
            | Refusal::TooLong
            | Refusal::Unreadable
            | Refusal::AlgorithmUnsupported
            | Refusal::KeyUnknown
            | Refusal::KeyMismatch
            | Refusal::KeyUnusable
            | Refusal::KeysUnavailable
            | Refusal::NotVerifiedByIstio
            | Refusal::BoundToAnotherPeer
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_token_is_refused(
        algorithm in prop::sample::select(vec![Algorithm::Hs512, Algorithm::EdDsa]),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let good = good(algorithm);
        let mut bytes = good.clone().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let changed = String::from_utf8_lossy(&bytes);
        prop_assume!(changed != good);
        prop_assert!(verdict(&changed, algorithm).is_err());
    }

    #[test]
    fn a_cut_or_longer_token_is_refused(at in any::<Index>(), more in "[A-Za-z0-9_.-]{1,8}") {
        let good = good(Algorithm::Hs512);
        let at = at.index(good.len());
        prop_assert!(verdict(&good[..at], Algorithm::Hs512).is_err());
        prop_assert!(verdict(&good[at + 1..], Algorithm::Hs512).is_err());
        let longer = [&good[..at], &more, &good[at..]].concat();
        prop_assert!(verdict(&longer, Algorithm::Hs512).is_err());
    }
}

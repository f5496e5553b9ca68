//! The closed lists of words, and the ranges of numbers.

use std::ops::RangeInclusive;

use super::super::effect::{Effect, Mode};
use crate::caller::Proof;
use crate::operation::{Action, Surface};
use crate::token::{Algorithm, Kind};

/// The only version of the policy language so far.
pub const API_VERSION: &str = "dagward/v1";

pub(in super::super) const PORTS: RangeInclusive<u64> = 1..=65_535;
pub(in super::super) const REFRESH_SECONDS: RangeInclusive<u64> = 10..=86_400;
pub(in super::super) const CLOCK_SKEW_SECONDS: RangeInclusive<u64> = 0..=300;

/// The longest description, in characters.
pub(in super::super) const DESCRIPTION: usize = 1_000;

pub(in super::super) fn versions() -> Vec<&'static str> {
    vec![API_VERSION]
}

pub(in super::super) fn modes() -> Vec<&'static str> {
    Mode::ALL.map(Mode::as_str).to_vec()
}

/// The modes that a policy may have of its own.
pub(in super::super) fn policy_modes() -> Vec<&'static str> {
    vec![Mode::Shadow.as_str(), Mode::Enforce.as_str()]
}

pub(in super::super) fn effects() -> Vec<&'static str> {
    Effect::ALL.map(Effect::as_str).to_vec()
}

pub(in super::super) fn kinds() -> Vec<&'static str> {
    Kind::ALL.map(Kind::as_str).to_vec()
}

pub(in super::super) fn algorithms() -> Vec<&'static str> {
    Algorithm::ALL.map(Algorithm::as_str).to_vec()
}

pub(in super::super) fn surfaces() -> Vec<&'static str> {
    Surface::ALL.map(Surface::as_str).to_vec()
}

pub(in super::super) fn proofs() -> Vec<&'static str> {
    Proof::ALL.map(Proof::as_str).to_vec()
}

pub(in super::super) fn actions() -> Vec<&'static str> {
    Action::ALL.iter().map(|action| action.as_str()).collect()
}

//! Tokens taken apart leniently, to be shown: what a filter would refuse is what people look at.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use dagward::token::Claims;

/// Takes padding and stray bits, which the filter does not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A part of a token, decoded; `None` where it is not there or no base64url.
pub(crate) fn part(token: &str, number: usize) -> Option<Vec<u8>> {
    LENIENT.decode(token.split('.').nth(number)?).ok()
}

/// What a token claims, whatever its header is.
pub(crate) fn claims(token: &str) -> Option<Claims> {
    Claims::parse(&part(token, 1)?).ok()
}

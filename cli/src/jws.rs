//! A lenient decoder of tokens, for display: users look at tokens that the filter refuses.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use dagward::token::Claims;

/// Accepts padding and stray bits, which the filter does not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A part of a token, decoded; `None` if it is missing or not base64url.
pub(crate) fn part(token: &str, number: usize) -> Option<Vec<u8>> {
    LENIENT.decode(token.split('.').nth(number)?).ok()
}

/// The claims of a token. Its header does not matter.
pub(crate) fn claims(token: &str) -> Option<Claims> {
    Claims::parse(&part(token, 1)?).ok()
}

//! A reader of credentials that accepts every credential that any release of Airflow accepts.

use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use proptest::test_runner::TestCaseError;

use super::*;

/// Checks that dagward's reading of the credential is Airflow's, or that dagward refuses it.
pub(super) fn agrees(headers: &[Header<'_>], read: &Credential<String>) -> Result<(), TestCaseError> {
    let airflow = task(headers);
    match read {
        Credential::Task(task) => prop_assert_eq!(airflow.as_deref(), Some(task.as_deref().text())),
        Credential::Absent | Credential::Other => prop_assert_eq!(airflow, None),
        Credential::Unreadable(_) => {}
    }
    Ok(())
}

/// The task instance in whose name Airflow accepts the credential.
fn task(headers: &[Header<'_>]) -> Option<String> {
    let (_, value) = headers.first()?;
    let value: String = value.iter().map(|byte| char::from(*byte)).collect();
    let (scheme, token) = value.trim_matches([' ', '\t']).split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let token = token.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c));
    let (signed, _signature) = token.rsplit_once('.')?;
    let (_header, claims) = signed.split_once('.')?;
    let claims: serde_json::Value = serde_json::from_slice(&decode(claims)?).ok()?;
    uuid(claims.as_object()?.get("sub")?.as_str()?)
}

/// `base64.urlsafe_b64decode` of the text with padding added.
fn decode(text: &str) -> Option<Vec<u8>> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(byte);
    let mut kept: Vec<u8> = text.bytes().filter(is_base64).collect();
    let end = kept.iter().position(|byte| *byte == b'=').unwrap_or(kept.len());
    kept.truncate(end);
    for byte in &mut kept {
        *byte = match *byte {
            b'+' => b'-',
            b'/' => b'_',
            byte => byte,
        };
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&URL_SAFE, config).decode(kept).ok()
}

/// Python's `UUID`, as text.
fn uuid(text: &str) -> Option<String> {
    let plain = text.replace("urn:", "").replace("uuid:", "");
    let digits = plain.trim_matches(['{', '}']).replace('-', "");
    if digits.chars().count() != 32 {
        return None;
    }
    let digits = digits.trim();
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let digits: String = digits
        .chars()
        .filter(|c| *c != '_')
        .map(|c| if c == '\u{660}' { '0' } else { c })
        .collect();
    let hex = format!("{:032x}", u128::from_str_radix(&digits, 16).ok()?);
    let mut text = String::new();
    for (place, digit) in hex.chars().enumerate() {
        if [8, 12, 16, 20].contains(&place) {
            text.push('-');
        }
        text.push(digit);
    }
    Some(text)
}

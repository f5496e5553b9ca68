//! The tokens that Istio's RequestAuthentication has verified: the payloads that Envoy's JWT filter leaves in
//! the request's dynamic metadata, an `envoy.config.core.v3.Metadata` in protobuf's wire format.
//!
//! Only that filter writes under its name, and only after it has verified a token.

use std::borrow::Cow;

use super::{Claims, Json};
use crate::wire::protobuf::{BadMessage, Field, fields};

/// The name under which the filter leaves the payloads.
const FILTER: &str = "envoy.filters.http.jwt_authn";

/// The largest depth of a claim, as in a token's own JSON.
const MAX_DEPTH: usize = 64;

/// The metadata are cut short, are not protobuf, or contain claims that are nested too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadMetadata;

impl From<BadMessage> for BadMetadata {
    fn from(_: BadMessage) -> Self {
        Self
    }
}

/// The claims of the tokens that Istio has verified, from a request's dynamic metadata. istiod configures the
/// filter to leave them as `payload`, for every issuer, so that only the last of several tokens stays.
/// Headers and a status may stand beside them; these name no issuer.
///
/// # Errors
///
/// The metadata cannot be read. Istio may have removed the token from the request, and then these claims are
/// the only trace of it: without them, the request would look like one without a token.
pub fn verified_by_istio(metadata: &[u8]) -> Result<Vec<Claims>, BadMetadata> {
    let mut found = Vec::new();
    for entry in map(metadata) {
        let (key, value) = entry?;
        if key == FILTER.as_bytes() {
            let payloads = object(value, MAX_DEPTH)?.into_iter();
            found.extend(payloads.filter_map(|(_, payload)| match payload {
                Json::Object(members) => Some(Claims::of(members)),
                _ => None,
            }));
        }
    }
    found.retain(|claims| claims.get("iss").is_some());
    Ok(found)
}

/// The entries of a message whose first field is a map of texts to messages.
fn map(message: &[u8]) -> impl Iterator<Item = Result<(&[u8], &[u8]), BadMetadata>> {
    fields(message).filter_map(|field| match field {
        Ok((1, Field::Bytes(entry))) => Some(pair(entry)),
        Ok(_) => None,
        Err(error) => Some(Err(error.into())),
    })
}

/// An entry of a map.
fn pair(entry: &[u8]) -> Result<(&[u8], &[u8]), BadMetadata> {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    for part in fields(entry) {
        match part? {
            (1, Field::Bytes(bytes)) => key = bytes,
            (2, Field::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((key, value))
}

/// A `google.protobuf.Struct`.
fn object(message: &[u8], depth: usize) -> Result<Vec<(Cow<'static, str>, Json)>, BadMetadata> {
    map(message)
        .map(|member| {
            let (name, value) = member?;
            Ok((text(name)?, json(value, depth)?))
        })
        .collect()
}

/// A `google.protobuf.Value`.
fn json(message: &[u8], depth: usize) -> Result<Json, BadMetadata> {
    let depth = depth.checked_sub(1).ok_or(BadMetadata)?;
    let mut value = Json::Null;
    for field in fields(message) {
        value = match field? {
            (1, Field::Varint(_)) => Json::Null,
            (2, Field::Double(number)) => Json::Number(number.to_string()),
            (3, Field::Bytes(bytes)) => Json::Text(text(bytes)?),
            (4, Field::Varint(truth)) => (truth != 0).into(),
            (5, Field::Bytes(members)) => Json::Object(object(members, depth)?),
            (6, Field::Bytes(list)) => {
                let elements = fields(list).filter_map(|field| match field {
                    Ok((1, Field::Bytes(element))) => Some(json(element, depth)),
                    Ok(_) => None,
                    Err(error) => Some(Err(error.into())),
                });
                Json::List(elements.collect::<Result<_, _>>()?)
            }
            _ => value,
        };
    }
    Ok(value)
}

fn text(bytes: &[u8]) -> Result<Cow<'static, str>, BadMetadata> {
    let text = String::from_utf8(bytes.to_vec());
    text.map(Cow::Owned).map_err(|_| BadMetadata)
}

/// Metadata as the filter writes them.
#[cfg(test)]
pub(super) mod testing {
    use serde_json::Value;

    use super::FILTER;
    use crate::wire::protobuf::write_bytes;

    pub(crate) fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
        let mut field = Vec::new();
        write_bytes(&mut field, number, bytes);
        field
    }

    pub(crate) fn entry(key: &str, value: &[u8]) -> Vec<u8> {
        field(1, &[field(1, key.as_bytes()), field(2, value)].concat())
    }

    pub(crate) fn value(json: &Value) -> Vec<u8> {
        match json {
            Value::Null => vec![0x08, 0],
            Value::Bool(truth) => vec![0x20, u8::from(*truth)],
            Value::Number(number) => [&[0x11], &number.as_f64().unwrap().to_le_bytes()[..]].concat(),
            Value::String(text) => field(3, text.as_bytes()),
            Value::Array(list) => {
                let elements: Vec<_> = list.iter().map(|element| field(1, &value(element))).collect();
                field(6, &elements.concat())
            }
            Value::Object(_) => field(5, &members(json)),
        }
    }

    pub(crate) fn members(object: &Value) -> Vec<u8> {
        let members = object.as_object().unwrap().iter();
        members
            .flat_map(|(name, member)| entry(name, &value(member)))
            .collect()
    }

    /// Metadata in which `filter` has left a payload, a header and a status.
    pub(crate) fn metadata_of(filter: &str, payload: &Value) -> Vec<u8> {
        let left = serde_json::json!({"payload": payload, "header": {"alg": "RS256"}, "status": 0});
        [
            entry("istio.other", &entry("x", &value(&"y".into()))),
            entry(filter, &members(&left)),
        ]
        .concat()
    }

    pub(crate) fn metadata(payload: &Value) -> Vec<u8> {
        metadata_of(FILTER, payload)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::testing::{metadata, metadata_of};
    use super::*;

    fn payload() -> Value {
        json!({
            "iss": "https://issuer",
            "exp": 1_800_000_000,
            "groups": ["a", "b"],
            "kubernetes.io": {"namespace": "airflow"},
            "admin": true,
            "nothing": null,
        })
    }

    #[test]
    fn a_payload_is_read_with_its_types() {
        let found = verified_by_istio(&metadata(&payload())).unwrap();
        let [claims] = found.as_slice() else {
            panic!("{}", found.len());
        };
        assert_eq!(claims.get("exp"), Some(&Json::Number("1800000000".to_owned())));
        assert_eq!(claims.get("admin"), Some(&Json::True));
        assert_eq!(claims.get("nothing"), Some(&Json::Null));
        assert_eq!(claims.values("groups"), ["a", "b"]);
        assert_eq!(claims.values("kubernetes.io.namespace"), ["airflow"]);
    }

    #[test]
    fn what_another_filter_wrote_is_no_word_of_istio() {
        for metadata in [&metadata_of("istio.jwt", &payload())[..], &[]] {
            assert!(verified_by_istio(metadata).unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_cut_short_or_too_deep_is_not_taken_for_none() {
        let whole = metadata(&payload());
        let cut: Vec<_> = (1..whole.len())
            .filter(|size| verified_by_istio(&whole[..*size]).is_ok())
            .collect();
        // Between two entries nothing is cut.
        assert!(cut.len() <= 1, "{cut:?}");
        let deep = (0..100).fold(json!("x"), |inner, _| json!({ "d": inner }));
        let deep = metadata(&json!({"iss": "i", "d": deep}));
        assert_eq!(verified_by_istio(&deep).err(), Some(BadMetadata));
    }
}

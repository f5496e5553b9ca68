//! What Istio's RequestAuthentication has verified: the payloads that Envoy's JWT filter leaves in
//! the request's dynamic metadata, an `envoy.config.core.v3.Metadata` in protobuf's wire format.
//!
//! Nothing but that filter writes under its name, and it does so only once it has verified a token.

use super::{Claims, Json};

/// Under what name the filter leaves them.
const FILTER: &str = "envoy.filters.http.jwt_authn";

/// How deep a claim may be, as in a token's own JSON.
const MAX_DEPTH: usize = 64;

/// The claims of the tokens that Istio has verified, from a request's dynamic metadata. istiod has the filter leave them as `payload`,
/// whosever they are, so that of several tokens the last stays; beside them may stand headers and a
/// status, which name no issuer.
pub fn verified_by_istio(metadata: &[u8]) -> Vec<Claims> {
    let mut found = Vec::new();
    for (key, value) in map(metadata) {
        if key == FILTER.as_bytes()
            && let Some(Json::Object(payloads)) = object(value, MAX_DEPTH)
        {
            found.extend(payloads.into_iter().filter_map(|(_, payload)| match payload {
                Json::Object(members) => Some(Claims::of(members)),
                _ => None,
            }));
        }
    }
    found.retain(|claims| claims.get("iss").is_some());
    found
}

/// One field of a message.
enum Field<'b> {
    Varint(u64),
    Double(f64),
    Bytes(&'b [u8]),
}

/// The fields of a message, with their numbers. What is malformed ends it.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = (u64, Field<'_>)> {
    std::iter::from_fn(move || {
        let (tag, after) = varint(rest)?;
        let (field, after) = match tag & 7 {
            0 => {
                let (number, after) = varint(after)?;
                (Field::Varint(number), after)
            }
            1 => {
                let (bytes, after) = after.split_first_chunk::<8>()?;
                (Field::Double(f64::from_le_bytes(*bytes)), after)
            }
            2 => {
                let (size, after) = varint(after)?;
                let (bytes, after) = after.split_at_checked(usize::try_from(size).ok()?)?;
                (Field::Bytes(bytes), after)
            }
            _ => return None,
        };
        rest = after;
        Some((tag >> 3, field))
    })
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (position, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(u32::try_from(position * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(position + 1..)?));
        }
    }
    None
}

/// The entries of a message whose first field is a map of texts to messages.
fn map(message: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields(message).filter_map(|field| {
        let (1, Field::Bytes(entry)) = field else {
            return None;
        };
        let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
        for part in fields(entry) {
            match part {
                (1, Field::Bytes(bytes)) => key = bytes,
                (2, Field::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        Some((key, value))
    })
}

/// A `google.protobuf.Struct`.
fn object(message: &[u8], depth: usize) -> Option<Json> {
    let members = map(message).map(|(key, value)| {
        let name = String::from_utf8(key.to_vec()).ok()?;
        Some((name, json(value, depth)?))
    });
    members.collect::<Option<_>>().map(Json::Object)
}

/// A `google.protobuf.Value`.
fn json(message: &[u8], depth: usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    let mut value = Json::Null;
    for field in fields(message) {
        value = match field {
            (1, Field::Varint(_)) => Json::Null,
            (2, Field::Double(number)) => Json::Number(number.to_string()),
            (3, Field::Bytes(text)) => Json::Text(String::from_utf8(text.to_vec()).ok()?),
            (4, Field::Varint(truth)) => Json::Bool(truth != 0),
            (5, Field::Bytes(members)) => object(members, depth)?,
            (6, Field::Bytes(list)) => {
                let elements = fields(list).filter_map(|field| match field {
                    (1, Field::Bytes(element)) => Some(json(element, depth)),
                    _ => None,
                });
                Json::List(elements.collect::<Option<_>>()?)
            }
            _ => value,
        };
    }
    Some(value)
}

/// Metadata as the filter writes them.
#[cfg(test)]
pub(super) mod testing {
    use serde_json::Value;

    use super::FILTER;

    pub(crate) fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        let mut size = bytes.len();
        while size >= 0x80 {
            field.push((size & 0x7f) as u8 | 0x80);
            size >>= 7;
        }
        field.push(size as u8);
        field.extend(bytes);
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
        let found = verified_by_istio(&metadata(&payload()));
        let [claims] = found.as_slice() else {
            panic!("{}", found.len());
        };
        assert_eq!(claims.get("exp"), Some(&Json::Number("1800000000".to_owned())));
        assert_eq!(claims.get("admin"), Some(&Json::Bool(true)));
        assert_eq!(claims.get("nothing"), Some(&Json::Null));
        assert_eq!(claims.values("groups"), ["a", "b"]);
        assert_eq!(claims.values("kubernetes.io.namespace"), ["airflow"]);
    }

    #[test]
    fn what_another_filter_wrote_is_no_word_of_istio() {
        assert!(verified_by_istio(&metadata_of("istio.jwt", &payload())).is_empty());
        assert!(verified_by_istio(&[]).is_empty());
    }

    #[test]
    fn what_is_cut_short_or_too_deep_is_not_believed() {
        let whole = metadata(&payload());
        for size in 0..whole.len() {
            for claims in verified_by_istio(&whole[..size]) {
                assert!(claims.get("iss").is_some());
            }
        }
        let deep = (0..100).fold(json!("x"), |inner, _| json!({ "d": inner }));
        assert!(verified_by_istio(&metadata(&json!({"iss": "i", "d": deep}))).is_empty());
    }
}

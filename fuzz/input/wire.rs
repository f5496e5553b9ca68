//! The formats of bytes: JSON, percent-encoding and protobuf.

use dagward::wire::json::{Json, Number};
use dagward::wire::percent;
use dagward::wire::protobuf::{self, Field};

/// Reads JSON in both ways; returns whether it is JSON as tokens contain it.
pub(crate) fn json(bytes: &[u8]) -> bool {
    let parsed = Json::<'_, Number>::parse(bytes);
    let Ok(written) = Json::<'_, String>::parse(bytes) else {
        return false;
    };
    let Ok(parsed) = parsed else {
        panic!("the reader of tokens accepts JSON that the reader of bodies refuses")
    };
    assert!(parsed.names().eq(written.names()));
    for name in written.names() {
        assert!(written.get(name).is_some() && parsed.get(name).is_some());
    }
    true
}

/// Decodes a value of a task header, and a part of a query; returns whether the header is valid.
pub(crate) fn percent(bytes: &[u8]) -> bool {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let decoded = percent::query(text);
        assert!(decoded.len() <= text.len());
        assert!(percent::is_query_spelling_of(bytes, &decoded));
        assert_eq!(
            percent::decode(percent::encode(text).as_bytes()).as_deref(),
            Some(text)
        );
    }
    let Some(decoded) = percent::decode(bytes) else {
        return false;
    };
    assert_eq!(
        percent::decode(percent::encode(&decoded).as_bytes()),
        Some(decoded.clone())
    );
    true
}

/// Reads a message; returns whether it is valid.
pub(crate) fn protobuf(bytes: &[u8]) -> bool {
    let Ok(fields) = protobuf::fields(bytes).collect::<Result<Vec<_>, _>>() else {
        return false;
    };
    for (number, field) in fields {
        let (Field::Bytes(content), Ok(number)) = (field, u32::try_from(number)) else {
            continue;
        };
        let mut message = Vec::new();
        protobuf::write_bytes(&mut message, number, content);
        let read: Vec<_> = protobuf::fields(&message).collect();
        assert_eq!(read, [Ok((u64::from(number), Field::Bytes(content)))]);
    }
    true
}

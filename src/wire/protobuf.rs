//! Protobuf's wire format, as far as messages between Envoy and the filter use it.

/// The message is cut short, or has a field of an unsupported type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadMessage;

/// The value of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Field<'b> {
    /// A number or a truth value.
    Varint(u64),
    /// A `double`.
    Double(f64),
    /// A text, bytes, or a message.
    Bytes(&'b [u8]),
}

/// The fields of a message, with their numbers. The first malformed field ends the iteration with an error.
pub fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u64, Field<'_>), BadMessage>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((number, field, after)) = field(rest) else {
            rest = &[];
            return Some(Err(BadMessage));
        };
        rest = after;
        Some(Ok((number, field)))
    })
}

/// Appends a field that is a text, bytes, or a message.
pub fn write_bytes(message: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    write_varint(message, u64::from(number) << 3 | BYTES);
    write_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

/// The supported types of fields.
const VARINT: u64 = 0;
const DOUBLE: u64 = 1;
const BYTES: u64 = 2;

/// The first field of a message with its number, and the rest of the message.
fn field(message: &[u8]) -> Option<(u64, Field<'_>, &[u8])> {
    let (tag, after) = varint(message)?;
    let (field, after) = match tag & 7 {
        VARINT => {
            let (number, after) = varint(after)?;
            (Field::Varint(number), after)
        }
        DOUBLE => {
            let (bytes, after) = after.split_first_chunk::<8>()?;
            (Field::Double(f64::from_le_bytes(*bytes)), after)
        }
        BYTES => {
            let (size, after) = varint(after)?;
            let (bytes, after) = after.split_at_checked(usize::try_from(size).ok()?)?;
            (Field::Bytes(bytes), after)
        }
        _ => return None,
    };
    Some((tag >> 3, field, after))
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

fn write_varint(message: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        message.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_of_field_is_read() {
        let mut message = vec![0x08, 0x96, 0x01, 0x11];
        message.extend(1.5_f64.to_le_bytes());
        write_bytes(&mut message, 1_000, b"text");
        let read: Result<Vec<_>, _> = fields(&message).collect();
        assert_eq!(
            read.unwrap(),
            [
                (1, Field::Varint(150)),
                (2, Field::Double(1.5)),
                (1_000, Field::Bytes(b"text")),
            ]
        );
        assert_eq!(fields(&[]).count(), 0);
    }

    #[test]
    fn a_malformed_field_ends_the_message_with_an_error() {
        for (what, bad) in [
            ("a tag that goes on", &[0x80][..]),
            ("a number that goes on", &[0x08, 0xff]),
            (
                "a number of more than ten bytes",
                &[
                    0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1,
                ],
            ),
            ("a double that is cut short", &[0x11, 0, 0]),
            ("bytes that are cut short", &[0x0a, 2, b'a']),
            (
                "a size above any message",
                &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            ),
            ("a group", &[0x0b]),
            ("a number of 32 bits", &[0x0d, 0, 0, 0, 0]),
        ] {
            let message = [&[0x08, 1], bad].concat();
            let read: Vec<_> = fields(&message).collect();
            assert_eq!(read, [Ok((1, Field::Varint(1))), Err(BadMessage)], "{what}");
        }
    }

    proptest! {
        #[test]
        fn bytes_round_trip(
            written in prop::collection::vec((1..1_u32 << 29, prop::collection::vec(any::<u8>(), 0..300)), 0..5),
        ) {
            let mut message = Vec::new();
            for (number, bytes) in &written {
                write_bytes(&mut message, *number, bytes);
            }
            let read: Result<Vec<_>, _> = fields(&message).collect();
            let expected: Vec<_> = written
                .iter()
                .map(|(number, bytes)| (u64::from(*number), Field::Bytes(bytes)))
                .collect();
            prop_assert_eq!(read.unwrap(), expected);
        }
    }
}

//! A list of headers as proxy-wasm serializes it: the number of pairs, the sizes of each name and value, then
//! each name and value followed by a NUL. All numbers have 32 bits, little endian.

use crate::wire::Header;

/// Splits a serialized list into pairs, without copying. A list that is cut short gives no pairs: a request
/// without its method and path is refused, but a request that only lacks some headers would not be.
pub fn read(bytes: &[u8]) -> Vec<Header<'_>> {
    whole(bytes).unwrap_or_default()
}

fn whole(bytes: &[u8]) -> Option<Vec<Header<'_>>> {
    let (count, rest) = number(bytes)?;
    let (mut sizes, mut data) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut pairs = Vec::with_capacity(count);
    while !sizes.is_empty() {
        let (name_size, rest) = number(sizes)?;
        let (value_size, rest) = number(rest)?;
        let (name, after_name) = field(data, name_size)?;
        let (value, after_value) = field(after_name, value_size)?;
        pairs.push((name, value));
        (sizes, data) = (rest, after_value);
    }
    Some(pairs)
}

/// The value of a header that is given exactly once.
pub fn header<'h>(headers: &[Header<'h>], name: &str) -> Option<&'h [u8]> {
    let mut values = headers
        .iter()
        .filter(|(other, _)| *other == name.as_bytes())
        .map(|(_, value)| *value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// Serializes a list of headers.
pub fn write(pairs: &[(&str, &str)]) -> Vec<u8> {
    let size = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = u32::try_from(pairs.len()).unwrap_or(0).to_le_bytes().to_vec();
    for (name, value) in pairs {
        bytes.extend(size(name));
        bytes.extend(size(value));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }
    bytes
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

fn field(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (field, rest) = bytes.split_at_checked(size)?;
    let (_nul, rest) = rest.split_first()?;
    Some((field, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_round_trip() {
        for pairs in [
            &[][..],
            &[(":path", "/"), ("x", ""), ("", "y")],
            &[("cookie", "a"), ("cookie", "b")],
        ] {
            let bytes = write(pairs);
            let expected: Vec<Header<'_>> = pairs
                .iter()
                .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
                .collect();
            assert_eq!(read(&bytes), expected);
        }
    }

    #[test]
    fn a_list_that_is_cut_short_has_no_pairs() {
        let bytes = write(&[("a", "1"), ("b", "2")]);
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), [], "{end}");
        }
        assert_eq!(read(&[0xff; 8]), []);
    }
}

//! Keys and signatures in DER (X.690), the form that the proxy takes.

use super::{Curve, Key, Material};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// `AlgorithmIdentifier` of an RSA key: rsaEncryption, NULL (RFC 3279 §2.3.1).
const RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// `AlgorithmIdentifier`s of points on curves: id-ecPublicKey and the curve (RFC 5480 §2.1.1).
const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07,
];
const P384: &[u8] = &[
    0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22,
];
const P521: &[u8] = &[
    0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x23,
];

impl Key {
    /// The key's SubjectPublicKeyInfo (RFC 5280 §4.1), for RSA keys and keys of ECDSA curves.
    pub fn spki(&self) -> Option<Vec<u8>> {
        let (algorithm, key) = match &self.material {
            Material::Rsa { n, e } => (RSA, value(SEQUENCE, &[&integer(n), &integer(e)])),
            Material::Curve { curve, x, y } => {
                let algorithm = match curve {
                    Curve::P256 => P256,
                    Curve::P384 => P384,
                    Curve::P521 => P521,
                };
                (algorithm, [[POINT].as_slice(), x, y].concat())
            }
            Material::Secret(_) | Material::Ed25519(_) => return None,
        };
        // No bit of the last byte is unused.
        Some(value(SEQUENCE, &[algorithm, &value(BIT_STRING, &[&[0], &key])]))
    }
}

/// The byte before the coordinates of a point (SEC 1 §2.3.3).
pub(super) const POINT: u8 = 0x04;

/// The `Ecdsa-Sig-Value` (RFC 3279 §2.2.3) of a signature of RFC 7518 §3.4, which is two numbers as long as
/// the curve's order. `None` if the length is wrong or a number is 0: a broken verifier accepts any message
/// with two zeros (CVE-2022-21449).
pub fn ecdsa_signature(curve: Curve, signature: &[u8]) -> Option<Vec<u8>> {
    let length = curve.field_bytes();
    let (r, s) = signature.split_at_checked(length)?;
    let fits = s.len() == length && [r, s].iter().all(|number| number.iter().any(|byte| *byte != 0));
    fits.then(|| value(SEQUENCE, &[&integer(r), &integer(s)]))
}

/// A number that is not negative, big endian.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..).unwrap_or_default();
    // The highest bit would be read as a sign. Zero takes one byte.
    let sign: &[u8] = match number.first() {
        Some(..0x80) => &[],
        _ => &[0],
    };
    value(INTEGER, &[sign, number])
}

fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes.get(zeros..).unwrap_or_default();
    let mut der = vec![tag];
    // A short length is its own byte. A long length follows the number of its bytes.
    match bytes {
        [] => der.push(0),
        [short @ ..0x80] => der.push(*short),
        long => {
            der.extend(u8::try_from(long.len()).map(|count| 0x80 | count));
            der.extend(long);
        }
    }
    der.extend(parts.iter().copied().flatten());
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shortest_and_never_negative() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 1]), [2, 1, 1]);
        assert_eq!(integer(&[0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[1; 128])[..3], [2, 0x81, 128]);
        assert_eq!(integer(&[1; 256])[..4], [2, 0x82, 1, 0]);
        assert_eq!(value(SEQUENCE, &[]), [0x30, 0]);
    }

    #[test]
    fn a_signature_is_two_numbers_of_the_orders_length() {
        let mut signature = [0; 64];
        assert_eq!(ecdsa_signature(Curve::P256, &signature), None);
        signature[31] = 1;
        assert_eq!(ecdsa_signature(Curve::P256, &signature), None);
        signature[32] = 0x80;
        let der = ecdsa_signature(Curve::P256, &signature).unwrap();
        assert_eq!(der[..8], [0x30, 38, 2, 1, 1, 2, 33, 0]);
        assert_eq!(der[8..], signature[32..]);

        for length in [0, 31, 32, 63, 65, 70, 96, 128] {
            assert_eq!(ecdsa_signature(Curve::P256, &vec![1; length]), None, "{length}");
        }
        assert_eq!(ecdsa_signature(Curve::P384, &[1; 96]).unwrap().len(), 102);
        // The length is over 127 bytes, so it takes two bytes.
        assert_eq!(ecdsa_signature(Curve::P521, &[1; 132]).unwrap().len(), 139);
    }
}

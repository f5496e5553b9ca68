//! The curves of RFC 7518 §6.2.1.1.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

/// A curve of RFC 7518 §6.2.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

impl Curve {
    /// The curve that a JWK's `crv` names.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    /// The length in bytes of a coordinate, and of a number below the order.
    pub(super) const fn field_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The field's prime and the `b` of `y² = x³ - 3x + b` (SP 800-186 §3.2.1).
    const fn domain(self) -> [&'static str; 2] {
        match self {
            Self::P256 => [
                "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
                "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
            ],
            Self::P384 => [
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe\
                 ffffffff0000000000000000ffffffff",
                "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a\
                 c656398d8a2ed19d2a85c8edd3ec2aef",
            ],
            Self::P521 => [
                "1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
                 ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e\
                 156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
            ],
        }
    }

    /// Whether the point lies on the curve. A point that does not could lie on a weaker curve.
    pub(super) fn has(self, x: &[u8], y: &[u8]) -> bool {
        self.equation_holds(x, y).unwrap_or(false)
    }

    fn equation_holds(self, x: &[u8], y: &[u8]) -> Option<bool> {
        // Whole words of 32 and of 64 bits.
        let bits = u32::try_from(self.field_bytes().next_multiple_of(8) * 8).ok()?;
        let [p, b] = self.domain();
        let hex = |hex| BoxedUint::from_str_radix_with_precision_vartime(hex, 16, bits).ok();
        let p = hex(p)?;
        let coordinate = |bytes| {
            BoxedUint::from_be_slice(bytes, bits)
                .ok()
                .filter(|number| *number < p)
        };
        let (x, y) = (coordinate(x)?, coordinate(y)?);
        let field = BoxedMontyParams::new_vartime(Odd::new(p.clone()).into_option()?);
        let element = |number| BoxedMontyForm::new(number, &field);
        let (x, y, b) = (element(x), element(y), element(hex(b)?));
        let one = BoxedMontyForm::one(&field);
        let three = one.double().add(&one);
        Some(y.square().retrieve() == x.square().sub(&three).mul(&x).add(&b).retrieve())
    }
}

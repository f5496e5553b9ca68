//! A key that verifies signatures.

use std::fmt;

use super::{Algorithm, Curve, Family};

/// A key that verifies signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its `kid`.
    pub id: Option<String>,
    /// Its `alg`, if the JWK names one.
    pub algorithm: Option<Algorithm>,
    /// The key.
    pub material: Material,
}

/// The cryptographic content of a key.
#[derive(Clone, PartialEq, Eq)]
pub enum Material {
    /// A secret.
    Secret(Vec<u8>),
    /// An RSA public key: modulus and exponent, big endian, without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A point on a curve, its coordinates big endian and as long as the curve's field.
    Curve {
        /// The curve.
        curve: Curve,
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// An Ed25519 public key.
    Ed25519([u8; 32]),
}

impl Key {
    /// The kind of the key.
    pub fn family(&self) -> Family {
        match &self.material {
            Material::Secret(_) => Family::Secret,
            Material::Rsa { .. } => Family::Rsa,
            Material::Curve {
                curve: Curve::P256, ..
            } => Family::P256,
            Material::Curve {
                curve: Curve::P384, ..
            } => Family::P384,
            Material::Curve {
                curve: Curve::P521, ..
            } => Family::P521,
            Material::Ed25519(_) => Family::Ed25519,
        }
    }

    /// Whether the key is for this algorithm.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.family() == algorithm.family() && self.algorithm.is_none_or(|own| own == algorithm)
    }
}

/// Shows no key: some are secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("family", &self.family())
            .finish_non_exhaustive()
    }
}

use super::*;
use crate::token::testing::{decode, encode, examples, jwk, set, sign};
use crate::token::{Curve, Parsed, Refusal, ecdsa_signature};

const MESSAGE: &[u8] = b"header.claims";

fn key(algorithm: Algorithm) -> Key {
    set(&[jwk(algorithm)]).keys()[0].clone()
}

fn holds(algorithm: Algorithm, key: &Key, message: &[u8], signature: &[u8]) -> bool {
    assert!(InModule.can(algorithm));
    InModule.verify(algorithm, key, message, signature)
}

#[test]
fn the_examples_of_the_rfcs_hold() {
    for example in examples() {
        let algorithm = Algorithm::parse(example["algorithm"].as_str().unwrap()).unwrap();
        let key = &set(&[example["jwk"].clone()]).keys()[0].clone();
        let token = example["token"].as_str().unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = decode(&signature.into());
        let message = message.as_bytes();
        assert!(
            holds(algorithm, key, message, &signature),
            "{}",
            example["source"]
        );
        assert!(
            !holds(algorithm, key, &message[1..], &signature),
            "{}",
            example["source"]
        );
    }
}

#[test]
fn the_unsecured_example_is_refused() {
    // RFC 7515 A.5, RFC 7519 §6.1.
    let claims = examples()[0]["token"]
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap()
        .to_owned();
    let token = format!("eyJhbGciOiJub25lIn0.{claims}.");
    assert_eq!(Parsed::parse(token.as_bytes()), Err(Refusal::Unsigned));
}

#[test]
fn a_signature_holds_for_its_message_key_and_algorithm_alone() {
    for algorithm in Algorithm::ALL {
        let own = key(algorithm);
        let good = sign(algorithm, MESSAGE);
        assert!(holds(algorithm, &own, MESSAGE, &good), "{algorithm:?}");
        assert!(!holds(algorithm, &own, b"header.claimt", &good), "{algorithm:?}");
        for other in Algorithm::ALL {
            if other != algorithm {
                let name = format!("{algorithm:?} as {other:?}");
                assert!(!holds(other, &own, MESSAGE, &good), "{name}");
                assert!(!holds(other, &key(other), MESSAGE, &good), "{name}");
            }
            if other.family() != algorithm.family() {
                assert!(
                    !holds(algorithm, &key(other), MESSAGE, &good),
                    "{algorithm:?} by {other:?}"
                );
            }
        }
    }
}

#[test]
fn a_signature_has_one_spelling() {
    for algorithm in Algorithm::ALL {
        let own = key(algorithm);
        let good = sign(algorithm, MESSAGE);
        let mut bad = vec![
            Vec::new(),
            good[..good.len() - 1].to_vec(),
            good[1..].to_vec(),
            [good.as_slice(), &[0]].concat(),
            [&[0], good.as_slice()].concat(),
            [good.as_slice(), good.as_slice()].concat(),
            vec![0; good.len()],
            vec![0xff; good.len()],
        ];
        for at in 0..good.len() {
            let mut flipped = good.clone();
            flipped[at] ^= 1 << (at % 8);
            bad.push(flipped);
        }
        for bad in bad {
            assert!(
                !holds(algorithm, &own, MESSAGE, &bad),
                "{algorithm:?} {}",
                encode(&bad)
            );
        }
    }
}

/// A number that is congruent to a valid signature, but not below the modulus or the curve's order.
#[test]
fn numbers_are_below_their_bound() {
    let Material::Rsa { n, .. } = key(Algorithm::Rs256).material else {
        panic!()
    };
    let good = sign(Algorithm::Rs256, MESSAGE);
    let sum = BoxedUint::from_be_slice_vartime(&good).concatenating_add(BoxedUint::from_be_slice_vartime(&n));
    let sum = sum.to_be_bytes_trimmed_vartime();
    assert!(!holds(Algorithm::Rs256, &key(Algorithm::Rs256), MESSAGE, &sum));
    assert!(!holds(Algorithm::Rs256, &key(Algorithm::Rs256), MESSAGE, &n));

    // Ed25519's `s` plus the order (RFC 8032 §8.4).
    let order = BoxedUint::from_be_hex(
        "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed",
        256,
    );
    let mut good = sign(Algorithm::EdDsa, MESSAGE);
    let s = BoxedUint::from_le_slice(&good[32..], 256).unwrap();
    let sum = s.wrapping_add(order.unwrap());
    good[32..].copy_from_slice(&sum.to_le_bytes());
    assert!(!holds(Algorithm::EdDsa, &key(Algorithm::EdDsa), MESSAGE, &good));
}

#[test]
fn two_zeros_are_no_signature() {
    // CVE-2022-21449, and the order itself, which is zero too.
    let orders = [
        (
            Algorithm::Es256,
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        ),
        (
            Algorithm::Es384,
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        ),
        (
            Algorithm::Es512,
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa\
             51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        ),
    ];
    for (algorithm, order) in orders {
        let pairs = order
            .as_bytes()
            .chunks(2)
            .map(|pair| str::from_utf8(pair).unwrap());
        let order: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        let (zero, mut one) = (vec![0; order.len()], vec![0; order.len()]);
        *one.last_mut().unwrap() = 1;
        for r in [&zero, &one, &order] {
            for s in [&zero, &one, &order] {
                let signature = [r.as_slice(), s].concat();
                assert!(
                    !holds(algorithm, &key(algorithm), MESSAGE, &signature),
                    "{algorithm:?}"
                );
            }
        }
    }
}

#[test]
fn points_of_small_order_sign_nothing() {
    // With the neutral element as key, R = s·B holds for every message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let key = Key {
        id: None,
        algorithm: None,
        material: Material::Ed25519(neutral),
    };
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(!holds(Algorithm::EdDsa, &key, MESSAGE, &signature));
    // The same with R spelled as p + 1.
    let mut other = [0xff; 32];
    other[0] = 0xee;
    other[31] = 0x7f;
    signature[..32].copy_from_slice(&other);
    assert!(!holds(Algorithm::EdDsa, &key, MESSAGE, &signature));
}

/// Invalid keys verify no signature. A JWK Set contains no such keys, but the verifier does not rely on that.
#[test]
fn odd_keys_verify_nothing() {
    for algorithm in Algorithm::ALL {
        let good = sign(algorithm, MESSAGE);
        for bytes in [
            vec![],
            vec![0],
            vec![1],
            vec![2],
            vec![0xff; 31],
            vec![0xff; 256],
            vec![1; 2000],
        ] {
            let curves = [Curve::P256, Curve::P384, Curve::P521];
            let curves = curves.map(|curve| Material::Curve {
                curve,
                x: bytes.clone(),
                y: bytes.clone(),
            });
            let rsa = [
                Material::Rsa {
                    n: bytes.clone(),
                    e: vec![1, 0, 1],
                },
                Material::Rsa {
                    n: bytes.clone(),
                    e: bytes.clone(),
                },
            ];
            let materials = curves
                .into_iter()
                .chain(rsa)
                .chain([Material::Ed25519([0xff; 32])]);
            for material in materials {
                let key = Key {
                    id: None,
                    algorithm: None,
                    material,
                };
                assert!(!holds(algorithm, &key, MESSAGE, &good), "{algorithm:?} {bytes:?}");
            }
        }
    }
}

/// The proxy takes keys and signatures in DER. RustCrypto can read the module's DER.
#[test]
fn der_is_what_others_read() {
    use p256::pkcs8::DecodePublicKey;

    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let spki = key(algorithm).spki().unwrap();
        for signature in (0u32..64).map(|number| sign(algorithm, &number.to_be_bytes())) {
            match algorithm {
                Algorithm::Es256 => {
                    let key = p256::ecdsa::VerifyingKey::from_public_key_der(&spki).unwrap();
                    assert_eq!(key.to_sec1_point(false).as_bytes()[1..33], coordinate(algorithm));
                    let der = ecdsa_signature(Curve::P256, &signature).unwrap();
                    assert_eq!(
                        p256::ecdsa::Signature::from_der(&der).unwrap().to_vec(),
                        signature
                    );
                }
                Algorithm::Es384 => {
                    let key = p384::ecdsa::VerifyingKey::from_public_key_der(&spki).unwrap();
                    assert_eq!(key.to_sec1_point(false).as_bytes()[1..49], coordinate(algorithm));
                    let der = ecdsa_signature(Curve::P384, &signature).unwrap();
                    assert_eq!(
                        p384::ecdsa::Signature::from_der(&der).unwrap().to_vec(),
                        signature
                    );
                }
                _ => {
                    let key = p521::ecdsa::VerifyingKey::from_public_key_der(&spki).unwrap();
                    assert_eq!(key.to_sec1_point(false).as_bytes()[1..67], coordinate(algorithm));
                    let der = ecdsa_signature(Curve::P521, &signature).unwrap();
                    assert_eq!(
                        p521::ecdsa::Signature::from_der(&der).unwrap().to_vec(),
                        signature
                    );
                }
            }
        }
    }
    assert_eq!(key(Algorithm::Hs256).spki(), None);
    assert_eq!(key(Algorithm::EdDsa).spki(), None);
}

fn coordinate(algorithm: Algorithm) -> Vec<u8> {
    decode(&jwk(algorithm)["x"])
}

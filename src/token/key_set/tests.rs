use serde_json::{Value, json};

use super::*;
use crate::token::testing::{decode, encode, jwk, set};
use crate::token::{Curve, Family, Material};

fn parse(document: &Value) -> Result<KeySet, String> {
    KeySet::parse(document.to_string().as_bytes()).map_err(|error| error.to_string())
}

/// The reason why a key is left out.
fn why(key: &Value) -> String {
    parse(&json!({ "keys": [key] })).unwrap_err()
}

fn with(algorithm: Algorithm, name: &str, value: impl Into<Value>) -> Value {
    let mut key = jwk(algorithm);
    key[name] = value.into();
    key
}

#[test]
fn keys_of_every_type_are_read() {
    for algorithm in Algorithm::ALL {
        let mut key = jwk(algorithm);
        key["kid"] = "one".into();
        key["alg"] = algorithm.as_str().into();
        key["use"] = "sig".into();
        key["key_ops"] = json!(["sign", "verify"]);
        key["x5c"] = json!(["what else stands there"]);
        let keys = set(&[key.clone()]);
        let [read] = keys.keys() else {
            panic!("{algorithm:?}")
        };
        assert_eq!(read.id.as_deref(), Some("one"));
        assert_eq!(read.algorithm, Some(algorithm));
        assert_eq!(read.family(), algorithm.family());
        let bytes = |name: &str| decode(&key[name]);
        match &read.material {
            Material::Secret(secret) => assert_eq!(*secret, bytes("k")),
            Material::Rsa { n, e } => assert_eq!((n, e), (&bytes("n"), &bytes("e"))),
            Material::Curve { x, y, .. } => assert_eq!((x, y), (&bytes("x"), &bytes("y"))),
            Material::Ed25519(point) => assert_eq!(point.to_vec(), bytes("x")),
        }
    }
}

#[test]
fn a_document_that_is_no_set_is_refused() {
    for (document, error) in [
        ("", "not JSON, or a name is given twice"),
        ("{", "not JSON, or a name is given twice"),
        (r#"{"keys":[],"keys":[]}"#, "not JSON, or a name is given twice"),
        (
            r#"{"keys":[{"kty":"oct","kty":"RSA"}]}"#,
            "not JSON, or a name is given twice",
        ),
        ("{}", "not a JWK Set: expected an object with a list `keys`"),
        ("[]", "not a JWK Set: expected an object with a list `keys`"),
        (
            r#"{"keys":{}}"#,
            "not a JWK Set: expected an object with a list `keys`",
        ),
        (r#"{"keys":[]}"#, "no key in `keys`"),
        (r#"{"keys":[1]}"#, "no usable key: keys[0] is not an object"),
    ] {
        assert_eq!(
            KeySet::parse(document.as_bytes()).unwrap_err().to_string(),
            error,
            "{document}"
        );
    }
    let many = |count| parse(&json!({ "keys": vec![jwk(Algorithm::EdDsa); count] }));
    assert_eq!(many(MAX_KEYS).unwrap().keys().len(), MAX_KEYS);
    assert_eq!(many(MAX_KEYS + 1).unwrap_err(), "more than 100 keys");
    let long = format!(r#"{{"keys":[],"x":"{}"}}"#, "a".repeat(MAX_BYTES));
    let error = KeySet::parse(long.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "longer than 65536 bytes");
}

#[test]
fn what_is_of_no_use_is_left_out() {
    let (rsa, curve, ed) = (Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa);
    let document = json!({"keys": [
        {"kty": "EC", "kid": "old"},
        jwk(rsa),
        with(curve, "use", "enc"),
    ]});
    let set = parse(&document).unwrap();
    assert_eq!(set.keys().len(), 1);
    assert_eq!(
        set.left_out().collect::<Vec<_>>(),
        [
            "keys[0] has no `crv`",
            "keys[2] is not for signatures: its `use` is neither `sig` nor `jwt-svid`",
        ]
    );
    let sizes = "is too weak or too large: RSA needs 2048 to 8192 bits";
    let numbers = "is not a valid RSA key: `n` must be odd, and `e` odd and between 3 and 2^32";
    let ops = "is not for verifying: its `key_ops` have no `verify`";
    let point = "is not a point on Ed25519, or a weak one";
    let n = decode(&jwk(rsa)["n"]);
    let even = [&n[..255], &[n[255] - 1]].concat();
    // 1024 bits; 2047 bits; 8193 bits.
    let half = [&n[..127], &[1]].concat();
    let less = [&[n[0] & 0x7f], &n[1..]].concat();
    let large = [[1].as_slice(), &[0; 1023], &[1]].concat();
    let low = |bytes: [u8; 2]| {
        let mut point = [0; 32];
        point[0] = bytes[0];
        point[31] = bytes[1];
        encode(point)
    };
    for (key, reason) in [
        (json!({}), "has no `kty`"),
        (json!({"kty": 1}), "has a `kty` that is not a text"),
        (
            json!({"kty": "rsa"}),
            "has the type `rsa`; known are RSA, EC, OKP and oct",
        ),
        (json!({"kty": "oct"}), "has no `k`"),
        (
            json!({"kty": "oct", "k": encode([1; 15])}),
            "is too weak: a secret needs 16 bytes",
        ),
        (
            json!({"kty": "oct", "k": ""}),
            "is too weak: a secret needs 16 bytes",
        ),
        (
            json!({"kty": "oct", "k": "a+b="}),
            "has a `k` that is not base64url",
        ),
        (json!({"kty": "RSA", "n": encode(&n)}), "has no `e`"),
        (with(rsa, "kid", 7), "has a `kid` that is not a text"),
        (with(rsa, "use", json!(["sig"])), "has a `use` that is not a text"),
        (with(rsa, "key_ops", json!(["sign"])), ops),
        (with(rsa, "key_ops", json!([])), ops),
        (with(rsa, "key_ops", "verify"), ops),
        (
            with(rsa, "alg", "RSA-OAEP"),
            "is for the algorithm `RSA-OAEP`, which is not known",
        ),
        (
            with(rsa, "alg", "none"),
            "is for the algorithm `none`, which is not known",
        ),
        (
            with(rsa, "alg", "HS256"),
            "is for the algorithm `HS256`, which takes another type of key",
        ),
        (
            with(curve, "alg", "ES384"),
            "is for the algorithm `ES384`, which takes another type of key",
        ),
        (
            with(rsa, "d", "AQAB"),
            "is a private key; a verifier must have only the public one",
        ),
        (
            with(ed, "d", "AQAB"),
            "is a private key; a verifier must have only the public one",
        ),
        (with(rsa, "n", encode(half)), sizes),
        (with(rsa, "n", encode(less)), sizes),
        (with(rsa, "n", encode(large)), sizes),
        (with(rsa, "n", ""), sizes),
        (with(rsa, "n", "AAAA"), sizes),
        (with(rsa, "n", encode(even)), numbers),
        (with(rsa, "e", ""), numbers),
        (with(rsa, "e", "AA"), numbers),
        (with(rsa, "e", "AQ"), numbers),
        (with(rsa, "e", "Ag"), numbers),
        (with(rsa, "e", "AQAA"), numbers),
        (with(rsa, "e", encode([1, 0, 0, 0, 1])), numbers),
        (with(rsa, "e", 65537), "has a `e` that is not a text"),
        (
            with(curve, "crv", "secp256k1"),
            "is on the curve `secp256k1`; known are P-256, P-384 and P-521",
        ),
        (with(curve, "crv", "P-384"), "is not a point on P-384"),
        (with(curve, "y", encode([1; 32])), "is not a point on P-256"),
        (with(curve, "x", encode([0xff; 32])), "is not a point on P-256"),
        (with(curve, "x", ""), "is not a point on P-256"),
        (
            with(ed, "crv", "X25519"),
            "is on the curve `X25519`; known is Ed25519",
        ),
        (
            with(ed, "crv", "Ed448"),
            "is on the curve `Ed448`; known is Ed25519",
        ),
        (with(ed, "x", encode([0; 31])), point),
        (with(ed, "x", encode([0; 33])), point),
        // Not a point; the neutral element; the points of order 2 and 4; the neutral element as p + 1.
        (with(ed, "x", low([2, 0])), point),
        (with(ed, "x", low([1, 0])), point),
        (with(ed, "x", low([0, 0])), point),
        (with(ed, "x", low([0, 0x80])), point),
        (
            with(
                ed,
                "x",
                encode([[0xee].as_slice(), &[0xff; 30], &[0x7f]].concat()),
            ),
            point,
        ),
        (
            with(
                ed,
                "x",
                encode([[0xec].as_slice(), &[0xff; 30], &[0x7f]].concat()),
            ),
            point,
        ),
    ] {
        assert_eq!(why(&key), format!("no usable key: keys[0] {reason}"));
    }
}

#[test]
fn zeros_before_a_modulus_are_nothing() {
    let n = decode(&jwk(Algorithm::Rs256)["n"]);
    let padded = [&[0, 0], n.as_slice()].concat();
    let set = set(&[with(Algorithm::Rs256, "n", encode(padded))]);
    let Material::Rsa { n: read, .. } = &set.keys()[0].material else {
        panic!()
    };
    assert_eq!(*read, n);
}

/// The module has its own code for the curve's equation. The test compares it with RustCrypto's.
#[test]
fn points_are_on_a_curve_where_others_say_so() {
    use p256::elliptic_curve::sec1::ToSec1Point;

    for (curve, algorithm) in [
        (Curve::P256, Algorithm::Es256),
        (Curve::P384, Algorithm::Es384),
        (Curve::P521, Algorithm::Es512),
    ] {
        let key = set(&[jwk(algorithm)]).keys()[0].clone();
        let Material::Curve { x, y, .. } = key.material else {
            panic!()
        };
        assert!(curve.has(&x, &y));
        for at in 0..x.len() {
            for (bad_x, bad_y) in [
                (flip(&x, at), y.clone()),
                (x.clone(), flip(&y, at)),
                (flip(&x, at), flip(&y, at)),
            ] {
                assert!(!curve.has(&bad_x, &bad_y), "{curve:?} {at}");
            }
        }
        assert!(!curve.has(&y, &x));
        assert!(!curve.has(&vec![0; x.len()], &vec![0; x.len()]));
        assert!(!curve.has(&[], &[]));
        assert!(!curve.has(&[1; 100], &[1; 100]));
    }
    for number in 1..40u64 {
        let point = p256::PublicKey::from_secret_scalar(&p256::NonZeroScalar::new(number.into()).unwrap());
        let point = point.to_sec1_point(false);
        assert!(Curve::P256.has(point.x().unwrap(), point.y().unwrap()));
    }
}

fn flip(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn nothing_of_a_key_is_shown() {
    let set = set(&[jwk(Algorithm::Hs256)]);
    let shown = format!("{set:?}");
    assert!(
        shown.contains("family: Secret") && !shown.contains("90"),
        "{shown}"
    );
    assert_eq!(set.keys()[0].family(), Family::Secret);
}

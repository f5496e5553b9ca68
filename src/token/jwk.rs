//! A JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use ed25519_dalek::VerifyingKey;

use super::{Algorithm, Curve, Json, Key, Material, base64url};

/// The shortest secret that is accepted, in bytes. RFC 7518 §3.2 asks for as many as the hash has; the secret
/// that Airflow generates has 24.
const MIN_SECRET: usize = 16;

/// The accepted sizes of an RSA modulus, in bits. RFC 7518 §3.3 sets the lower limit. The proxy does not
/// accept a modulus above the upper limit either.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The longest RSA exponent that is accepted, in bytes. A long exponent costs time with every token.
const MAX_EXPONENT: usize = 4;

/// The values of `use` for keys that verify signatures, if a key has one (RFC 7517 §4.2). In a SPIFFE bundle,
/// keys for tokens have `jwt-svid` (SPIFFE Trust Domain and Bundle §4.2.2).
const USES: [&str; 2] = ["sig", "jwt-svid"];

/// Members of private keys (RFC 7518 §6.2.2, §6.3.2). A verifier must not have them.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// Reads a key that verifies signatures, or tells why the key is not usable for that. The reason contains no
/// part of the key.
pub(super) fn read(jwk: &Json) -> Result<Key, String> {
    let Json::Object(_) = jwk else {
        return Err("is not an object".to_owned());
    };
    let kind = text(jwk, "kty")?.ok_or("has no `kty`")?;
    let id = text(jwk, "kid")?;
    if text(jwk, "use")?.is_some_and(|word| !USES.contains(&word)) {
        return Err("is not for signatures: its `use` is neither `sig` nor `jwt-svid`".to_owned());
    }
    match jwk.get("key_ops") {
        None => {}
        Some(Json::List(words)) if words.iter().any(|word| word.text() == Some("verify")) => {}
        Some(_) => return Err("is not for verifying: its `key_ops` have no `verify`".to_owned()),
    }
    let algorithm = text(jwk, "alg")?.map(|name| Algorithm::parse(name).ok_or(name));
    let algorithm = algorithm
        .transpose()
        .map_err(|name| format!("is for the algorithm `{name}`, which is not known"))?;
    let material = match kind {
        "oct" => secret(jwk)?,
        _ if PRIVATE.iter().any(|name| jwk.get(name).is_some()) => {
            return Err("is a private key; a verifier must have only the public one".to_owned());
        }
        "RSA" => rsa(jwk)?,
        "EC" => curve(jwk)?,
        "OKP" => ed25519(jwk)?,
        other => return Err(format!("has the type `{other}`; known are RSA, EC, OKP and oct")),
    };
    let key = Key {
        id: id.map(str::to_owned),
        algorithm,
        material,
    };
    match algorithm {
        Some(algorithm) if !key.fits(algorithm) => Err(format!(
            "is for the algorithm `{}`, which takes another type of key",
            algorithm.as_str()
        )),
        _ => Ok(key),
    }
}

fn secret(jwk: &Json) -> Result<Material, String> {
    let secret = bytes(jwk, "k")?;
    if secret.len() < MIN_SECRET {
        return Err(format!("is too weak: a secret needs {MIN_SECRET} bytes"));
    }
    Ok(Material::Secret(secret))
}

fn rsa(jwk: &Json) -> Result<Material, String> {
    let (n, e) = (number(jwk, "n")?, number(jwk, "e")?);
    let zeros = n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !RSA_BITS.contains(&(n.len() * 8 - zeros)) {
        let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
        return Err(format!(
            "is too weak or too large: RSA needs {least} to {most} bits"
        ));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if !odd(&n) || !odd(&e) || e == [1] || e.len() > MAX_EXPONENT {
        return Err("is not a valid RSA key: `n` must be odd, and `e` odd and between 3 and 2^32".to_owned());
    }
    Ok(Material::Rsa { n, e })
}

fn curve(jwk: &Json) -> Result<Material, String> {
    let name = text(jwk, "crv")?.ok_or("has no `crv`")?;
    let curve = Curve::parse(name)
        .ok_or_else(|| format!("is on the curve `{name}`; known are P-256, P-384 and P-521"))?;
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if [&x, &y].iter().any(|number| number.len() != curve.field_bytes()) || !curve.has(&x, &y) {
        return Err(format!("is not a point on {name}"));
    }
    Ok(Material::Curve { curve, x, y })
}

fn ed25519(jwk: &Json) -> Result<Material, String> {
    let name = text(jwk, "crv")?.ok_or("has no `crv`")?;
    if name != "Ed25519" {
        return Err(format!("is on the curve `{name}`; known is Ed25519"));
    }
    let point = <[u8; 32]>::try_from(bytes(jwk, "x")?).ok();
    // With a point of small order, one signature is valid for many messages.
    let good = |point: &[u8; 32]| VerifyingKey::from_bytes(point).is_ok_and(|key| !key.is_weak());
    let point = point
        .filter(good)
        .ok_or("is not a point on Ed25519, or a weak one")?;
    Ok(Material::Ed25519(point))
}

/// A member that must be a text if it is present.
fn text<'a>(jwk: &'a Json, name: &str) -> Result<Option<&'a str>, String> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text)),
        Some(_) => Err(format!("has a `{name}` that is not a text")),
    }
}

fn bytes(jwk: &Json, name: &str) -> Result<Vec<u8>, String> {
    let text = text(jwk, name)?.ok_or_else(|| format!("has no `{name}`"))?;
    base64url::decode(text.as_bytes()).ok_or_else(|| format!("has a `{name}` that is not base64url"))
}

/// A number (RFC 7518 §2), without the zeros that some libraries put before it (§6.3.1.1).
fn number(jwk: &Json, name: &str) -> Result<Vec<u8>, String> {
    let bytes = bytes(jwk, name)?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

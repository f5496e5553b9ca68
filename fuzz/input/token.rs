//! Tokens, keys, and Istio's metadata about tokens.

use dagward::token::{
    Algorithm, InModule, Issuer, KeySet, Kind, MAX_TOKEN, Parsed, Signatures, Source, accept,
    verified_by_istio, verify,
};

/// Reads a token; returns whether it is well-formed. It is not signed, so it is never accepted.
pub(crate) fn token(bytes: &[u8]) -> bool {
    let Ok(parsed) = Parsed::parse(bytes) else {
        return false;
    };
    assert!(bytes.len() <= MAX_TOKEN);
    assert_eq!(bytes.iter().filter(|byte| **byte == b'.').count(), 2);
    assert!(parsed.header.members.get("alg").is_some());
    for path in ["sub", "kubernetes.io.serviceaccount.name", "a.b.c", "", "."] {
        let _ = parsed.claims.values(path);
    }
    for kind in Kind::ALL {
        let issuer = Issuer {
            name: "fuzz".to_owned(),
            kind,
            issuer: Some("https://issuer.example".to_owned()),
            audiences: vec!["airflow".to_owned()],
            algorithms: Algorithm::ALL.to_vec(),
            source: Source::Istio,
            locations: Vec::new(),
            surfaces: Vec::new(),
            clock_skew: 60,
            bound_to_peer: false,
            required: false,
        };
        let _ = accept(&parsed.claims, &issuer, 1_800_000_000);
        let Ok(keys) = KeySet::parse(KEYS) else {
            panic!("the keys are good")
        };
        assert!(verify(&parsed, &issuer, &keys, &InModule, 1_800_000_000).is_err());
    }
    true
}

/// Reads a JWK Set; returns whether it is valid. The filter can use every key in it.
pub(crate) fn jwks(bytes: &[u8]) -> bool {
    let Ok(keys) = KeySet::parse(bytes) else {
        return false;
    };
    for key in keys.keys() {
        let _ = key.spki();
        for algorithm in Algorithm::ALL {
            assert!(!InModule.verify(algorithm, key, b"header.claims", &[0x55; 64]));
        }
    }
    assert!(keys.left_out().all(|why| why.starts_with("keys[")));
    true
}

/// Reads a request's dynamic metadata; returns whether Istio has verified a token according to it.
pub(crate) fn metadata(bytes: &[u8]) -> bool {
    let Ok(verified) = verified_by_istio(bytes) else {
        return false;
    };
    for claims in &verified {
        assert!(claims.get("iss").is_some());
        let _ = claims.values("kubernetes.io.serviceaccount.name");
    }
    !verified.is_empty()
}

/// A key of each type. Their private parts are unknown.
const KEYS: &[u8] = br#"{
  "keys": [
    {
      "kty": "EC",
      "crv": "P-256",
      "x": "Y4KzzIgUErd7_K7tAmABwA2eMCXmbCD25-kvB5hRRio",
      "y": "zjsi3SLhgazDHIRUBUs2igvb3wh1P8T0x5fsQRNmZlc"
    },
    {
      "kty": "OKP",
      "crv": "Ed25519",
      "x": "ZIKzzIgUErd7_K7tAmABwA2eMCXmbCD25-kvB5hRRio"
    },
    {
      "kty": "RSA",
      "n": "yzX5bRyztgz9naI98ybo9M9HA4Y8FB2WesU2SMbCLn4IbHJPwUId2yuskE8-qa7QPVNkc7KcdD0HQpyiu5JyatRUKScU6b2HU9mnvS4HKAcY_IKTmoyrjmR922oX7hhPhwFG__9HghK6wdmsatcrgsZlNgrbhmPVPV1-YsdkwoMXas4T1ZMqswux7hAGtHq0klc1q4ych07vnrDV3vZVo1ZjvxMGm6N1DOxj55PaLn4AwRw7IDUrMQW92MSNUC-le9lESQBCeJ9k7ZDyr_eOvCdg173WWythr2THeDSxjQbPCeDZTr1OiG1rnG3UpOgriHintfLtQxHQ8uCS4kjUww",
      "e": "AQAB"
    }
  ]
}"#;

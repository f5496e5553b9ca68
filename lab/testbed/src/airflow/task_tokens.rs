//! Tokens of task instances, signed as Airflow signs them. With the chart's settings each worker
//! has the key.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use dagward_forge::jwt::{Algorithm, SigningKey};

/// The lifetime of a token in seconds: `[execution_api] jwt_expiration_time`.
const LIFETIME: u64 = 600;

/// A token of this task instance, where `claims` replace the usual ones. It has no scope of its
/// own, like those of Airflow 3.0 to 3.2.1.
pub fn sign(secret: &str, task_instance: &str, claims: &Value) -> Result<String> {
    let now = now()?;
    let mut all = json!({
        "sub": task_instance, "aud": "urn:airflow.apache.org:task", "iss": "airflow", "jti": "0",
        "iat": now, "nbf": now, "exp": now + LIFETIME,
    });
    let claims = claims.as_object().context("no claims")?;
    all.as_object_mut().context("no claims")?.extend(claims.clone());
    let key = SigningKey::with_secret(Algorithm::HS512, secret.as_bytes())?;
    key.sign(&json!({"alg": "HS512", "kid": "not-used", "typ": "JWT"}), &all)
}

/// The claims of a token that Airflow issued nine of its ten minutes ago. Airflow sends a fresh
/// token to its bearer.
pub fn aged() -> Result<Value> {
    let given = now()? - LIFETIME / 10 * 9;
    Ok(json!({"scope": "execution", "iat": given, "nbf": given, "exp": given + LIFETIME}))
}

/// A token of this task instance, signed with another key.
pub fn forged(task_instance: &str) -> Result<String> {
    let key = SigningKey::generate(Algorithm::HS512)?;
    let claims = json!({"sub": task_instance, "scope": "execution", "aud": "urn:airflow.apache.org:task"});
    key.sign(&key.header(), &claims)
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

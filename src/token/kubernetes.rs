//! The claims of Kubernetes' ServiceAccount tokens.

use super::{Claims, Json, Refusal};

/// The namespace and the name of the service account that a subject names, if it names one.
pub fn service_account(subject: &str) -> Option<(&str, &str)> {
    let (namespace, name) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let name_like = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
    };
    (name_like(namespace) && name_like(name)).then_some((namespace, name))
}

/// Checks that the claims name the same service account as the subject, if they name one.
pub(super) fn check(claims: &Claims, subject: &str) -> Result<(), Refusal> {
    let (namespace, name) = service_account(subject).ok_or(Refusal::Subject)?;
    let Some(own) = claims.get("kubernetes.io") else {
        return Ok(());
    };
    let says = |value: Option<&Json>, text| value.is_none_or(|value| value.text() == Some(text));
    let account = own.get("serviceaccount");
    let consistent = matches!(own, Json::Object(_))
        && says(own.get("namespace"), namespace)
        && account.is_none_or(|account| matches!(account, Json::Object(_)))
        && says(account.and_then(|account| account.get("name")), name);
    if consistent { Ok(()) } else { Err(Refusal::Claims) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_a_service_account() {
        assert_eq!(
            service_account("system:serviceaccount:airflow:worker-a.1"),
            Some(("airflow", "worker-a.1"))
        );
        for subject in [
            "",
            "airflow:worker",
            "system:serviceaccount:airflow",
            "system:serviceaccount::worker",
            "system:serviceaccount:airflow:",
            "system:serviceaccount:airflow:worker:x",
            "system:serviceaccount:airflow/sa:worker",
            "system:serviceaccount:airflow:wor ker",
            "System:serviceaccount:airflow:worker",
            "system:serviceaccounts:airflow:worker",
        ] {
            assert_eq!(service_account(subject), None, "{subject}");
        }
    }

    #[test]
    fn claims_agree_with_the_subject() {
        let verdict = |own: &str| {
            let claims = Claims::parse(format!(r#"{{"x":1{own}}}"#).as_bytes()).unwrap();
            check(&claims, "system:serviceaccount:a:b")
        };
        for own in [
            "",
            r#","kubernetes.io":{}"#,
            r#","kubernetes.io":{"namespace":"a"}"#,
            r#","kubernetes.io":{"namespace":"a","serviceaccount":{"name":"b","uid":"1"},"pod":{}}"#,
        ] {
            assert_eq!(verdict(own), Ok(()), "{own}");
        }
        for own in [
            r#","kubernetes.io":null"#,
            r#","kubernetes.io":{"namespace":"c"}"#,
            r#","kubernetes.io":{"namespace":1}"#,
            r#","kubernetes.io":{"serviceaccount":"b"}"#,
            r#","kubernetes.io":{"namespace":"a","serviceaccount":{"name":"c"}}"#,
            r#","kubernetes.io":{"serviceaccount":{"name":null}}"#,
        ] {
            assert_eq!(verdict(own), Err(Refusal::Claims), "{own}");
        }
    }
}

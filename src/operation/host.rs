//! The host that a request names.

use std::borrow::Cow;

/// The host of an `:authority`: without its port, in lower case. Envoy answers a request without a
/// host itself (400, `missing_host_header`), and keeps one.
pub fn host_of(authority: &str) -> Cow<'_, str> {
    let host = match authority.rsplit_once(':') {
        // An IPv6 address has colons of its own, but it stands in brackets.
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_the_port_and_folds_case() {
        for (authority, host) in [
            ("airflow-api-server:8080", "airflow-api-server"),
            ("API.Airflow.svc", "api.airflow.svc"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(host_of(authority), host);
        }
    }
}

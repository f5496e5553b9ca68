//! The host that a request names.

use std::borrow::Cow;

/// The host of an `:authority`, in lower case, without its port. One dot at the end, which marks a complete
/// name (RFC 1034 §3.1), is removed. Envoy itself answers a request without a host (400,
/// `missing_host_header`), and passes on only one host.
pub fn host_of(authority: &str) -> Cow<'_, str> {
    let host = match authority.rsplit_once(':') {
        // An IPv6 address contains colons, but stands in brackets.
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

/// Whether [`host_of`] can return `text`.
pub fn is_host(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let fits = match address {
        Some(address) => address.bytes().all(|byte| legal(byte) || byte == b':'),
        None => text.bytes().all(legal),
    };
    !text.is_empty() && fits && host_of(text) == text
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
            ("svc.", "svc"),
            ("Svc.NS.:8080", "svc.ns"),
            ("svc..", "svc."),
            ("", ""),
        ] {
            assert_eq!(host_of(authority), host);
        }
    }

    #[test]
    fn no_host_is_written_otherwise() {
        for host in ["svc", "a-b.c_d", "127.0.0.1", "[::1]", "[fe80::1]"] {
            assert!(is_host(host), "{host}");
        }
        for other in [
            "", ".", "svc.", "svc:80", "Svc", "a b", "::1", "a/b", "[::1]:80", "é",
        ] {
            assert!(!is_host(other), "{other}");
        }
    }
}

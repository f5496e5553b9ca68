//! Headers that a server takes for a part of the path.
//!
//! gunicorn removes the value of `SCRIPT_NAME` from the path before Airflow 2 and the log servers route it
//! (`gunicorn/http/wsgi.py`, `forwarder_headers`). It does so if it trusts the connection's peer: `127.0.0.1`
//! by default, and every address with `FORWARDED_ALLOW_IPS=*`. So `/x/api/v1/dags` with `SCRIPT_NAME: /x`
//! lists all DAGs, and the filter cannot read the path that Airflow serves.

use super::Malformed;
use crate::wire::Header;

/// The headers in which gunicorn lets a trusted sender change the path, as Envoy spells them.
const NAMES: [&str; 2] = ["path_info", "script_name"];

/// Checks that no header moves the path.
///
/// # Errors
/// The name of the header that does.
pub fn check_headers(headers: &[Header<'_>]) -> Result<(), Malformed> {
    let moves = |name: &&str| headers.iter().any(|(given, _)| *given == name.as_bytes());
    match NAMES.into_iter().find(moves) {
        Some(name) => Err(Malformed::Moved(name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_that_move_the_path_are_refused() {
        for name in NAMES {
            let headers: [Header<'_>; 2] = [(b"accept", b"*/*"), (name.as_bytes(), b"")];
            assert_eq!(check_headers(&headers), Err(Malformed::Moved(name)));
        }
        for harmless in [
            "script-name",
            "path-info",
            "x_script_name",
            "x-script-name",
            "x-forwarded-prefix",
            "request_uri",
            "x-original-url",
        ] {
            assert_eq!(
                check_headers(&[(harmless.as_bytes(), b"/x")]),
                Ok(()),
                "{harmless}"
            );
        }
    }
}

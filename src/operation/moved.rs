//! Headers that a server takes for a part of the path.
//!
//! gunicorn cuts the value of `SCRIPT_NAME` off the path before Airflow 2 and the log servers route
//! it (`gunicorn/http/wsgi.py`, `forwarder_headers`), where it trusts the connection's other end:
//! `127.0.0.1` by default, and every address with `FORWARDED_ALLOW_IPS=*`. So `/x/api/v1/dags` with
//! `SCRIPT_NAME: /x` asks for all DAGs, and no path that the filter reads is the one that is
//! served.

use super::Malformed;
use crate::wire::Header;

/// What gunicorn lets a trusted sender say of the path, as Envoy spells it.
const NAMES: [&str; 2] = ["path_info", "script_name"];

/// Checks that no header moves the path.
///
/// # Errors
/// The header that does.
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

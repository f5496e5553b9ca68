//! Reads the ids in the query, but only the parameters that a route names.

use std::borrow::Cow;

use super::body::MAX_NAMED;
use super::malformed::{MAX_PARAMETERS, Malformed};
use super::route::{Param, Takes};
use crate::wire::percent::{self, is_query_spelling_of};

/// Refuses a query of more than [`MAX_PARAMETERS`].
pub(super) fn check(query: &str) -> Result<(), Malformed> {
    match query.bytes().filter(|byte| *byte == b'&').count() < MAX_PARAMETERS {
        true => Ok(()),
        false => Err(Malformed::TooManyParameters),
    }
}

/// The values of `param` in order, without empty ones, which Airflow ignores. Of a list, at most one more
/// than [`MAX_NAMED`], because more are too many in any case.
pub(super) fn values<'a>(query: &'a str, param: &Param) -> Result<Vec<Cow<'a, str>>, Malformed> {
    let mut values = Vec::new();
    let list = param.takes != Takes::One;
    let mut seen = false;
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !is_query_spelling_of(name.as_bytes(), param.name.as_bytes()) {
            continue;
        }
        if seen && !list {
            return Err(Malformed::RepeatedParameter(param.name));
        }
        seen = true;
        let value = decode(value).ok_or(Malformed::Parameter(param.name))?;
        split_list(value, list, &mut values);
    }
    Ok(values)
}

/// Splits a list. Airflow 2 writes lists as `a,b`, Airflow 3 repeats the parameter. No id that appears in a
/// list can contain a comma, so both are read alike.
fn split_list<'a>(value: Cow<'a, str>, list: bool, values: &mut Vec<Cow<'a, str>>) {
    if !list || !value.contains(',') {
        values.extend(Some(value).filter(|value| !value.is_empty()));
        return;
    }
    let room = (MAX_NAMED + 1).saturating_sub(values.len());
    match value {
        Cow::Borrowed(value) => values.extend(ids(value).take(room).map(Cow::Borrowed)),
        Cow::Owned(value) => values.extend(ids(&value).take(room).map(|id| Cow::Owned(id.to_owned()))),
    }
}

fn ids(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|id| !id.is_empty())
}

/// Decodes `+` and `%XX`. `None` if servers would read the text differently: a `#`, control characters, or
/// bytes that are not UTF-8.
fn decode(raw: &str) -> Option<Cow<'_, str>> {
    let plain = |byte: u8| matches!(byte, b'!'..=b'~' if byte != b'#');
    if !raw.bytes().all(plain) {
        return None;
    }
    let decoded = match percent::query(raw) {
        Cow::Borrowed(_) => return Some(Cow::Borrowed(raw)),
        Cow::Owned(decoded) => String::from_utf8(decoded).ok()?,
    };
    (!decoded.chars().any(char::is_control)).then_some(Cow::Owned(decoded))
}

#[cfg(test)]
mod tests {
    use super::super::route::{Id, list, one};
    use super::*;

    #[test]
    fn takes_what_airflow_takes() {
        let dag = one("dag_id", Id::Dag);
        for (query, expected) in [
            ("", &[][..]),
            ("dag_id", &[]),
            ("dag_id=", &[]),
            ("dag_id=a", &["a"]),
            ("x=1&dag_id=a%2Db&y", &["a-b"]),
            ("dag%5Fid=a", &["a"]),
            ("dag_id=a+b", &["a b"]),
            ("dag_id=a%2Bb", &["a+b"]),
            ("dag_id=a%252Bb", &["a%2Bb"]),
            ("dag_id=a,b", &["a,b"]),
            ("dag_id=a=b", &["a=b"]),
            ("DAG_ID=a&dag_id_pattern=b", &[]),
        ] {
            assert_eq!(values(query, &dag).unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn lists_repeat_or_have_commas() {
        let dags = list("dag_ids", Id::Dag);
        for query in [
            "dag_ids=a&dag_ids=b",
            "dag_ids=a,b",
            "dag_ids=a%2Cb",
            "dag_ids=,a,,b&dag_ids=",
        ] {
            assert_eq!(values(query, &dags).unwrap(), ["a", "b"], "{query}");
        }
    }

    #[test]
    fn no_more_is_read_than_counts() {
        let dags = list("dag_ids", Id::Dag);
        for comma in [",", "%2C"] {
            let many = format!("dag_ids={}", vec!["a"; 5_000].join(comma));
            assert_eq!(values(&many, &dags).unwrap().len(), MAX_NAMED + 1);
        }
        let most = vec!["a"; MAX_PARAMETERS].join("&");
        assert_eq!(check(&most), Ok(()));
        assert_eq!(check(&format!("{most}&")), Err(Malformed::TooManyParameters));
    }

    #[test]
    fn refuses_what_servers_read_differently() {
        let dag = one("dag_id", Id::Dag);
        for query in [
            "dag_id=a&dag_id=b",
            "dag_id=a&dag_id=a",
            "dag_id=&dag_id=a",
            "dag_id=a&dag%5Fid=b",
        ] {
            assert_eq!(
                values(query, &dag),
                Err(Malformed::RepeatedParameter("dag_id")),
                "{query}"
            );
        }
        for query in [
            "dag_id=a#&dag_id=b",
            "dag_id=%ff",
            "dag_id=%00",
            "dag_id=a%0Ab",
            "dag_id=é",
        ] {
            assert_eq!(
                values(query, &dag),
                Err(Malformed::Parameter("dag_id")),
                "{query}"
            );
        }
    }
}

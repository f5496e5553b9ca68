//! The claims of a token.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use super::{BadJson, Json};

/// The claims of a token: a JSON object. Copies share it, because parsing the claims is most of the cost of a
/// new token.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims(Rc<Json>);

impl Claims {
    /// Reads the claims.
    ///
    /// # Errors
    ///
    /// The claims are not a JSON object, or name a member twice at any depth.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadJson> {
        match Json::parse(bytes)? {
            object @ Json::Object(_) => Ok(Self(Rc::new(object))),
            _ => Err(BadJson),
        }
    }

    /// The claims of an object with these members.
    pub(super) fn of(members: Vec<(Cow<'static, str>, Json)>) -> Self {
        Self(Rc::new(Json::Object(members)))
    }

    /// The claim of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Json::text)
    }

    /// The claim of this name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// The texts at `path`, whose steps are separated by dots. Names can contain dots too, so every possible
    /// split is tried. A list gives its elements; a number and a truth value give their JSON text. An object,
    /// `null`, and a list in a list give no value.
    pub fn values(&self, path: &str) -> Vec<&str> {
        let mut values = Vec::new();
        walk(&self.0, path, &mut values);
        values
    }
}

/// Every member lies at one path, so each is visited at most once.
fn walk<'a>(json: &'a Json, path: &str, values: &mut Vec<&'a str>) {
    let Json::Object(members) = json else { return };
    for (name, value) in members {
        match path.strip_prefix(&**name) {
            Some("") => match value {
                Json::List(elements) => values.extend(elements.iter().filter_map(scalar)),
                single => values.extend(scalar(single)),
            },
            Some(rest) => {
                if let Some(rest) = rest.strip_prefix('.') {
                    walk(value, rest, values);
                }
            }
            None => {}
        }
    }
}

fn scalar(json: &Json) -> Option<&str> {
    match json {
        Json::Text(text) => Some(text),
        Json::Number(number) => Some(number),
        Json::True => Some("true"),
        Json::False => Some("false"),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

/// Shows none of the claims.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_every_way_to_their_path() {
        let claims = Claims::parse(
            br#"{
                "groups": ["admins", 7, true, null, ["deep"], {"a": "b"}],
                "email": "a@b", "n": 1.50, "no": false, "nothing": null, "": "empty",
                "kubernetes.io": {"serviceaccount": {"name": "worker"}, "pod.name": "p"},
                "kubernetes": {"io": {"serviceaccount.name": ["also"]}},
                "kubernetes.io.serviceaccount.name": "as one"
            }"#,
        )
        .unwrap();
        for (path, values) in [
            ("groups", &["admins", "7", "true"][..]),
            ("email", &["a@b"]),
            ("n", &["1.50"]),
            ("no", &["false"]),
            ("kubernetes.io.serviceaccount.name", &["worker", "also", "as one"]),
            ("kubernetes.io.pod.name", &["p"]),
            ("nothing", &[]),
            ("kubernetes.io.serviceaccount", &[]),
            ("kubernetes", &[]),
            ("groups.a", &[]),
            ("group", &[]),
            ("emails", &[]),
            ("email.", &[]),
            (".email", &[]),
            ("", &["empty"]),
        ] {
            assert_eq!(claims.values(path), values, "{path}");
        }
    }

    #[test]
    fn only_an_object_claims() {
        for document in ["[]", "1", "null", "\"a\"", "", r#"{"a":1,"a":1}"#] {
            assert!(Claims::parse(document.as_bytes()).is_err(), "{document}");
        }
        let claims = Claims::parse(br#"{"sub":"secret"}"#).unwrap();
        assert!(claims.get("sub").is_some() && claims.get("iss").is_none());
        assert_eq!(format!("{claims:?}"), "claims");
    }
}

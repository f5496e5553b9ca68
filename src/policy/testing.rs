//! Requests with tokens, for the tests of this module.

use std::rc::Rc;

use super::{Facts, Ruleset, load};
use crate::caller::Principal;
use crate::fact::Fact;
use crate::operation::{self, Body, Operation, Request, Site};
use crate::token::{Claims, Kind, Verified};

/// A rule set with one rule, which accepts tokens of `https://o` and of users. Beside a DENY rule, everything
/// is allowed.
pub(super) fn ruleset(action: &str, rule: &str) -> Ruleset {
    let others = match action {
        "DENY" => r#",{"name":"others","action":"ALLOW","rules":[{}]}"#,
        _ => "",
    };
    let document = format!(
        r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"{action}","rules":[{rule}]}}{others}],
            "tokens":[{{"name":"o","kind":"oidc","issuer":"https://o","audiences":["a"],"fromIstio":true}},
                      {{"name":"users","kind":"airflow-user","audiences":["a"],"jwksUri":"https://u/","cluster":"c"}}]}}"#
    );
    load(document.as_bytes()).unwrap()
}

pub(super) fn token(principal: &str, claims: &str) -> Rc<Verified> {
    Rc::new(Verified {
        kind: Kind::Oidc,
        request_principal: principal.to_owned(),
        claims: Claims::parse(claims.as_bytes()).unwrap(),
        expires: 0,
    })
}

/// Calls `look` with the facts of a request of `principal` with `tokens`.
pub(super) fn facts<T>(
    principal: Option<&str>,
    tokens: &[Rc<Verified>],
    look: impl FnOnce(&Facts<'_>) -> T,
) -> T {
    let principal = principal.map(|principal| Principal::parse(principal).unwrap());
    let request = Request {
        method: "GET",
        target: "/x",
        host: "h",
        body: Body::Whole(&[]),
    };
    let operation: Operation<'_> = operation::classify(&request, &Site::default()).unwrap();
    let access = operation.accesses.first().unwrap();
    look(&Facts::new(
        principal.as_ref(),
        Fact::Unknown,
        tokens,
        &operation,
        access,
    ))
}

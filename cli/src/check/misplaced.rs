//! Unknown fields that another format or another object of the document has, such as `source` of Istio's
//! AuthorizationPolicy.

use dagward::policy::grammar::Object;
use dagward::policy::{ErrorKind, Side, Step};

use crate::report::Problem;

/// Adds to an unknown field where it belongs.
pub(super) fn explain(kind: &ErrorKind, problem: Problem) -> Problem {
    let Some(Step::Key(name)) = problem.path.0.last().filter(|_| *kind == ErrorKind::UnknownField) else {
        return problem;
    };
    let Some(hint) = of_istio(name).map(str::to_owned).or_else(|| elsewhere(name)) else {
        return problem;
    };
    Problem {
        message: format!("{}; {hint}", problem.message),
        suggestion: None,
        allowed: None,
        ..problem
    }
}

/// The words in dagward for a field of Istio's AuthorizationPolicy.
fn of_istio(name: &str) -> Option<&'static str> {
    Some(match name {
        "source" => {
            "Istio's AuthorizationPolicy has `source`, and here its conditions stand in the entry itself: \
             `from: [{principals: […]}]`"
        }
        "operation" => {
            "Istio's AuthorizationPolicy has `operation`, and here its conditions stand in the entry itself: \
             `to: [{methods: […], paths: […]}]`"
        }
        "when" => {
            "Istio's AuthorizationPolicy has `when`, and here a condition on a token is `claims` in `from`, and all other \
             conditions have a word of their own"
        }
        "ipBlocks" | "remoteIpBlocks" | "notIpBlocks" | "notRemoteIpBlocks" => {
            "there is no condition on addresses, which do not prove an identity: name `principals`, or keep Istio's \
             AuthorizationPolicy beside this one"
        }
        "ports" | "notPorts" => {
            "there is no condition on ports: `airflow: {ports: […]}` in the document says where Airflow listens, and \
             `surfaces` names its parts"
        }
        _ => return None,
    })
}

/// The object of the grammar that has the field.
fn elsewhere(name: &str) -> Option<String> {
    let owners = Object::ALL.into_iter().filter(|object| {
        let is_general = matches!(object, Object::Issuer | Object::Location | Object::Airflow);
        !is_general && object.fields().iter().any(|field| field.name == name)
    });
    let places: Vec<&str> = owners.map(place).collect();
    match places.as_slice() {
        [] => None,
        places => Some(format!("it stands in {}", places.join(" or "))),
    }
}

fn place(object: Object) -> &'static str {
    match object {
        Object::Document => "the document itself, beside `policies`",
        Object::Policy => "a policy, beside `rules`",
        Object::Rule => "a rule",
        Object::Entry(Side::From) => "an entry of `from`",
        Object::Entry(Side::To) => "an entry of `to`",
        _ => "another object",
    }
}

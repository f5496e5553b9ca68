//! Decisions about credentials that cannot be read.

use super::*;
use crate::caller::Unreadable;

const UNREADABLE: [Unreadable; 6] = [
    Unreadable::Repeated,
    Unreadable::TooLong,
    Unreadable::Scheme,
    Unreadable::Token,
    Unreadable::Claims,
    Unreadable::Subject,
];

fn scene(mode: &str, why: Unreadable) -> Scene {
    Scene {
        credential: Credential::Unreadable(why),
        ..Scene::new(mode)
    }
}

#[test]
fn an_unreadable_credential_is_refused_where_airflow_reads_it() {
    for why in UNREADABLE {
        let refused = scene("enforce", why).authorize();
        let expected = came(Decision::Malformed, Code::MalformedAuthorization, None);
        assert_eq!(refused, expected, "{why}");
        // Also if each of the rules allows it.
        let shadow = scene("shadow", why).authorize();
        assert_eq!(
            shadow.shadow,
            Some((String::new(), Code::MalformedAuthorization)),
            "{why}"
        );
        let observed = scene("observe", why).authorize();
        assert_eq!(
            (observed.decision, observed.code),
            (Decision::Allow, Code::Observed)
        );
    }
}

#[test]
fn with_api_servers_it_has_no_owner() {
    for mode in ["enforce", "shadow", "observe"] {
        for why in UNREADABLE {
            let scene = Scene {
                ruleset: with_api_servers(mode),
                ..scene(mode, why)
            };
            assert_eq!(scene.authorize().ownership, None, "{mode}: {why}");
        }
    }
}

#[test]
fn elsewhere_it_says_nothing_of_a_task() {
    let scene = Scene {
        target: "/claims",
        headers: vec![("x-airflow-dag-id", "ml_train")],
        ..scene("enforce", Unreadable::Scheme)
    };
    assert_eq!(scene.authorize().code, Code::Allowed);
}

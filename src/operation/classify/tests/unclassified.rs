//! Routes that are not in the table.

use super::*;

#[test]
fn a_route_that_is_not_known_keeps_its_surface_and_names_nothing() {
    for (method, target, surface, action) in [
        ("GET", "/api/v2/new", Surface::Rest, Action::RestUnclassified),
        ("GET", "/api/v1/what", Surface::Rest, Action::RestUnclassified),
        ("OPTIONS", "/api/v2/dags", Surface::Rest, Action::RestUnclassified),
        ("get", "/ui/config", Surface::Ui, Action::UiUnclassified),
        ("GET", "/ui/some_new_thing", Surface::Ui, Action::UiUnclassified),
        ("POST", "/auth/new", Surface::Auth, Action::AuthUnclassified),
        (
            "GET",
            "/execution",
            Surface::Execution,
            Action::ExecutionUnclassified,
        ),
        (
            "PUT",
            "/execution/new/a/b/",
            Surface::Execution,
            Action::ExecutionUnclassified,
        ),
        ("POST", "/log/x", Surface::Logs, Action::LogsUnclassified),
        (
            "POST",
            "/edge_worker/v1/new",
            Surface::Edge,
            Action::EdgeUnclassified,
        ),
        (
            "POST",
            "/internal_api/v1/new",
            Surface::Edge,
            Action::EdgeUnclassified,
        ),
    ] {
        let operation = ok(method, target);
        assert_eq!(
            (operation.surface, operation.template),
            (surface, None),
            "{target}"
        );
        assert!(operation.any_dag && operation.is_unclassified());
        assert_eq!(
            (operation.actions(), operation.action_label()),
            (vec![action], action.as_str())
        );
        let expected = Access {
            action: Fact::Known(action),
            dag: Fact::Unknown,
            team: Fact::Unknown,
            run: Fact::Unknown,
            task: Fact::Unknown,
            connection: Fact::Unknown,
            variable: Fact::Unknown,
            pool: Fact::Unknown,
            xcom_key: Fact::Unknown,
            asset: Fact::Unknown,
            trigger: Fact::Unknown,
            queue: Fact::Unknown,
            by_uuid: false,
        };
        assert_eq!(operation.accesses, [expected], "{target}");
        // The route may be open to all callers, so its 2xx proves nothing about a token.
        assert!(!operation.verifies_token() && !operation.takes_no_token() && !operation.starts());
    }
    for target in ["/", "/uix/y", "/health/x", "/dags/x", "/metrics/x"] {
        assert!(!ok("PUT", target).is_unclassified(), "{target}");
    }
}

//! Warnings about ingress gateways that reach more than people need.

use dagward::operation::Surface;
use dagward::policy::Field;

use super::super::code::Code;
use super::Sink;
use super::pattern::{Pattern, Shape};
use super::view::{Entry, View};

/// Warns of an ALLOW by which requests from outside the mesh reach the API of tasks or the servers of their logs.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    for rule in view.allows() {
        let mut callers = rule.from.iter().flatten().flat_map(identities);
        let Some(gateway) = callers.find(|identity| is_gateway(identity)) else {
            continue;
        };
        for surfaces in rule
            .to
            .iter()
            .flatten()
            .filter_map(|entry| entry.admits(Field::Surfaces))
        {
            for (number, pattern) in surfaces.patterns.iter().enumerate() {
                let is_of_tasks = [Surface::Execution, Surface::Logs]
                    .map(Surface::as_str)
                    .contains(&pattern.body);
                if is_of_tasks && pattern.shape == Shape::Exact {
                    let message = format!(
                        "people come through the gateway `{}`, and only workloads of Airflow need `{}`",
                        gateway.text, pattern.text
                    );
                    sink.warn(Code::GatewayToTasks, &surfaces.pattern_at(number), message);
                }
            }
        }
    }
}

fn identities<'e, 'a>(entry: &'e Entry<'a>) -> impl Iterator<Item = &'e Pattern<'a>> {
    entry
        .admitting()
        .filter(|condition| {
            matches!(
                condition.field,
                Field::Principals | Field::Namespaces | Field::ServiceAccounts
            )
        })
        .flat_map(|condition| &condition.patterns)
}

/// Whether an identity is of a namespace or an account that is named as gateways are.
fn is_gateway(identity: &Pattern<'_>) -> bool {
    let parts = identity.body.split('/');
    parts
        .into_iter()
        .any(|part| part.contains("ingress") || part.contains("gateway") || part == "istio-system")
}

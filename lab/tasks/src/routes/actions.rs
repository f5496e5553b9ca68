//! `docs/actions.md`: every action, with the routes that need it.

use std::fmt::Write as _;

use dagward::operation::{Action, Line, Row, rows};

/// The path of the page in the repository.
pub(super) const FILE: &str = "docs/actions.md";

const HEAD: &str = "# Actions

These are the actions that `actions` in a policy can name, and the routes of Airflow that ask for each.

* A route with several actions needs all of them, except those that only some bodies ask for: a task's `state` asks for
  `asset:create` where it names assets, and for `trigger:create` and more where it
  [defers](policy.md#deferred-tasks). Some [fields](policy.md#fields-that-ask-for-more) ask for more.
* The web pages of 2.11, surface `ui`, count where the document says that they are there.
* The last column has the lines of Airflow that have the route.
* Names in braces stand for one segment of the path, with `:path` for any number of them. GET stands for HEAD too.

`cargo xtask routes --write` writes this page from the table in [`src/operation/routes`](../src/operation/routes).

`SURFACE:unclassified` is [a route that dagward does not know](policy.md#routes-that-dagward-does-not-know) below the surface's paths.
";

/// The page.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut resource = "";
    for action in Action::ALL.iter().copied() {
        let of = action.resource();
        if of != resource {
            resource = of;
            // Writing to a text cannot fail.
            let _ = write!(
                page,
                "\n## {resource}\n\n| action | route | surface | Airflow |\n|---|---|---|---|\n"
            );
        }
        if action.is_unclassified() {
            let _ = writeln!(page, "| `{action}` | any that is not on this page | {of} | |");
        }
        for row in rows().filter(|row| row.asks_for(action)) {
            let (method, template) = (row.method(), row.template());
            let (surface, lines) = (row.surface.as_str(), lines(&row));
            let _ = writeln!(
                page,
                "| `{action}` | `{method} {template}` | {surface} | {lines} |"
            );
        }
    }
    page
}

/// The release lines that have a row: `2.11–3.3`.
fn lines(row: &Row) -> String {
    let mut lines = Line::ALL.into_iter().filter(|&line| row.is_in(line));
    let first = lines.next().map_or("", Line::as_str);
    match lines.next_back() {
        Some(last) => format!("{first}–{}", last.as_str()),
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use dagward_workbench::paths;

    use super::*;

    #[test]
    fn the_page_is_current() {
        let text = fs::read_to_string(paths::workspace().join(FILE)).unwrap();
        assert!(
            text == page(),
            "`{FILE}` is not what the table says: see `cargo xtask routes --write`"
        );
    }
}

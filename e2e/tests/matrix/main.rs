//! Every release of Airflow that dagward supports: a DAG's run through the mesh in enforce mode, and its routes.

use dagward::operation::rows_of;
use dagward_build as module;
use dagward_releases::{Release, routes};
use dagward_shipped::manifest;
use dagward_testbed::airflow::Passage;
use dagward_testbed::sidecar::Plugin;
use dagward_workbench::table::Table;

#[test]
fn a_run_passes_on_every_release() {
    let policy = manifest::enforced("wasm-plugin.yaml").unwrap();
    let plugin = Plugin::new(&module::build().unwrap().path, &policy);

    let mut table = Table::plain([
        "Airflow", "run", "requests", "of tasks", "log", "seconds", "problems",
    ]);
    let mut problems = Vec::new();
    for release in Release::ALL {
        let passage = Passage::make(release, &plugin, &[]).unwrap();
        let found = passage.problems();
        table.row([
            release.version.to_owned(),
            passage.runs.values().cloned().collect::<Vec<_>>().join(", "),
            passage.requests.len().to_string(),
            passage.of_tasks().to_string(),
            format!("{} bytes", passage.log.len()),
            passage.took.as_secs().to_string(),
            found.len().to_string(),
        ]);
        problems.extend(
            found
                .into_iter()
                .map(|problem| format!("{}: {problem}", release.version)),
        );
    }
    println!("\n{table}");
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn every_route_of_every_release_is_classified() {
    let mut incomplete = Vec::new();
    for release in Release::ALL {
        let comparison = routes::check(release, rows_of(release.version).map(|row| row.words())).unwrap();
        println!("\n{comparison}");
        if !comparison.complete() {
            incomplete.push(release.version);
        }
    }
    assert_eq!(incomplete, Vec::<&str>::new());
}

//! The package `dagward-airflow`: each release of Airflow finds it by its entry points.

use std::fs;
use std::path::Path;

use dagward_releases::Release;
use dagward_testbed::airflow::package;
use dagward_workbench::paths;
use serde_json::{Value, json};

/// The command that the executor gives a task's container.
fn command(release: Release) -> Value {
    if release.is_airflow_2() {
        return json!(["airflow", "tasks", "run", "sales_daily", "load", "r", "--local"]);
    }
    let task = json!({"dag_id": "sales_daily", "task_id": "load", "run_id": "r"});
    let workload = json!({"ti": task, "bundle_info": {"name": "sales"}});
    let program = ["python", "-m", "airflow.sdk.execution_time.execute_workload"];
    json!([
        program[0],
        program[1],
        program[2],
        "--json-string",
        workload.to_string()
    ])
}

#[test]
fn every_release_finds_it() {
    let policy = ["dagward_airflow.cluster_policy"];
    for release in Release::ALL {
        let found = package::found(release, &command(release)).unwrap();
        let version = release.version;
        let policies = json!({
            "task_policy": policy,
            "task_instance_mutation_hook": policy,
            "pod_mutation_hook": policy,
        });
        let of_the_package = |hooks: &Value| {
            let mut hooks = hooks.clone();
            for modules in hooks.as_object_mut().unwrap().values_mut() {
                // Airflow's own entry points stand beside them.
                let modules = modules.as_array_mut().unwrap();
                modules.retain(|module| !module.as_str().unwrap().starts_with("airflow."));
            }
            hooks
        };
        assert_eq!(of_the_package(&found["policies"]), policies, "{version}");
        // Otherwise Airflow makes a run's tasks without the hook.
        assert_eq!(found["is_noop"], false, "{version}");
        assert_eq!(found["listens"], true, "{version}");
        assert_eq!(found["adds_headers"], true, "{version}");
        assert_eq!(found["own"], "airflow-worker-sales", "{version}");
        let forged = "refused: the annotation `dag_id` does not match the task";
        assert_eq!(found["forged"], forged, "{version}");
        let other = "refused: the pod's command is not the executor's";
        assert_eq!(found["other_command"], other, "{version}");
    }
}

/// A setting that Airflow would not read must not look as if it was in force.
#[test]
fn airflow_does_not_start_with_a_setting_that_it_would_not_read() {
    for release in Release::ALL {
        for (name, value, problem) in [
            ("AIRFLOW__DAGWARD__BUNDEL", "x", "unknown setting `bundel`"),
            (
                "AIRFLOW__DAGWARD__Queue",
                "{team}",
                "the variable's name must be `AIRFLOW__DAGWARD__QUEUE`",
            ),
            (
                "airflow__dagward__queue",
                "{team}",
                "the variable's name must be `AIRFLOW__DAGWARD__QUEUE`",
            ),
            (
                "AIRFLOW__DAGWARD__BUNDLE",
                "",
                "`AIRFLOW__DAGWARD__BUNDLE` is empty",
            ),
            (
                "AIRFLOW__DAGWARD__AUTHORS_MAY_SET",
                " ",
                "`AIRFLOW__DAGWARD__AUTHORS_MAY_SET` is empty",
            ),
            ("AIRFLOW__DAGWARD__QUEUE", "team", "must have `{team}` once"),
        ] {
            let error = package::starts(release, &[(name, value)]).unwrap_err();
            let version = release.version;
            assert!(
                format!("{error:#}").contains(problem),
                "{version} {name}: {error:#}"
            );
        }
        package::starts(release, &[("AIRFLOW__DAGWARD__AUTHORS_MAY_SET", "none")]).unwrap();
    }
}

#[test]
fn it_has_the_workspace_s_version_and_no_copies() {
    let workspace = paths::workspace();
    let project = fs::read_to_string(workspace.join(package::SOURCE).join("pyproject.toml")).unwrap();
    let version = format!("\nversion = \"{}\"\n", env!("CARGO_PKG_VERSION"));
    assert!(project.contains(&version), "{project}");
    let source = workspace.join(package::SOURCE).join("src/dagward_airflow");
    for (copied, module) in [
        ("policies/airflow_local_settings.py", "cluster_policy.py"),
        ("plugins/task_headers.py", "task_headers.py"),
    ] {
        let copied = workspace.join("examples/airflow").join(copied);
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(read(&copied), read(&source.join(module)));
    }
}

//! The cluster policy for the scheduler: the pods that it makes from the requests of DAG authors.

use std::fs;

use dagward_shipped::teams;
use dagward_testbed::airflow::pods::{ClusterPolicy, Form, Outcome, Pods};
use dagward_workbench::paths;

const FILE: &str = "examples/airflow/policies/airflow_local_settings.py";

/// The executor refuses a text that is not a pod with this message. The task's page gives the reason.
const NO_POD: &str = "Invalid executor_config passed";

/// The map of teams.
const TEAMS: [(&str, &str); 2] = [("sales", "airflow-worker-sales"), ("ml", "airflow-worker-ml")];

/// The installed package with [`TEAMS`].
const POLICY: ClusterPolicy<'_> = ClusterPolicy {
    form: Form::Package,
    settings: &[],
    teams: Some(&TEAMS),
};

/// The pods of a bundle's DAGs.
fn of_dags(policy: ClusterPolicy<'_>, bundle: &str) -> Pods {
    Pods::of_dags(Some(policy), bundle).unwrap()
}

/// The policy with a setting.
fn with<'a>(setting: &'a [(&'a str, &'a str)]) -> ClusterPolicy<'a> {
    ClusterPolicy {
        settings: setting,
        ..POLICY
    }
}

/// The file for installations that cannot install the package.
fn file() -> String {
    fs::read_to_string(paths::workspace().join(FILE)).unwrap()
}

/// The service account of a task's pod, or the reason why there is no pod.
fn account<'a>(pods: &'a Pods, task: &str) -> Result<&'a str, &'a str> {
    match &pods.tasks[task] {
        Outcome::Pod(pod) => Ok(pod["spec"]["serviceAccountName"].as_str().unwrap()),
        Outcome::Failed(failure) => Err(&failure.reason),
    }
}

fn of_forger(pods: &Pods) -> Vec<(&str, &Outcome)> {
    let mut tasks = Vec::new();
    for (task, outcome) in &pods.tasks {
        tasks.extend(task.strip_prefix("sales_forger.").map(|task| (task, outcome)));
    }
    assert!(tasks.len() > 20, "{tasks:?}");
    tasks
}

/// Without a policy the author decides about the pod.
#[test]
fn plain_airflow_makes_the_forger_s_pods() {
    let pods = Pods::of_dags(None, "sales").unwrap();
    assert!(pods.import_errors.is_empty(), "{:?}", pods.import_errors);
    for (task, outcome) in of_forger(&pods) {
        let made = matches!(outcome, Outcome::Pod(_));
        assert_eq!(made, task != "no_pod", "{task}: {outcome:?}");
    }
    assert_eq!(account(&pods, "sales_forger.account"), Ok("airflow-worker-ml"));
    assert_eq!(account(&pods, "sales_careless.copied"), Ok("airflow-worker-ml"));
    assert_eq!(account(&pods, "sales_honest.plain"), Ok("airflow-worker"));
    let Outcome::Pod(pod) = &pods.tasks["sales_forger.annotations"] else {
        panic!("{pods:?}");
    };
    assert_eq!(pod["metadata"]["annotations"]["dag_id"], "ml_train");
}

#[test]
fn the_policy_gives_each_team_its_account_and_forgers_none() {
    gives_each_team_its_account_and_forgers_none(POLICY);
}

#[test]
fn so_does_the_copied_file() {
    let text = file();
    let form = Form::File(&text);
    gives_each_team_its_account_and_forgers_none(ClusterPolicy { form, ..POLICY });
}

fn gives_each_team_its_account_and_forgers_none(policy: ClusterPolicy<'_>) {
    let pods = of_dags(policy, "sales");
    for (task, outcome) in of_forger(&pods) {
        let Outcome::Failed(failure) = outcome else {
            panic!("{task}: {outcome:?}");
        };
        assert_eq!(failure.reason, NO_POD, "{task}");
        let shown = failure.executor_config["pod_override"].as_str().unwrap();
        assert!(shown.starts_with("refused: `pod_"), "{task}: {shown}");
    }
    let Outcome::Failed(failure) = &pods.tasks["sales_forger.annotations"] else {
        panic!("{pods:?}");
    };
    assert_eq!(
        failure.executor_config["pod_override"],
        "refused: `pod_override` may not set `metadata.annotations.dag_id`, `metadata.annotations.task_id`"
    );

    for task in ["sales_honest.plain", "sales_honest.large"] {
        assert_eq!(account(&pods, task), Ok("airflow-worker-sales"), "{task}");
    }
    let Outcome::Pod(large) = &pods.tasks["sales_honest.large"] else {
        panic!("{pods:?}");
    };
    assert_eq!(large["spec"]["nodeSelector"]["pool"], "large");
    assert_eq!(large["metadata"]["annotations"]["task_id"], "large");
    let base = &large["spec"]["containers"][0];
    assert_eq!(base["resources"]["requests"]["memory"], "2Gi");
    assert_eq!(base["args"][2], "airflow.sdk.execution_time.execute_workload");
    // The pod template's fields stay if the author has not set them.
    assert_eq!(base["securityContext"]["allowPrivilegeEscalation"], false);
}

/// Without the policy in the api-server, the scheduler gets the text that authors wrote. It still makes no pod of
/// another team.
#[test]
fn the_scheduler_alone_takes_no_account_annotation_or_command() {
    let hook = "@hookimpl\ndef task_instance_mutation_hook(";
    let text = file();
    assert_eq!(text.matches(hook).count(), 1);
    let text = text
        .replace(hook, "def forgotten(")
        .replace("\"task_instance_mutation_hook\", ", "");
    let form = Form::File(&text);
    let pods = of_dags(ClusterPolicy { form, ..POLICY }, "sales");
    for task in ["account", "old_account"] {
        let task = format!("sales_forger.{task}");
        assert_eq!(account(&pods, &task), Ok("airflow-worker-sales"), "{task}");
    }
    let other = "the pod's command is not the executor's";
    for (task, reason) in [
        ("annotations", "the annotation `dag_id` does not match the task"),
        ("command", other),
        ("args", other),
    ] {
        assert_eq!(
            account(&pods, &format!("sales_forger.{task}")),
            Err(reason),
            "{task}"
        );
    }
}

/// An honest author sees the error when their DAG is parsed.
#[test]
fn the_policy_tells_the_author() {
    let pods = of_dags(POLICY, "sales");
    assert!(!pods.tasks.contains_key("sales_careless.copied"), "{pods:?}");
    let [(file, error)] = Vec::from_iter(&pods.import_errors)[..] else {
        panic!("{:?}", pods.import_errors);
    };
    assert!(file.ends_with("sales_careless.py"), "{file}");
    let reason = "task `copied`: `pod_override` may not set `spec.service_account_name`";
    assert!(error.contains(reason), "{error}");
}

#[test]
fn an_operator_ties_teams_to_bundles() {
    let policy = with(&[("bundle", "{team}")]);
    let pods = of_dags(policy, "sales");
    assert_eq!(account(&pods, "sales_honest.plain"), Ok("airflow-worker-sales"));
    let pods = of_dags(policy, "ml");
    assert_eq!(
        account(&pods, "sales_honest.plain"),
        Err("DAG `sales_honest` may not come from the bundle `ml`")
    );
}

#[test]
fn an_operator_gives_dags_of_no_team_an_account() {
    let pods = of_dags(POLICY, "sales");
    assert_eq!(
        account(&pods, "etl.load"),
        Err("DAG `etl` belongs to no team: its id must begin with `<team>_`")
    );
    let map = [TEAMS[0], (teams::ALL_OTHERS, "airflow-worker")];
    let teams = Some(&map[..]);
    let pods = of_dags(ClusterPolicy { teams, ..POLICY }, "sales");
    assert_eq!(account(&pods, "etl.load"), Ok("airflow-worker"));
    assert_eq!(account(&pods, "sales_honest.plain"), Ok("airflow-worker-sales"));
}

/// A misspelt setting would stop separating the teams.
#[test]
fn airflow_does_not_start_with_a_setting_that_is_wrong() {
    for (setting, expected) in [
        (
            ("bundel", "{team}"),
            "[dagward]: unknown setting `bundel`; known are teams, bundle,",
        ),
        (
            ("bundle", "team"),
            "[dagward] bundle: `team` must have `{team}` once",
        ),
        (
            ("queue", "{team}-{dag}"),
            "[dagward] queue: `{team}-{dag}` must have `{team}` once",
        ),
    ] {
        let error = Pods::of_dags(Some(with(&[setting])), "sales").unwrap_err();
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
}

#[test]
fn without_a_map_of_teams_no_pod_is_made() {
    let teams = None;
    let pods = of_dags(ClusterPolicy { teams, ..POLICY }, "sales");
    let reason = account(&pods, "sales_honest.plain").unwrap_err();
    assert!(
        reason.starts_with("the map of teams cannot be read: "),
        "{reason}"
    );
    let teams = Some(&[("sales", "Sales")][..]);
    let pods = of_dags(ClusterPolicy { teams, ..POLICY }, "sales");
    let reason = account(&pods, "sales_honest.plain").unwrap_err();
    assert!(reason.contains("no service account for `sales`"), "{reason}");
}

/// Admission and the policies read it alike: `e2e/tests/istio/teams.rs`, `tests/examples/team_map.rs`.
#[test]
fn each_dag_has_the_account_of_the_map() {
    let dag_ids = teams::dag_ids();
    for map in [&teams::MAP[..], &teams::ODD_MAP] {
        let teams = Some(map);
        let policy = ClusterPolicy { teams, ..POLICY };
        let accounts = policy.accounts(&dag_ids).unwrap();
        assert_eq!(accounts.len(), dag_ids.len());
        for (dag_id, account) in dag_ids.iter().zip(accounts) {
            let expected = teams::accounts(map, dag_id);
            assert_eq!(account.as_deref(), expected.first().copied(), "{dag_id}");
        }
    }
}

/// `sales_evil` in another team's bundle does not belong to sales, with any executor and queue.
#[test]
fn a_dag_of_another_team_s_bundle_runs_on_no_executor() {
    let place = |pods: &Pods| {
        let place = &pods.places["sales_evil.steal"];
        assert_eq!(place.starts, place.executor.is_none(), "{place:?}");
        (place.queue.clone(), place.executor.clone())
    };
    // Without the policy, and with its defaults, the name alone assigns it to sales.
    for plain in [None, Some(POLICY)] {
        let pods = Pods::of_dags(plain, "ml").unwrap();
        assert_eq!(place(&pods), ("sales".to_owned(), None));
    }
    let policy = with(&[("bundle", "{team}")]);
    let refused = "refused: DAG `sales_evil` may not come from the bundle `ml`".to_owned();
    let pods = of_dags(policy, "ml");
    assert_eq!(place(&pods).1, Some(refused));
    let of_no_team = "refused: DAG `etl` belongs to no team: its id must begin with `<team>_`".to_owned();
    assert_eq!(pods.places["etl.load"].executor, Some(of_no_team));
    let pods = of_dags(policy, "sales");
    assert_eq!(place(&pods), ("sales".to_owned(), None));
}

#[test]
fn an_operator_gives_each_team_its_queue() {
    let pods = of_dags(with(&[("queue", "workers-{team}")]), "sales");
    for task in ["sales_evil.steal", "sales_honest.plain"] {
        assert_eq!(pods.places[task].queue, "workers-sales", "{task}");
        assert_eq!(pods.places[task].executor, None, "{task}");
    }
    assert!(pods.places["etl.load"].executor.is_some());
}

/// The Helm chart renders the file as a template.
#[test]
fn helm_finds_nothing_to_fill_in() {
    assert!(!file().contains("{{"));
}

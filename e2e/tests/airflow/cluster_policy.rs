//! The cluster policy for the scheduler: which pods come of what DAG authors ask for.

use std::fs;

use dagward_lab::airflow::pods::{ClusterPolicy, Outcome, Pods};
use dagward_lab::{paths, teams};

const FILE: &str = "examples/airflow/policies/airflow_local_settings.py";

/// A text at the executor's door is no pod. The executor says this, and the page of the task why.
const NO_POD: &str = "Invalid executor_config passed";

/// The map of teams.
const TEAMS: [(&str, &str); 2] = [("sales", "airflow-worker-sales"), ("ml", "airflow-worker-ml")];

/// The pods of the DAGs of a bundle under a policy and [`TEAMS`].
fn of_dags(policy: Option<&str>, bundle: &str) -> Pods {
    of_dags_with(policy, Some(&TEAMS), bundle)
}

fn of_dags_with(policy: Option<&str>, teams: Option<&[(&str, &str)]>, bundle: &str) -> Pods {
    let policy = policy.map(|text| ClusterPolicy { text, teams });
    Pods::of_dags(policy, bundle).unwrap()
}

fn policy() -> String {
    fs::read_to_string(paths::workspace().join(FILE)).unwrap()
}

/// The policy as an operator changes it.
fn policy_with(before: &str, after: &str) -> String {
    let policy = policy();
    assert_eq!(policy.matches(before).count(), 1, "{before}");
    policy.replace(before, after)
}

/// The service account of a task's pod, or why there is none.
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

/// Without a policy the pod is what its author wants it to be.
#[test]
fn plain_airflow_makes_the_forger_s_pods() {
    let pods = of_dags(None, "sales");
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
    let pods = of_dags(Some(&policy()), "sales");
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
    // What the pod template has, and the author has not set, stays.
    assert_eq!(base["securityContext"]["allowPrivilegeEscalation"], false);
}

/// Where the api-server was forgotten, the scheduler gets what authors wrote, and still makes no pod of another team.
#[test]
fn the_scheduler_alone_takes_no_account_annotation_or_command() {
    let policy = policy_with("def task_instance_mutation_hook(", "def nobody_calls_this(");
    let pods = of_dags(Some(&policy), "sales");
    for task in ["account", "old_account"] {
        let task = format!("sales_forger.{task}");
        assert_eq!(account(&pods, &task), Ok("airflow-worker-sales"), "{task}");
    }
    let other = "the pod is to run another command than the executor's";
    for (task, reason) in [
        ("annotations", "the annotation `dag_id` is not that of the task"),
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

/// An author who means no harm learns it when his DAG is parsed.
#[test]
fn the_policy_tells_the_author() {
    let pods = of_dags(Some(&policy()), "sales");
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
    let policy = policy_with("BUNDLE = None", "BUNDLE = \"{team}\"");
    let pods = of_dags(Some(&policy), "sales");
    assert_eq!(account(&pods, "sales_honest.plain"), Ok("airflow-worker-sales"));
    let pods = of_dags(Some(&policy), "ml");
    assert_eq!(
        account(&pods, "sales_honest.plain"),
        Err("DAG `sales_honest` may not come from the bundle `ml`")
    );
}

#[test]
fn an_operator_gives_dags_of_no_team_an_account() {
    let pods = of_dags(Some(&policy()), "sales");
    assert_eq!(
        account(&pods, "etl.load"),
        Err("DAG `etl` is of no team: its id must begin with `<team>_`")
    );
    let map = [TEAMS[0], (teams::ALL_OTHERS, "airflow-worker")];
    let pods = of_dags_with(Some(&policy()), Some(&map), "sales");
    assert_eq!(account(&pods, "etl.load"), Ok("airflow-worker"));
    assert_eq!(account(&pods, "sales_honest.plain"), Ok("airflow-worker-sales"));
}

#[test]
fn without_a_map_of_teams_no_pod_is_made() {
    let pods = of_dags_with(Some(&policy()), None, "sales");
    let reason = account(&pods, "sales_honest.plain").unwrap_err();
    assert!(
        reason.starts_with("the map of teams cannot be read: "),
        "{reason}"
    );
    let pods = of_dags_with(Some(&policy()), Some(&[("sales", "Sales")]), "sales");
    let reason = account(&pods, "sales_honest.plain").unwrap_err();
    assert!(reason.contains("no service account for `sales`"), "{reason}");
}

/// As admission and the policies read it: `e2e/tests/istio/teams.rs`, `tests/examples/team_map.rs`.
#[test]
fn each_dag_has_the_account_of_the_map() {
    let dag_ids = teams::dag_ids();
    let text = policy();
    for map in [&teams::MAP[..], &teams::ODD_MAP] {
        let policy = ClusterPolicy {
            text: &text,
            teams: Some(map),
        };
        let accounts = policy.accounts(&dag_ids).unwrap();
        assert_eq!(accounts.len(), dag_ids.len());
        for (dag_id, account) in dag_ids.iter().zip(accounts) {
            let expected = teams::accounts(map, dag_id);
            assert_eq!(account.as_deref(), expected.first().copied(), "{dag_id}");
        }
    }
}

/// `sales_evil` of another team's bundle is not of sales, whatever executor and queue it asks for.
#[test]
fn a_dag_of_another_team_s_bundle_runs_on_no_executor() {
    let place = |pods: &Pods| {
        let place = &pods.places["sales_evil.steal"];
        assert_eq!(place.starts, place.executor.is_none(), "{place:?}");
        (place.queue.clone(), place.executor.clone())
    };
    // Without the policy, and with it as it comes, the name alone makes it one of sales.
    for plain in [None, Some(policy())] {
        let pods = of_dags(plain.as_deref(), "ml");
        assert_eq!(place(&pods), ("sales".to_owned(), None));
    }
    let policy = policy_with("BUNDLE = None", "BUNDLE = \"{team}\"");
    let refused = "refused: DAG `sales_evil` may not come from the bundle `ml`".to_owned();
    let pods = of_dags(Some(&policy), "ml");
    assert_eq!(place(&pods).1, Some(refused));
    let of_no_team = "refused: DAG `etl` is of no team: its id must begin with `<team>_`".to_owned();
    assert_eq!(pods.places["etl.load"].executor, Some(of_no_team));
    let pods = of_dags(Some(&policy), "sales");
    assert_eq!(place(&pods), ("sales".to_owned(), None));
}

#[test]
fn an_operator_gives_each_team_its_queue() {
    let policy = policy_with("QUEUE = None", "QUEUE = \"workers-{team}\"");
    let pods = of_dags(Some(&policy), "sales");
    for task in ["sales_evil.steal", "sales_honest.plain"] {
        assert_eq!(pods.places[task].queue, "workers-sales", "{task}");
        assert_eq!(pods.places[task].executor, None, "{task}");
    }
    assert!(pods.places["etl.load"].executor.is_some());
}

/// The Helm chart takes the file for a template of its own.
#[test]
fn helm_finds_nothing_to_fill_in() {
    assert!(!policy().contains("{{"));
}

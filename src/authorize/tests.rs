use super::*;
use crate::caller::{Acting, Credential, TaskInstanceId};
use crate::learn::{Learned, Run};
use crate::operation::Body;
use crate::policy;
use crate::stamp::Edit;
use crate::verdict::Decision;
use crate::wire::Header;

mod credentials;
mod facts;
mod own;

const POLICY: &str = r#"{"apiVersion":"dagward/v1","mode":"MODE","policies":[
  {"name":"teams","action":"ALLOW","rules":[{
    "from":[{"principals":["spiffe://td/ns/airflow/sa/worker-{team}"],"dags":["{team}_*"],"proof":["pod","airflow"]}],
    "to":[{"dags":["{team}_*"],"actions":["xcom:*"]}]}]},
  {"name":"claims","action":"ALLOW","rules":[{"to":[{"paths":["/claims"]}],"from":[{"proof":["claimed"]}]}]},
  {"name":"finance","action":"DENY","rules":[{"to":[{"dags":["finance_*"]}]}]},
  {"name":"coming","action":"DENY","mode":"shadow","rules":[{"to":[{"methods":["DELETE"]}]}]}]}"#;

const XCOM: &str = "/execution/xcoms/ml_train/run/features/return_value";

const RUN: &str = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run";

const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

struct Scene {
    ruleset: Ruleset,
    own: Principal,
    peer: Option<Principal>,
    headers: Vec<(&'static str, &'static str)>,
    method: &'static str,
    target: &'static str,
    listener: Direction,
    cluster: &'static str,
    pod: Option<Acting>,
    credential: Credential<&'static str>,
    learned: Option<Learned>,
}

/// The outcome of a scene, owned.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    decision: Decision,
    code: Code,
    by: Option<String>,
    shadow: Option<(String, Code)>,
    edits: Vec<String>,
    ownership: Option<Ownership>,
}

impl Scene {
    fn new(mode: &str) -> Self {
        let own = Principal::parse("spiffe://td/ns/airflow/sa/api-server").unwrap();
        Self {
            ruleset: policy::load(POLICY.replace("MODE", mode).as_bytes()).unwrap(),
            own,
            peer: Principal::parse("spiffe://td/ns/airflow/sa/worker-ml").ok(),
            headers: vec![("x-airflow-dag-id", "ml_train"), ("x-airflow-proof", "pod")],
            method: "GET",
            target: XCOM,
            listener: Direction::Inbound,
            cluster: "",
            pod: None,
            credential: Credential::Absent,
            learned: None,
        }
    }

    /// The DAG that the caller acts for.
    fn acting(&self) -> Option<String> {
        self.outcome(|outcome| Some(outcome.actor.acting()?.dag_id.clone()))
    }

    fn outcome<T>(&self, then: impl FnOnce(&Outcome<'_>) -> T) -> T {
        let headers: Vec<Header<'_>> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        let incoming = Incoming {
            peer: Ok(self.peer.as_ref()),
            port: "8080",
            cluster: self.cluster.as_bytes(),
            token: Token {
                credential: self.credential,
                learned: self.learned.as_ref(),
                ..Token::default()
            },
            ..Incoming::new(self.listener, request(self.method, self.target), &headers)
        };
        let proxy = Proxy {
            identity: Some(&self.own),
            pod: self.pod.as_ref(),
        };
        then(&authorize(Some(&self.ruleset), proxy, &incoming))
    }

    fn authorize(&self) -> Came {
        self.outcome(|outcome| Came {
            decision: outcome.verdict.decision(),
            code: outcome.verdict.code(),
            by: outcome
                .verdict
                .by()
                .map(|by| format!("{}/{}", by.policy, by.rule)),
            shadow: outcome.verdict.shadow().map(|objection| {
                let policy = objection.by().map_or("", |by| by.policy);
                (policy.to_owned(), objection.code())
            }),
            edits: outcome
                .edits
                .iter()
                .map(|edit| match edit {
                    Edit::Set(name, value) => format!("{name}={value}"),
                    Edit::Remove(name) => format!("-{name}"),
                })
                .collect(),
            ownership: outcome.verdict.ownership(),
        })
    }
}

fn request(method: &'static str, target: &'static str) -> Request<'static> {
    Request {
        method,
        target,
        host: "api",
        body: Body::Pending,
    }
}

fn came(decision: Decision, code: Code, by: Option<&str>) -> Came {
    Came {
        decision,
        code,
        by: by.map(str::to_owned),
        shadow: None,
        edits: Vec::new(),
        ownership: None,
    }
}

/// The policy in which workers' sidecars learn from the answers of api-servers.
fn with_api_servers(mode: &str) -> Ruleset {
    let servers = r#"{"apiServers":["spiffe://td/ns/airflow/sa/api-server"],"#;
    let policy = POLICY.replace("MODE", mode).replacen('{', servers, 1);
    policy::load(policy.as_bytes()).unwrap()
}

#[test]
fn a_team_reaches_its_own() {
    let scene = Scene::new("enforce");
    assert_eq!(
        scene.authorize(),
        came(Decision::Allow, Code::Allowed, Some("teams/0"))
    );
    let other = Scene {
        target: "/execution/xcoms/sales_daily/run/load/key",
        ..scene
    };
    assert_eq!(other.authorize(), came(Decision::Deny, Code::NoRuleAllows, None));
    let finance = Scene {
        target: "/execution/xcoms/finance_x/run/load/key",
        ..other
    };
    assert_eq!(
        finance.authorize(),
        came(Decision::Deny, Code::DeniedByRule, Some("finance/0"))
    );
}

#[test]
fn a_strangers_proof_is_a_claim_and_goes_no_further() {
    for peer in [
        None,
        Principal::parse("spiffe://td/ns/other/sa/worker-ml").ok(),
        Principal::parse("spiffe://elsewhere/ns/airflow/sa/worker-ml").ok(),
    ] {
        let scene = Scene {
            peer,
            target: "/claims",
            ..Scene::new("enforce")
        };
        let expected = Came {
            edits: vec!["-x-airflow-proof".to_owned()],
            ..came(Decision::Allow, Code::Allowed, Some("claims/0"))
        };
        assert_eq!(scene.authorize(), expected);
    }
}

#[test]
fn what_nobody_knows_is_refused() {
    let scene = Scene {
        headers: Vec::new(),
        ..Scene::new("enforce")
    };
    assert_eq!(scene.authorize(), came(Decision::Deny, Code::NoRuleAllows, None));
    let unclassified = Scene {
        target: "/execution/new-route",
        ..Scene::new("enforce")
    };
    // The DAG of an unknown route may be finance's.
    assert_eq!(
        unclassified.authorize(),
        came(Decision::Deny, Code::DeniedByRule, Some("finance/0"))
    );
}

#[test]
fn malformed_requests_are_refused_before_any_policy() {
    let double = vec![("x-airflow-dag-id", "a"), ("x-airflow-dag-id", "b")];
    let scene = Scene {
        headers: double,
        ..Scene::new("enforce")
    };
    assert_eq!(
        scene.authorize(),
        came(Decision::Malformed, Code::MalformedTaskHeaders, None)
    );
    let scene = Scene {
        target: "/execution//xcoms/a/b/c/d",
        ..Scene::new("enforce")
    };
    assert_eq!(
        scene.authorize(),
        came(Decision::Malformed, Code::MalformedPath, None)
    );
}

#[test]
fn a_header_that_moves_the_path_is_refused() {
    let scene = Scene {
        headers: vec![("script_name", "/claims")],
        target: "/claims/execution/xcoms/finance_x/run/load/key",
        ..Scene::new("enforce")
    };
    assert_eq!(
        scene.authorize(),
        came(Decision::Malformed, Code::MalformedPath, None)
    );
}

#[test]
fn shadow_and_observe_refuse_nothing() {
    let would = |policy: &str, code, by: Option<&str>| Came {
        shadow: Some((policy.to_owned(), code)),
        ..came(Decision::Allow, Code::ShadowDenied, by)
    };
    let target = "/execution/xcoms/finance_x/run/load/key";
    let scene = Scene {
        target,
        ..Scene::new("shadow")
    };
    assert_eq!(
        scene.authorize(),
        would("finance", Code::DeniedByRule, Some("finance/0"))
    );
    let scene = Scene {
        target: "/execution//x",
        ..Scene::new("shadow")
    };
    assert_eq!(scene.authorize(), would("", Code::MalformedPath, None));
    let scene = Scene {
        target,
        ..Scene::new("observe")
    };
    assert_eq!(scene.authorize(), came(Decision::Allow, Code::Observed, None));
}

#[test]
fn shadow_says_what_is_malformed_as_enforce_does() {
    let problem = |mode: &str| {
        let scene = Scene {
            target: "/execution//x",
            ..Scene::new(mode)
        };
        scene.outcome(|outcome| {
            let problem = outcome.verdict.objection()?.problem()?;
            Some(problem.to_owned())
        })
    };
    assert!(problem("enforce").is_some());
    assert_eq!(problem("shadow"), problem("enforce"));
    assert_eq!(problem("observe"), None);
}

#[test]
fn a_policy_in_shadow_is_counted_and_not_enforced() {
    let scene = Scene {
        method: "DELETE",
        ..Scene::new("enforce")
    };
    let expected = Came {
        shadow: Some(("coming".to_owned(), Code::DeniedByRule)),
        ..came(Decision::Allow, Code::ShadowDenied, Some("coming/0"))
    };
    assert_eq!(scene.authorize(), expected);
}

#[test]
fn a_pod_that_knows_its_task_says_so_and_only_inside_the_mesh() {
    let pod = Acting {
        dag_id: "ml_train".to_owned(),
        run_id: None,
        task_id: Some("features".to_owned()),
        map_index: None,
        try_number: None,
        ti_id: None,
        proof: Proof::Pod,
    };
    let inside = Scene {
        listener: Direction::Outbound,
        cluster: "outbound|8080||api-server.airflow.svc.cluster.local",
        headers: vec![("x-airflow-dag-id", "sales_daily"), ("x_airflow_task_id", "load")],
        pod: Some(pod.clone()),
        ..Scene::new("enforce")
    };
    let stamped = Came {
        edits: [
            "x-airflow-dag-id=ml_train",
            "-x_airflow_task_id",
            "x-airflow-task-id=features",
            "x-airflow-proof=pod",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..came(Decision::Allow, Code::Outbound, None)
    };
    assert_eq!(inside.authorize(), stamped);
    let outside = Scene {
        cluster: "outbound|443||api.example.com",
        ..inside
    };
    let stripped = Came {
        edits: vec!["-x-airflow-dag-id".to_owned(), "-x_airflow_task_id".to_owned()],
        ..came(Decision::Allow, Code::Outbound, None)
    };
    assert_eq!(outside.authorize(), stripped);
}

#[test]
fn what_a_worker_learned_is_said_to_airflow_only() {
    let run = Run {
        dag_id: "ml_train".to_owned(),
        run_id: "run".to_owned(),
    };
    let scene = || Scene {
        ruleset: with_api_servers("enforce"),
        listener: Direction::Outbound,
        cluster: "outbound|8080||api-server.airflow.svc.cluster.local",
        headers: Vec::new(),
        credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
        learned: Some(Learned {
            run: Some(run.clone()),
            ..Learned::default()
        }),
        ..Scene::new("enforce")
    };
    let stamped = [
        "x-airflow-dag-id=ml_train",
        "x-airflow-run-id=run",
        "x-airflow-ti-id=019ab1c2-7d11-7b3f-a3c4-5d6e7f809112",
        "x-airflow-proof=airflow",
    ];
    assert_eq!(scene().authorize().edits, stamped);
    for target in ["/v1/payments", "/execution/../v1", "/api/v2/dags"] {
        let elsewhere = Scene { target, ..scene() };
        assert_eq!(elsewhere.authorize().edits, [""; 0], "{target}");
    }
    let outside = Scene {
        cluster: "outbound|443||api.example.com",
        ..scene()
    };
    assert_eq!(outside.authorize().edits, [""; 0]);
    let nobody_named = Scene {
        ruleset: Scene::new("enforce").ruleset,
        ..scene()
    };
    assert_eq!(nobody_named.authorize().edits, [""; 0]);
}

#[test]
fn nothing_passes_without_a_policy() {
    for listener in [Direction::Inbound, Direction::Outbound] {
        let incoming = Incoming::new(listener, request("GET", "/"), &[]);
        let Outcome { verdict, .. } = authorize(None, Proxy::default(), &incoming);
        assert_eq!(
            (verdict.decision(), verdict.code()),
            (Decision::Deny, Code::ConfigRefused)
        );
    }
}

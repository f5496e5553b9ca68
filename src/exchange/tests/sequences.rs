//! Properties over sequences of requests of several principals.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::mesh::{Airflow, Came, Proxy, task, worker};

/// A request of an attacker: the route, and the number of the task whose token it carries. Tasks from
/// `FORGED` on have no valid token.
#[derive(Debug, Clone)]
struct Sent {
    route: usize,
    named: u64,
    token: u64,
}

const FORGED: u64 = 40;

/// The task of team sales, whose token the attacker has.
const VICTIM: u64 = 0;

const ROUTES: [&str; 9] = [
    "PATCH /execution/task-instances/{}/run",
    "PUT /execution/task-instances/{}/heartbeat",
    "PATCH /execution/task-instances/{}/state",
    "GET /execution/xcoms/ml_train/r/{}/k",
    "GET /execution/health",
    "GET /execution/{}",
    "GET /api/v2/version",
    "GET /api/v2/dags/ml_train/dagRuns/{}",
    "GET /pages/{}",
];

fn sent() -> impl Strategy<Value = Sent> {
    (0..ROUTES.len(), 0..FORGED + 5, 0..FORGED + 5).prop_map(|(route, named, token)| Sent {
        route,
        named,
        token,
    })
}

fn request(sent: &Sent) -> String {
    ROUTES[sent.route].replace("{}", &task(sent.named))
}

/// An Airflow in which the victim's task belongs to sales, and all other tasks with valid tokens to ml.
fn airflow() -> Airflow {
    let tasks = (0..FORGED).map(|number| {
        let dag = if number == VICTIM {
            "sales_daily"
        } else {
            "ml_train"
        };
        (task(number), dag)
    });
    Airflow {
        tasks: tasks.collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Requests whose token Airflow does not verify change no learned fact.
    #[test]
    fn no_request_without_a_verified_credential_changes_what_is_learned(
        requests in proptest::collection::vec((sent(), 0_usize..3), 0..60),
        mode in prop_oneof![Just("observe"), Just("shadow"), Just("enforce")],
        vouching: bool,
    ) {
        let unknowing = Airflow::default();
        let mut proxy = Proxy::new(mode, vouching);
        let peers = [worker("ml"), worker("sales"), None];
        for (sent, peer) in &requests {
            proxy.ask(&unknowing, peers[*peer].as_ref(), &request(sent), Some(&task(sent.token)));
        }
        prop_assert_eq!(proxy.learned(), BTreeMap::new());
    }

    /// An attacker may send any requests before and after, with valid tokens of its own team and with stolen
    /// ones. The victim still starts its task and goes on, and no request with its token passes for another
    /// principal.
    #[test]
    fn an_attacker_does_not_disturb_a_task_of_another_team(
        before in proptest::collection::vec(sent(), 0..30),
        after in proptest::collection::vec(sent(), 0..60),
        vouching: bool,
    ) {
        let airflow = airflow();
        let (ml, sales) = (worker("ml"), worker("sales"));
        let victim = task(VICTIM);
        let mut proxy = Proxy::new("enforce", vouching);
        for sent in &before {
            proxy.ask(&airflow, ml.as_ref(), &request(sent), Some(&task(sent.token)));
        }
        let run = format!("PATCH /execution/task-instances/{victim}/run");
        let came = proxy.ask(&airflow, sales.as_ref(), &run, Some(&victim));
        prop_assert!(matches!(came, Came::Answered(200, _)), "{:?}", came);
        for sent in &after {
            let came = proxy.ask(&airflow, ml.as_ref(), &request(sent), Some(&task(sent.token)));
            if sent.token == VICTIM && request(sent).contains("/execution") {
                prop_assert_eq!(came, Came::Refused(403, "token_owned_by_another".to_owned()));
            }
            let xcom = "GET /execution/xcoms/sales_daily/r/load/k";
            let came = proxy.ask(&airflow, sales.as_ref(), xcom, Some(&victim));
            prop_assert_eq!(came, Came::Answered(200, "done".to_owned()));
        }
    }

    /// After a change to `enforce`, no honest task is refused because of requests from before.
    #[test]
    fn nothing_from_before_enforcing_refuses_a_request(
        before in proptest::collection::vec((sent(), 0_usize..3), 0..60),
        mode in prop_oneof![Just("observe"), Just("shadow")],
        vouching: bool,
    ) {
        let airflow = airflow();
        let mut proxy = Proxy::new(mode, vouching);
        let peers = [worker("ml"), worker("sales"), None];
        for (sent, peer) in &before {
            let came = proxy.ask(&airflow, peers[*peer].as_ref(), &request(sent), Some(&task(sent.token)));
            prop_assert!(matches!(came, Came::Answered(..)), "{:?}", came);
        }
        proxy.set_mode("enforce");
        for number in 0..FORGED {
            let team = if number == VICTIM { "sales" } else { "ml" };
            let run = format!("PATCH /execution/task-instances/{}/run", task(number));
            let came = proxy.ask(&airflow, worker(team).as_ref(), &run, Some(&task(number)));
            prop_assert!(matches!(came, Came::Answered(200, _)), "{}: {:?}", number, came);
        }
    }
}

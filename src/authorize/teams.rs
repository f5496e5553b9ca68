//! Airflow's team of the objects that a request is about.
//!
//! Airflow gives a team to a bundle of DAGs, to connections, variables and pools. Only the answers to `run`
//! name teams to the proxy, and only those of DAGs. Airflow itself checks the others for each task.

use std::borrow::Cow;

use crate::caller::{Acting, Proof, Team};
use crate::fact::Fact;
use crate::operation::{Access, Operation};

/// Sets the team of each access. `acting` names the team of the caller's own DAG, and `learned` the teams of
/// other DAGs, as far as the proxy knows them.
pub(super) fn resolve(
    operation: &mut Operation<'_>,
    acting: Option<&Acting>,
    learned: &mut dyn FnMut(&str) -> Team,
) {
    let mut known: Vec<(String, Team)> = acting
        .filter(|acting| acting.proof == Proof::Airflow && !acting.team.is_unknown())
        .map(|acting| (acting.dag_id.clone(), acting.team.clone()))
        .into_iter()
        .collect();
    for access in &mut operation.accesses {
        if let Fact::Known(dag) = &access.dag
            && !known.iter().any(|(other, _)| other == dag)
        {
            known.push((dag.clone().into_owned(), learned(dag)));
        }
        access.team = team_of(access, &known);
    }
}

/// The team of what `access` is about. Every object that it names beside a DAG is of that DAG.
fn team_of<'a>(access: &Access<'_>, known: &[(String, Team)]) -> Fact<Cow<'a, str>> {
    match &access.dag {
        Fact::Known(dag) => {
            let team = known.iter().find(|(other, _)| other == dag);
            let team = team.map_or(Fact::Unknown, |(_, team)| team.fact());
            team.map(|team| Cow::Owned(team.to_owned()))
        }
        Fact::Unknown => Fact::Unknown,
        Fact::Pending => Fact::Pending,
        Fact::Absent if access.names_nothing() => Fact::Absent,
        Fact::Absent => Fact::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{self, Body, Request, Site};

    fn teams(method: &str, target: &str, acting: Option<&Acting>) -> Vec<Fact<String>> {
        let request = Request {
            method,
            target,
            host: "h",
            body: Body::Whole(&[]),
        };
        let mut operation = operation::classify(&request, &Site::default()).unwrap();
        resolve(&mut operation, acting, &mut |dag| match dag {
            "crm_sync" => Team::Named("sales".to_owned()),
            "cleanup" => Team::Absent,
            _ => Team::Unknown,
        });
        let accesses = operation.accesses.into_iter();
        accesses.map(|access| access.team.map(Cow::into_owned)).collect()
    }

    fn acting(proof: Proof) -> Acting {
        Acting {
            dag_id: "orders".to_owned(),
            run_id: None,
            task_id: None,
            map_index: None,
            try_number: None,
            ti_id: None,
            team: Team::Named("sales".to_owned()),
            proof,
        }
    }

    #[test]
    fn a_dag_has_the_team_that_airflow_has_named() {
        let sales = || vec![Fact::Known("sales".to_owned())];
        let runs = |dag: &str| format!("/execution/dag-runs/{dag}/r/state");
        let own = acting(Proof::Airflow);
        assert_eq!(teams("GET", &runs("orders"), Some(&own)), sales());
        assert_eq!(teams("GET", &runs("crm_sync"), Some(&own)), sales());
        assert_eq!(teams("GET", &runs("crm_sync"), None), sales());
        assert_eq!(teams("GET", &runs("cleanup"), Some(&own)), [Fact::Absent]);
        assert_eq!(teams("GET", &runs("churn"), Some(&own)), [Fact::Unknown]);
        // No other proof names a team.
        for proof in [Proof::Claimed, Proof::Pod] {
            assert_eq!(
                teams("GET", &runs("orders"), Some(&acting(proof))),
                [Fact::Unknown]
            );
        }
    }

    #[test]
    fn only_what_names_nothing_has_no_team() {
        let own = acting(Proof::Airflow);
        for (method, target, team) in [
            ("GET", "/execution/connections/crm", Fact::Unknown),
            ("PUT", "/execution/variables/region", Fact::Unknown),
            ("GET", "/execution/variables/keys", Fact::Unknown),
            ("GET", "/execution/assets/by-name?name=a", Fact::Unknown),
            ("GET", "/api/v2/pools/p", Fact::Unknown),
            ("GET", "/api/v2/dags", Fact::Unknown),
            ("GET", "/api/v2/dags/~/dagRuns", Fact::Unknown),
            ("GET", "/api/v2/monitor/health", Fact::Absent),
            ("GET", "/v1/payments/7", Fact::Absent),
        ] {
            assert_eq!(teams(method, target, Some(&own)), [team], "{method} {target}");
        }
    }
}

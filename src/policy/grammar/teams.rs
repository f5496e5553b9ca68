//! The fields of a team.

use super::definition::Form;
use super::definition::Need::{Optional, Required};
use super::fields::fields;

const NAMES: Form = Form::List(&Form::Pattern("sales_*"));

fields! {
    /// The fields of an element of `teams`.
    TeamField is "a team" {
        Name "name": Form::Name, Required("a name that no other team has"), "",
            "1 to 63 letters, digits, `-`, `_` or `.`; no two alike";
        ServiceAccounts "serviceAccounts": Form::List(&Form::Pattern("airflow/airflow-worker-sales")), Optional, "",
            "the accounts that its tasks run under, in any trust domain";
        Principals "principals": Form::List(&Form::Pattern("spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales")),
            Optional, "", "the same as SPIFFE IDs, with their trust domain";
        Dags "dags": NAMES, Optional, "", "the DAGs that it owns";
        Connections "connections": NAMES, Optional, "", "the connections that it owns";
        Variables "variables": NAMES, Optional, "", "the variables that it owns";
        Pools "pools": NAMES, Optional, "", "the pools that it owns";
        Assets "assets": NAMES, Optional, "", "the assets that it owns, by name and by URI";
    }
}

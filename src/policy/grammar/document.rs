//! The fields of the document, of its policies and of their rules.

use super::definition::Need::{Optional, Required};
use super::definition::{Form, Object};
use super::fields::fields;
use super::words;
use crate::policy::side::Side;

const PRINCIPALS: Form = Form::List(&Form::Pattern(
    "spiffe://cluster.local/ns/airflow/sa/airflow-api-server",
));
const HOSTS: Form = Form::List(&Form::Text("*.svc.cluster.local"));

const DESCRIPTION: Form = Form::Prose(words::DESCRIPTION);

/// The allowed values of `airflow`.
pub(in super::super) const AIRFLOW: &str = "`none`, or an object with `ports`: `{ports: [8080, 8793]}`";

fields! {
    /// The fields of a policy document.
    DocumentField is "a policy document" {
        ApiVersion "apiVersion": Form::Word(words::versions), Required("`dagward/v1`"), "",
            "the version of the policy language: `dagward/v1`";
        Mode "mode": Form::Word(words::modes), Optional, "`enforce`",
            "`observe`, `shadow` or `enforce`, see [Modes](#modes)";
        Stampers "stampers": PRINCIPALS, Optional, "see [Stampers](#stampers)",
            "patterns of SPIFFE IDs, without variables: the peers whose word on their own task counts";
        ApiServers "apiServers": PRINCIPALS, Optional, "",
            "patterns of SPIFFE IDs, without variables: the api-servers, whose answers to `run` teach the sidecars of workers and their own";
        ApiServerHosts "apiServerHosts": HOSTS, Optional, "",
            "hosts, as in `meshHosts`: the services of api-servers, whose answers teach a waypoint";
        MeshHosts "meshHosts": HOSTS, Optional, "`*.svc.cluster.local`",
            "hosts to which task headers may go: a host, or `*.` and a domain, in lower case";
        Airflow "airflow": Form::WordOr("none", Object::Airflow), Optional, "on every port",
            "[where Airflow is](#services-that-are-not-airflow): `none`, or `{ports: [8080, …]}`";
        BasePath "basePath": Form::Text("/airflow"), Optional, "",
            "the path of Airflow's `[api] base_url` (in 2 `[webserver] base_url`), such as `/airflow`";
        Airflow2WebPages "airflow2WebPages": Form::Flag, Optional, "`false`",
            "`true` where Airflow 2's webserver is among the destinations";
        Tokens "tokens": Form::List(&Form::Object(Object::Issuer)), Optional, "",
            "the issuers whose tokens requests may carry, see [Tokens](#tokens)";
        Teams "teams": Form::List(&Form::Object(Object::Team)), Optional, "",
            "the accounts and the objects of each team, see [Teams](#teams)";
        Policies "policies": Form::AnyList(&Form::Object(Object::Policy)),
            Required("a list of policies; an empty one refuses everything"), "",
            "a list of [policies](#policies); an empty one allows nothing";
    }
}

fields! {
    /// The fields of `airflow`.
    AirflowField is "the ports of Airflow" {
        Ports "ports": Form::List(&Form::Number(words::PORTS)), Required(AIRFLOW), "",
            "the ports on which a part of Airflow listens, 1 to 65535";
    }
}

fields! {
    /// The fields of a policy.
    PolicyField is "a policy" {
        Name "name": Form::Name, Required("a name that no other policy has"), "",
            "1 to 63 letters, digits, `-`, `_` or `.`; no two alike";
        Description "description": DESCRIPTION, Optional, "",
            "a text for readers, which decides nothing; at most 1,000 characters";
        Action "action": Form::Word(words::effects), Required("`ALLOW` or `DENY`"), "",
            "`ALLOW` or `DENY`";
        Mode "mode": Form::Word(words::policy_modes), Optional, "`enforce`",
            "`enforce` or `shadow`, see [Modes](#modes)";
        Rules "rules": Form::List(&Form::Object(Object::Rule)),
            Required("a list of rules; `rules: [{}]` matches every request"), "",
            "a list of at least one rule; `[{}]` matches every request";
    }
}

fields! {
    /// The fields of a rule.
    RuleField is "a rule" {
        Description "description": DESCRIPTION, Optional, "",
            "a text for readers, which decides nothing; at most 1,000 characters";
        From "from": Form::List(&Form::Object(Object::Entry(Side::From))), Optional, "any caller",
            "alternatives of who asks";
        To "to": Form::List(&Form::Object(Object::Entry(Side::To))), Optional, "any request",
            "alternatives of what is asked for";
    }
}

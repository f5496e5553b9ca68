//! The fields of an issuer of tokens.

use super::definition::Need::{self, Depends, Optional, Required};
use super::definition::{Form, Object};
use super::fields::fields;
use super::words;

/// The fields that name the party that vouches for a signature.
const SOURCE: Need = Depends("one of the three");
/// The fields that say where a token is.
const PLACE: Need = Depends("one of the three");

fields! {
    /// The fields of an element of `tokens`.
    IssuerField is "an issuer of tokens" {
        Name "name": Form::Name, Required("a name that no other issuer has"), "",
            "1 to 63 letters, digits, `-`, `_` or `.`; no two alike";
        Kind "kind": Form::Word(words::kinds), Required("`kubernetes`, `oidc`, `airflow-user` or `airflow-task`"), "",
            "`kubernetes` (ServiceAccount tokens), `oidc` (ID and access tokens), `airflow-user`, `airflow-task`";
        Issuer "issuer": Form::Text("https://issuer.example"),
            Depends("`kubernetes`, `oidc`, but for [JWT-SVIDs](tokens.md#jwt-svids)"),
            "tokens have no `iss`, as Airflow's",
            "the required `iss`, compared as it is written";
        Audiences "audiences": Form::List(&Form::Text("airflow")),
            Required("a list of what may stand in `aud`, which each token must have"), "",
            "`aud` must have one of these, compared as they are written; a token without `aud` is refused";
        Algorithms "algorithms": Form::List(&Form::Word(words::algorithms)), Optional,
            "`kubernetes`: `RS256`, `ES256`; `oidc`: `RS256`; `airflow-user`, `airflow-task`: `HS512`",
            "the algorithms that may sign tokens: `RS`, `PS` and `ES` with `256`, `384`, `512`, `EdDSA`; for Airflow's also `HS`, but then nothing else";
        Jwks "jwks": Form::KeySet, SOURCE, "",
            "the keys: a JWK Set, as an object or as a text with its JSON";
        JwksUri "jwksUri": Form::Text("https://issuer.example/keys"), SOURCE, "",
            "where a JWK Set is fetched: `https://HOST/PATH` or `http://HOST/PATH`";
        FromIstio "fromIstio": Form::Flag, SOURCE, "",
            "`true`: Istio's RequestAuthentication verifies the token; for `kubernetes` and `oidc`, without `algorithms` and `clockSkewSeconds`";
        Cluster "cluster": Form::Text("outbound|443||issuer.example"), Depends("with `jwksUri`"), "",
            "Envoy's name of the cluster that leads there; only with `jwksUri`";
        RefreshSeconds "refreshSeconds": Form::Number(words::REFRESH_SECONDS), Optional, "`300`",
            "how often keys are fetched, 10 to 86400; only with `jwksUri`";
        Locations "locations": Form::List(&Form::Object(Object::Location)), Optional,
            "`[{header: authorization, prefix: \"Bearer \"}]`; `airflow-user` also `{cookie: _token}`",
            "where the token is, see [below](#locations)";
        Surfaces "surfaces": Form::List(&Form::Word(words::surfaces)), Optional,
            "`kubernetes`, `oidc`: all but `execution` and `logs`; `airflow-user`: `rest`, `ui`, `auth`; `airflow-task`: `execution`",
            "the [surfaces](#surfaces) on which it is looked for";
        ClockSkewSeconds "clockSkewSeconds": Form::Number(words::CLOCK_SKEW_SECONDS), Optional, "`60`",
            "by how much clocks may differ, 0 to 300";
        BoundToPeer "boundToPeer": Form::Flag, Optional, "`kubernetes`: `true`; `oidc`: `false`",
            "the token is good only from the peer that it names: `kubernetes`: of this namespace and service account; `oidc`: whose SPIFFE ID is `sub`; not for Airflow's";
        Required "required": Form::Flag, Optional, "`false`",
            "a request on these surfaces without such a token is refused";
    }
}

fields! {
    /// The fields of an element of `locations`.
    LocationField is "a location" {
        Header "header": Form::Text("x-service-account-token"), PLACE, "",
            "the name of a header, in lower case";
        Prefix "prefix": Form::Text("Bearer "), Optional, "none",
            "the text before the token, such as `Bearer `; only with `header`";
        Query "query": Form::Text("access_token"), PLACE, "",
            "the name of a parameter of the query";
        Cookie "cookie": Form::Text("_token"), PLACE, "",
            "the name of a cookie";
    }
}

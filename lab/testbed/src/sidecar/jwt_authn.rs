//! Envoy's own filter for tokens, `jwt_authn`, as istiod configures it for RequestAuthentications
//! (`pilot/pkg/security/authn/policy_applier.go` of Istio 1.29).
//!
//! A token must be valid if it is there; a request without a token passes. The filter writes the
//! claims into the dynamic metadata `envoy.filters.http.jwt_authn` under `payload`, for every
//! issuer: if a request has several valid tokens, the last one's. Unless a rule forwards the token,
//! later filters do not see it.

use serde_json::{Map, Value, json};

/// A rule of a RequestAuthentication.
#[derive(Debug, Clone)]
pub struct JwtRule {
    /// `issuer`.
    pub issuer: String,
    /// `audiences`; any audience if it is empty.
    pub audiences: Vec<String>,
    /// `jwks` or `jwksUri`.
    pub jwks: Jwks,
    /// `fromHeaders`: names, each with the prefix of the token; if it is empty, `authorization` and
    /// the query's `access_token`.
    pub from_headers: Vec<(String, String)>,
    /// `forwardOriginalToken`.
    pub forward: bool,
}

/// The source of an issuer's keys.
#[derive(Debug, Clone)]
pub enum Jwks {
    /// In the rule, or fetched by istiod, which gives Envoy the same configuration.
    Inline(Value),
    /// Fetched by Envoy, as with istiod's setting `PILOT_JWT_ENABLE_REMOTE_JWKS`.
    Remote {
        /// The URL of the keys.
        uri: String,
        /// Envoy's name for the cluster that leads there.
        cluster: String,
    },
}

impl JwtRule {
    /// Accepts tokens of `issuer` for any audience, at the usual places, and forwards them.
    pub fn new(issuer: &str, jwks: Jwks) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audiences: Vec::new(),
            jwks,
            from_headers: Vec::new(),
            forward: true,
        }
    }

    fn provider(&self) -> Value {
        let headers = self.from_headers.iter();
        let headers: Vec<Value> = headers
            .map(|(name, prefix)| json!({"name": name, "value_prefix": prefix}))
            .collect();
        let (source, keys) = match &self.jwks {
            Jwks::Inline(keys) => ("local_jwks", json!({"inline_string": keys.to_string()})),
            Jwks::Remote { uri, cluster } => {
                let asked = json!({"uri": uri, "cluster": cluster, "timeout": "5s"});
                (
                    "remote_jwks",
                    json!({"http_uri": asked, "cache_duration": "300s"}),
                )
            }
        };
        json!({
            "issuer": self.issuer,
            "audiences": self.audiences,
            "forward": self.forward,
            "from_headers": headers,
            "payload_in_metadata": "payload",
            "normalize_payload_in_metadata": {"space_delimited_claims": ["permission", "scope"]},
            source: keys,
        })
    }
}

/// The HTTP filter of these rules, for [`Spec::filters`](super::Spec::filters).
pub fn request_authentication(rules: &[JwtRule]) -> Value {
    let name = |index| format!("origins-{index}");
    let providers: Map<String, Value> = rules
        .iter()
        .enumerate()
        .map(|(index, rule)| (name(index), rule.provider()))
        .collect();
    let only = |index| json!({"provider_name": name(index)});
    let if_there = |index| json!({"requires_any": {"requirements": [only(index), {"allow_missing": {}}]}});
    // With several rules, the first form is for rules that look at the same place, where all but
    // one must fail.
    let requires = if rules.len() == 1 {
        if_there(0)
    } else {
        let all: Vec<Value> = (0..rules.len()).map(if_there).collect();
        let any = (0..rules.len()).map(only);
        let any: Vec<Value> = any
            .chain([json!({"requires_all": {"requirements": all}})])
            .collect();
        json!({"requires_any": {"requirements": any}})
    };
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": providers,
            "rules": [{"match": {"prefix": "/"}, "requires": requires}],
            "bypass_cors_preflight": true,
        },
    })
}

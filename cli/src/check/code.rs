//! The codes of errors and warnings, each with its name, its meaning and its mend. `docs/warnings.md` has a section for
//! each warning.

use std::fmt;
use std::str::FromStr;

use dagward::policy::ErrorKind;
use serde::{Serialize, Serializer};

use crate::report::Severity;

/// Defines the codes, one each: variant, code, name: meaning, mend. An error's mend is in its own message.
macro_rules! codes {
    ($($variant:ident $code:literal $name:literal: $meaning:literal, $mend:literal;)+) => {
        /// The kind of a problem. The words are an interface: users name them to accept a warning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Code {
            $(#[doc = $meaning] $variant,)+
        }

        impl Code {
            /// Every code, in order.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code, such as `DW001`.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// Its name in words.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Its meaning in one line of Markdown.
            pub(crate) fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)+
                }
            }

            /// The mend in one line of Markdown.
            pub(crate) fn mend(self) -> &'static str {
                match self {
                    $(Self::$variant => $mend,)+
                }
            }
        }
    };
}

codes! {
    NoPolicy "DE001" "no-policy": "the file has no dagward policy", "";
    Yaml "DE002" "yaml": "the text is not YAML or JSON as kubectl reads it", "";
    Unreadable "DE003" "unreadable": "the document is empty or not JSON", "";
    UnknownField "DE004" "unknown-field": "the object does not have this field", "";
    RepeatedField "DE005" "repeated-field": "the field is given twice", "";
    MissingField "DE006" "missing-field": "a required field is not given", "";
    WrongType "DE007" "wrong-type": "the value has the wrong type", "";
    InvalidValue "DE008" "invalid-value": "the field does not take this value", "";
    Conflict "DE009" "conflict": "the value contradicts another part of the document", "";

    AnyCaller "DW001" "any-caller":
        "an ALLOW without `from` gives more than health and metrics to every caller, with or without a certificate",
        "a `from` that names the callers";
    WithoutCertificate "DW002" "caller-without-certificate":
        "an entry of `from` in an ALLOW also matches callers without a certificate",
        "`principals`, `namespaces`, `serviceAccounts` or a token, or `proof: [pod, airflow]` beside the DAG";
    AnyWorkload "DW003" "any-workload":
        "the identities of an ALLOW leave the namespace open, so workloads of other teams have them too",
        "identities with a whole namespace";
    DefaultAccount "DW004" "default-account":
        "an ALLOW names the service account `default`, which each pod without an account of its own has",
        "a service account of the workload's own";
    ClaimedTask "DW005" "claimed-task":
        "an ALLOW believes the DAG or the task that the caller writes into its own headers",
        "`proof: [pod, airflow]` in the same entry";
    TaskWithoutDag "DW006" "task-without-dag":
        "an ALLOW names tasks or XCom keys without a DAG, and every DAG can have one of that name",
        "`dags` in the same entry";
    AnyIssuer "DW007" "claims-of-any-issuer":
        "an ALLOW names claims without an issuer, and the document accepts tokens of several issuers",
        "`requestPrincipals: [\"ISSUER/*\"]` beside the claims";
    AnyRequest "DW008" "any-request":
        "an ALLOW without `to`, or with one that every request matches, gives all of Airflow",
        "a `to` that names surfaces, actions and objects";
    AnyAction "DW009" "any-action":
        "a pattern of actions in an ALLOW matches secrets, changes or routes that were not meant",
        "the actions that the callers need, such as `dag:read`";
    AllBut "DW010" "all-but":
        "an entry of `to` in an ALLOW says only what is excluded, so it matches everything else",
        "the objects that the callers may have";
    AnyTrigger "DW011" "any-trigger":
        "an ALLOW of `trigger:create` names no class, so a task can have any code run in the triggerer",
        "`triggers` with the classes that tasks defer to";
    HostAlone "DW012" "host-alone":
        "an ALLOW asks for the host alone, which the caller writes itself",
        "`paths`, `methods` or `surfaces` beside it";
    OpenPrefix "DW013" "open-prefix":
        "a prefix in an ALLOW ends within a word, so it also matches longer words",
        "a separator before the `*`, such as `sales_*`";
    AnotherTeam "DW014" "prefix-of-another-team":
        "a team's prefix also matches the objects of a team whose name begins with it",
        "`not…` with the longer prefix beside it";
    SplitRule "DW015" "split-rule":
        "one rule has only `from` and the next only `to`: a dash too many made two rules of one",
        "no `-` before `to`";
    SplitEntry "DW016" "split-entry":
        "entries are alternatives: a dash too many made two entries of one, and each is enough",
        "no `-` before the second condition";
    NeverHolds "DW017" "never-holds":
        "no route of Airflow has this combination of surface, action, method, path and objects",
        "conditions that a route of `docs/actions.md` has together";
    UnknownMethod "DW018" "unknown-method":
        "the text is not an HTTP method",
        "`GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`";
    SuperfluousRule "DW019" "superfluous-rule":
        "another rule of the same action covers this one",
        "one of the two";
    RefusedRule "DW020" "refused-rule":
        "a DENY refuses everything that this ALLOW allows",
        "a DENY that leaves something of the rule, or no such rule";
    SuperfluousPattern "DW021" "superfluous-pattern":
        "another pattern of the same list covers this one",
        "one of the two";
    RefusesAll "DW022" "refuses-all":
        "a DENY matches every request, so the ALLOW policies allow nothing",
        "no such DENY: without an ALLOW a request is refused anyway";
    AvoidableDeny "DW023" "avoidable-deny":
        "a DENY asks for a token, and a caller avoids it by leaving out the token",
        "the same claim in the ALLOW as `notClaims` beside a claim that it requires, or `required: true`";
    NameAgainstAction "DW024" "name-against-action":
        "the policy's name says the opposite of its `action`",
        "the action that the name says";
    NoPolicies "DW025" "no-policies":
        "a document that decides has no policies, so it refuses every request",
        "policies, or `mode: observe`";
    NothingAllowed "DW026" "nothing-allowed":
        "no ALLOW is in force: unlike in Istio, a request that no DENY matches is refused too",
        "an ALLOW policy";
    NoMode "DW027" "no-mode":
        "without `mode` the document enforces at once",
        "`mode: shadow` to try it, or `mode: enforce`";
    ModeWithoutEffect "DW028" "mode-without-effect":
        "a policy has `mode: enforce` in a document that does not enforce",
        "`mode: enforce` in the document";
    WideStampers "DW029" "wide-stampers":
        "`stampers` trusts the task headers of peers that need not run dagward",
        "the workloads that run dagward, by namespace and account";
    WideApiServers "DW030" "wide-api-servers":
        "`apiServers` names workloads that run authors' code, which can answer `run` with any DAG",
        "the account of the api-server alone";
    TrustDomains "DW031" "trust-domains":
        "identities of one namespace, or of almost the same name, have several trust domains",
        "the trust domain of the mesh";
    UnknownAccount "DW032" "misspelt-account":
        "a service account has almost the name of one of Airflow's",
        "the name of Airflow's Helm chart";
    UnusedIssuer "DW033" "unused-issuer":
        "the document accepts tokens that no rule asks for",
        "a rule with `requestPrincipals` or `claims`, or `required: true`";
    SecretKey "DW034" "secret-key":
        "the document holds a secret key, and a WasmPlugin is not a Secret",
        "`jwksUri` to a file that is mounted from a Secret";
    LeftOutKey "DW035" "left-out-key":
        "a key of the set cannot verify signatures",
        "a key set without it";
    Secret "DW036" "secret":
        "the resource holds a password, a token or a private key",
        "a Secret, and a new value in the place of this one";
    ForeignNamespace "DW037" "foreign-namespace":
        "the document names callers of another namespace than the plugin's",
        "identities of the plugin's namespace";
    TwoPlugins "DW038" "two-plugins":
        "two plugins work on the same pods, and a request must pass both",
        "one plugin with the policies of both";
    Selector "DW039" "selector":
        "pods of the namespace have no plugin",
        "no `selector`";
    Match "DW040" "match":
        "directions or ports have no plugin",
        "no `match`";
    PlaceholderUrl "DW041" "placeholder-url":
        "the address of the module is the placeholder, or there is none",
        "the address that the image was pushed to";
    NoDigest "DW042" "no-digest":
        "the module is not named by its digest, so the registry can exchange it",
        "the address with `@sha256:`";
    OtherDigest "DW043" "other-digest":
        "`sha256` differs from the digest in `url`, so no proxy can load the module",
        "`url` with the digest alone";
    PluginType "DW044" "plugin-type":
        "a plugin of the type `NETWORK` sees no requests",
        "`HTTP`, or no `type`";
    Phase "DW045" "phase":
        "the plugin runs in another phase than `AUTHZ`",
        "`AUTHZ`";
    Priority "DW046" "priority":
        "without a priority the plugin runs last of its phase",
        "a number, such as `10`";
    FailStrategy "DW047" "fail-strategy":
        "after a crash the proxy lets every request pass, or refuses every request",
        "`FAIL_RELOAD`";
    OpenName "DW048" "open-name":
        "under the name `dagward-open` a document that does not load lets every request pass",
        "`pluginName: dagward`";
    UnknownFieldOfResource "DW049" "unknown-field-of-resource":
        "the resource has no such field, and the API server drops it",
        "the field's right name";
    RootNamespace "DW050" "root-namespace":
        "a plugin in `istio-system` without a selector works in every pod of the mesh",
        "the namespace of Airflow";
    IgnoredField "DW051" "ignored-field":
        "Istio does not act on this field",
        "the digest in `url`, checked before you apply it";
    UnheardProof "DW052" "unheard-proof":
        "a rule asks for a proof that the proxy believes from none of its callers",
        "the callers in `stampers`";
    GatewayToTasks "DW053" "gateway-to-tasks":
        "an ALLOW gives an ingress gateway the API of tasks or the servers of their logs",
        "`surfaces: [rest, ui, auth, health, pages]`";
    WaypointField "DW054" "waypoint-field":
        "a field does not work at a waypoint, or only there",
        "the field for the place of the plugin";
    PlainKeys "DW055" "plain-keys":
        "the keys that verify tokens are fetched without TLS from a host outside the mesh",
        "`https://`";
    WideMeshHosts "DW056" "wide-mesh-hosts":
        "`meshHosts` names a domain that is not the mesh's, and task headers go there",
        "the domains of the mesh, such as `*.svc.cluster.local`";
    ResourceVersion "DW057" "resource-version":
        "the resource has another `apiVersion` than Istio's",
        "`extensions.istio.io/v1alpha1`";
}

impl Code {
    /// The severity of its problems.
    pub(crate) fn severity(self) -> Severity {
        match self.as_str().starts_with("DE") {
            true => Severity::Error,
            false => Severity::Warning,
        }
    }
}

impl From<&ErrorKind> for Code {
    fn from(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::Unreadable => Self::Unreadable,
            ErrorKind::UnknownField => Self::UnknownField,
            ErrorKind::RepeatedField => Self::RepeatedField,
            ErrorKind::MissingField => Self::MissingField,
            ErrorKind::WrongType { .. } => Self::WrongType,
            ErrorKind::InvalidValue => Self::InvalidValue,
            ErrorKind::Conflict => Self::Conflict,
        }
    }
}

/// Reads the code or the name of a warning.
impl FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_named = |code: &&Self| code.as_str().eq_ignore_ascii_case(text) || code.name() == text;
        match Self::ALL.iter().find(is_named) {
            Some(code) if code.severity() == Severity::Warning => Ok(*code),
            Some(_) => Err("an error cannot be accepted".to_owned()),
            None => Err("not the code or the name of a warning, such as `DW039` or `selector`; docs/warnings.md lists all".to_owned()),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
pub(crate) mod tests;

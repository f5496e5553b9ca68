//! The conditions of the policy language: their words, the facts they examine, and the values they accept.

use super::grammar::definition::{Definition, FIRST_VERSION, Form, Need};
use super::grammar::words;
use super::side::Side;

/// The part of a request whose texts a condition binds to variables, in the order in which a rule reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Binding {
    /// The identity in the peer's certificate. Always known or absent. A variable takes a piece of one path
    /// segment.
    Identity,
    /// A verified token. Always known or absent. A variable takes any part of a value.
    Token,
    /// The acting task. It may be unknown or pending, and it is worth as much as its proof. A variable takes any
    /// part of a value.
    Acting,
    /// The condition binds no variables.
    Nothing,
}

/// Defines the conditions, in the order of their numbers:
///
/// `Variant From "word" "notWord": form, "what it looks at";`, with `since "0.2.0"`
/// behind it for a condition that came later than the first version.
macro_rules! conditions {
    ($($variant:ident $side:ident $word:literal $not_word:literal: $form:expr, $meaning:literal $(since $since:literal)?;)+) => {
        /// The fact that a condition examines.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Field {
            $(#[doc = concat!("`", $word, "`: ", $meaning)] $variant,)+
        }

        impl Field {
            /// Every field, in the order of their numbers.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The half of the rule that the field belongs to.
            pub fn side(self) -> Side {
                match self {
                    $(Self::$variant => Side::$side,)+
                }
            }

            /// The word in the document.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The word of its negated twin.
            pub fn not_word(self) -> &'static str {
                match self {
                    $(Self::$variant => $not_word,)+
                }
            }

            /// The form of its value.
            fn form(self) -> Form {
                match self {
                    $(Self::$variant => $form,)+
                }
            }

            /// The meaning of its value.
            fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)+
                }
            }

            /// The version that introduced it.
            fn since(self) -> &'static str {
                match self {
                    $(Self::$variant => [$($since,)? FIRST_VERSION][0],)+
                }
            }
        }
    };
}

conditions! {
    Principals From "principals" "notPrincipals":
        Form::List(&Form::Pattern("spiffe://cluster.local/ns/airflow/sa/airflow-worker")),
        "the SPIFFE ID of the peer's certificate";
    Namespaces From "namespaces" "notNamespaces": Form::List(&Form::Pattern("airflow")), "the namespace in it";
    ServiceAccounts From "serviceAccounts" "notServiceAccounts": Form::List(&Form::Pattern("airflow/airflow-worker")),
        "namespace and service account in it";
    ActingTeams From "teams" "notTeams": Form::List(&Form::Pattern("sales")),
        "the [team](#teams) whose account it is and whose DAG the caller acts for";
    ActingDags From "dags" "notDags": Form::List(&Form::Pattern("sales_*")), "the DAG that the caller acts for";
    ActingRuns From "runs" "notRuns": Form::List(&Form::Pattern("manual__*")), "the DAG run that the caller acts for";
    ActingTasks From "tasks" "notTasks": Form::List(&Form::Pattern("extract")), "the task that the caller acts for";
    Proof From "proof" "notProof": Form::List(&Form::WordPattern(words::proofs, "pod")),
        "how well that is known: `claimed`, `pod`, `airflow`, see [Proofs](#proofs)";
    RequestPrincipals From "requestPrincipals" "notRequestPrincipals": Form::List(&Form::Pattern("https://issuer.example/*")),
        "`issuer/subject` of a [token](#tokens)";
    Claims From "claims" "notClaims": Form::Claims,
        "the claims of a token: patterns by the claim's path";
    Surfaces To "surfaces" "notSurfaces": Form::List(&Form::WordPattern(words::surfaces, "execution")),
        "which of Airflow's HTTP [surfaces](#surfaces)";
    Actions To "actions" "notActions": Form::List(&Form::WordPattern(words::actions, "xcom:*")),
        "`resource:verb`, see [Actions](#actions)";
    Dags To "dags" "notDags": Form::List(&Form::Pattern("sales_*")), "the DAG that the request is about";
    Runs To "runs" "notRuns": Form::List(&Form::Pattern("manual__*")), "the DAG run that the request is about";
    Tasks To "tasks" "notTasks": Form::List(&Form::Pattern("extract")), "the task that the request is about";
    Connections To "connections" "notConnections": Form::List(&Form::Pattern("sales_*")), "the connection's id";
    Variables To "variables" "notVariables": Form::List(&Form::Pattern("sales_*")), "the variable's key";
    Pools To "pools" "notPools": Form::List(&Form::Pattern("sales_*")), "the pool's name";
    XcomKeys To "xcomKeys" "notXcomKeys": Form::List(&Form::Pattern("return_value")), "the XCom's key";
    Assets To "assets" "notAssets": Form::List(&Form::Pattern("s3://bucket/*")),
        "the asset, by name, URI or id, as the request names it";
    Teams To "teams" "notTeams": Form::List(&Form::Pattern("sales")),
        "the [team](#teams) that owns all objects that the request names";
    Triggers To "triggers" "notTriggers":
        Form::List(&Form::Pattern("airflow.providers.standard.triggers.temporal.DateTimeTrigger")),
        "the class that the triggerer is to run for a [deferred task](#deferred-tasks)";
    Queues To "queues" "notQueues": Form::List(&Form::Pattern("sales")), "the queue of the triggerer that is to run it";
    Methods To "methods" "notMethods": Form::List(&Form::Pattern("GET")), "the HTTP method, upper case";
    Paths To "paths" "notPaths": Form::List(&Form::Pattern("/v1/payments/*")),
        "the decoded path below the [base path](#base-path-and-web-pages), without its query";
    Hosts To "hosts" "notHosts": Form::List(&Form::Pattern("payments.billing.svc.cluster.local")),
        "the host without its port and without a dot at its end, lower case";
}

impl Field {
    /// The number of fields.
    pub const COUNT: usize = Self::ALL.len();

    /// The definitions of the condition and of its negated twin.
    pub(super) fn definitions(self) -> [Definition; 2] {
        [self.word(), self.not_word()].map(|name| Definition {
            name,
            form: self.form(),
            need: Need::Optional,
            default: "",
            meaning: self.meaning(),
            since: self.since(),
        })
    }

    /// Finds the field of `side` that `word` names. The flag tells whether the word is the negated one.
    pub fn parse(side: Side, word: &str) -> Option<(Self, bool)> {
        Self::of(side).find_map(|field| {
            if field.word() == word {
                Some((field, false))
            } else if field.not_word() == word {
                Some((field, true))
            } else {
                None
            }
        })
    }

    /// The fields of one side.
    pub fn of(side: Side) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |field| field.side() == side)
    }

    /// How a condition on the field binds variables.
    pub fn binding(self) -> Binding {
        match self {
            Self::Principals | Self::Namespaces | Self::ServiceAccounts | Self::ActingTeams => {
                Binding::Identity
            }
            Self::RequestPrincipals | Self::Claims => Binding::Token,
            Self::ActingDags | Self::ActingRuns | Self::ActingTasks => Binding::Acting,
            Self::Proof
            | Self::Surfaces
            | Self::Actions
            | Self::Dags
            | Self::Runs
            | Self::Tasks
            | Self::Connections
            | Self::Variables
            | Self::Pools
            | Self::XcomKeys
            | Self::Assets
            | Self::Teams
            | Self::Triggers
            | Self::Queues
            | Self::Methods
            | Self::Paths
            | Self::Hosts => Binding::Nothing,
        }
    }

    /// Whether the field is part of the identity in the peer's certificate.
    pub fn is_identity(self) -> bool {
        self <= Self::ServiceAccounts
    }

    /// Whether the field can be unknown or pending. All others are known or absent.
    pub fn can_be_open(self) -> bool {
        match self {
            Self::Principals
            | Self::Namespaces
            | Self::ServiceAccounts
            | Self::RequestPrincipals
            | Self::Claims
            | Self::Surfaces
            | Self::Methods
            | Self::Hosts => false,
            Self::ActingTeams
            | Self::ActingDags
            | Self::ActingRuns
            | Self::ActingTasks
            | Self::Proof
            | Self::Actions
            | Self::Dags
            | Self::Runs
            | Self::Tasks
            | Self::Connections
            | Self::Variables
            | Self::Pools
            | Self::XcomKeys
            | Self::Assets
            | Self::Teams
            | Self::Paths
            | Self::Triggers
            | Self::Queues => true,
        }
    }

    /// Whether the field is part of a token. In an entry, all conditions on tokens must hold of one token,
    /// and they come after the others.
    pub fn is_of_token(self) -> bool {
        matches!(self, Self::RequestPrincipals | Self::Claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_in_order_and_words_read_back() {
        for (position, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, position);
            assert_eq!(Field::parse(field.side(), field.word()), Some((field, false)));
            assert_eq!(Field::parse(field.side(), field.not_word()), Some((field, true)));
        }
        assert_eq!(Field::parse(Side::To, "principals"), None);
    }
}

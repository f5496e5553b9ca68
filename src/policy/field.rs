//! The conditions of the policy language: their words, what they look at, what they accept.

/// What a condition looks at. One bit of a request each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Field {
    /// `from.principals`: the caller's SPIFFE ID.
    Principals,
    /// `from.namespaces`: the namespace in the caller's SPIFFE ID.
    Namespaces,
    /// `from.serviceAccounts`: `namespace/service-account` of the caller's SPIFFE ID.
    ServiceAccounts,
    /// `from.dags`: the DAG that the caller acts for.
    ActingDags,
    /// `from.tasks`: the task that the caller acts for.
    ActingTasks,
    /// `from.proof`: how well the acting task is known.
    Proof,
    /// `from.requestPrincipals`: `issuer/subject` of a token.
    RequestPrincipals,
    /// `from.claims`: what a token claims, by path.
    Claims,
    /// `to.surfaces`: which of Airflow's HTTP surfaces.
    Surfaces,
    /// `to.actions`: `resource:verb`.
    Actions,
    /// `to.dags`: the DAG that the request is about.
    Dags,
    /// `to.tasks`: the task that the request is about.
    Tasks,
    /// `to.connections`: the connection's id.
    Connections,
    /// `to.variables`: the variable's key.
    Variables,
    /// `to.pools`: the pool's name.
    Pools,
    /// `to.xcomKeys`: the XCom's key.
    XcomKeys,
    /// `to.assets`: the asset, by name or URI.
    Assets,
    /// `to.triggers`: the class that the triggerer is to run.
    Triggers,
    /// `to.queues`: the triggerer's queue.
    Queues,
    /// `to.methods`: the HTTP method.
    Methods,
    /// `to.paths`: the decoded path, without its query.
    Paths,
    /// `to.hosts`: the host without its port, lower case.
    Hosts,
}

/// The half of a rule in which a condition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who asks.
    From,
    /// For what.
    To,
}

impl Field {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every field, in the order of their numbers.
    pub const ALL: [Self; 22] = [
        Self::Principals,
        Self::Namespaces,
        Self::ServiceAccounts,
        Self::ActingDags,
        Self::ActingTasks,
        Self::Proof,
        Self::RequestPrincipals,
        Self::Claims,
        Self::Surfaces,
        Self::Actions,
        Self::Dags,
        Self::Tasks,
        Self::Connections,
        Self::Variables,
        Self::Pools,
        Self::XcomKeys,
        Self::Assets,
        Self::Triggers,
        Self::Queues,
        Self::Methods,
        Self::Paths,
        Self::Hosts,
    ];

    /// The half of the rule it belongs to.
    pub fn side(self) -> Side {
        if self <= Self::Claims {
            Side::From
        } else {
            Side::To
        }
    }

    /// The word in the document.
    pub fn word(self) -> &'static str {
        match self {
            Self::Principals => "principals",
            Self::Namespaces => "namespaces",
            Self::ServiceAccounts => "serviceAccounts",
            Self::ActingDags | Self::Dags => "dags",
            Self::ActingTasks | Self::Tasks => "tasks",
            Self::Proof => "proof",
            Self::RequestPrincipals => "requestPrincipals",
            Self::Claims => "claims",
            Self::Surfaces => "surfaces",
            Self::Actions => "actions",
            Self::Connections => "connections",
            Self::Variables => "variables",
            Self::Pools => "pools",
            Self::XcomKeys => "xcomKeys",
            Self::Assets => "assets",
            Self::Triggers => "triggers",
            Self::Queues => "queues",
            Self::Methods => "methods",
            Self::Paths => "paths",
            Self::Hosts => "hosts",
        }
    }

    /// The word of its negated twin.
    pub fn not_word(self) -> &'static str {
        match self {
            Self::Principals => "notPrincipals",
            Self::Namespaces => "notNamespaces",
            Self::ServiceAccounts => "notServiceAccounts",
            Self::ActingDags | Self::Dags => "notDags",
            Self::ActingTasks | Self::Tasks => "notTasks",
            Self::Proof => "notProof",
            Self::RequestPrincipals => "notRequestPrincipals",
            Self::Claims => "notClaims",
            Self::Surfaces => "notSurfaces",
            Self::Actions => "notActions",
            Self::Connections => "notConnections",
            Self::Variables => "notVariables",
            Self::Pools => "notPools",
            Self::XcomKeys => "notXcomKeys",
            Self::Assets => "notAssets",
            Self::Triggers => "notTriggers",
            Self::Queues => "notQueues",
            Self::Methods => "notMethods",
            Self::Paths => "notPaths",
            Self::Hosts => "notHosts",
        }
    }

    /// Finds the field of `side` that `word` names, and whether it is the negated twin.
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

    /// Whether it is part of the caller's identity, which binds variables.
    pub fn is_identity(self) -> bool {
        self <= Self::ServiceAccounts
    }

    /// Whether a request can leave it unknown, or until later. All others are known or absent.
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
            Self::ActingDags
            | Self::ActingTasks
            | Self::Proof
            | Self::Actions
            | Self::Dags
            | Self::Tasks
            | Self::Connections
            | Self::Variables
            | Self::Pools
            | Self::XcomKeys
            | Self::Assets
            | Self::Paths
            | Self::Triggers
            | Self::Queues => true,
        }
    }

    /// Whether it is part of a token. In an entry all conditions on tokens are about one token, and
    /// they stand behind the others.
    pub fn is_of_token(self) -> bool {
        matches!(self, Self::RequestPrincipals | Self::Claims)
    }
}

impl Side {
    /// The word in the document.
    pub fn word(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
        }
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

//! The proxies that are compared: each has one worker, accepts mutual TLS, and has the same app
//! behind it.

use anyhow::{Result, ensure};

use super::{pin, scene};
use dagward_build::Module;
use dagward_testbed::certs::{Authority, Identity};
use dagward_testbed::client::Client;
use dagward_testbed::sidecar::{Inbound, Node, Plugin, Sidecar, Spec};
use dagward_testbed::upstream::{Answer, Upstream};

/// The filter in the proxy's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contender {
    /// The router only.
    Nothing,
    /// The SDK's empty filter.
    Empty,
    /// The filter, with this many rules.
    Dagward(u32),
    /// The checks in Lua, with this many rules.
    Lua(u32),
    /// Envoy's own RBAC filter, with this many policies.
    Rbac(u32),
}

impl Contender {
    /// In the order in which they take turns.
    pub(super) const ALL: [Self; 9] = [
        Self::Nothing,
        Self::Empty,
        Self::Dagward(10),
        Self::Dagward(1_000),
        Self::Dagward(10_000),
        Self::Lua(10_000),
        Self::Rbac(10),
        Self::Rbac(1_000),
        Self::Rbac(10_000),
    ];

    /// The name of its filter.
    pub(super) fn filter(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Empty => "empty",
            Self::Dagward(_) => "dagward",
            Self::Lua(_) => "lua",
            Self::Rbac(_) => "rbac",
        }
    }

    /// The number of its rules; `None` if it has no rules.
    pub(super) fn rules(self) -> Option<u32> {
        match self {
            Self::Nothing | Self::Empty => None,
            Self::Dagward(rules) | Self::Lua(rules) | Self::Rbac(rules) => Some(rules),
        }
    }
}

/// The parts that all contenders share: the app, the mesh's certificates, the modules.
pub(super) struct Stage {
    app: Upstream,
    own: Identity,
    caller: Identity,
    dagward: Module,
    empty: Module,
    pinned: bool,
    // Holds the certificates' files, which are removed with it.
    _authority: Authority,
}

/// A running contender.
pub(super) struct Runner {
    pub(super) contender: Contender,
    pub(super) sidecar: Sidecar,
    /// The task that sends the requests.
    pub(super) client: Client,
}

impl Stage {
    pub(super) fn new(dagward: &Module, empty: &Module, pinned: bool) -> Result<Self> {
        let authority = Authority::new()?;
        let app = Upstream::with(|_| Answer {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: br#"{"key":"return_value","value":"42"}"#.to_vec(),
            trailers: Vec::new(),
            ends: true,
        })?;
        Ok(Self {
            app,
            own: authority.service_account(scene::NAMESPACE, "airflow-api-server")?,
            caller: authority.service_account(scene::NAMESPACE, &scene::service_account())?,
            dagward: dagward.clone(),
            empty: empty.clone(),
            pinned,
            _authority: authority,
        })
    }

    /// Starts a contender and checks that it enforces its rules.
    pub(super) fn start(&self, contender: Contender) -> Result<Runner> {
        let name = match contender.rules() {
            Some(rules) => format!("bench-{}-{rules}", contender.filter()),
            None => format!("bench-{}", contender.filter()),
        };
        let (sidecar, client) = self.proxy(&name, |spec| match contender {
            Contender::Nothing => {}
            Contender::Empty => spec.plugin = Some(Plugin::new(&self.empty.path, "")),
            Contender::Dagward(rules) => {
                spec.plugin = Some(Plugin::new(&self.dagward.path, &scene::dagward(rules)));
            }
            Contender::Lua(rules) => spec.filters = vec![scene::lua(rules)],
            Contender::Rbac(rules) => spec.filters = vec![scene::rbac(rules)],
        })?;
        let runner = Runner {
            contender,
            sidecar,
            client,
        };
        runner.check()?;
        Ok(runner)
    }

    /// Starts a proxy with the filter and this document.
    pub(super) fn dagward(&self, name: &str, document: &str) -> Result<(Sidecar, Client)> {
        self.proxy(name, |spec| {
            spec.plugin = Some(Plugin::new(&self.dagward.path, document))
        })
    }

    /// Starts a proxy, and returns it with the task that sends requests to it.
    fn proxy(&self, name: &str, fill: impl FnOnce(&mut Spec)) -> Result<(Sidecar, Client)> {
        let mut spec = Spec::new(Node::new(name, scene::NAMESPACE, "airflow-api-server"), &self.own);
        spec.inbound = Some(Inbound::strict(self.app.address()));
        spec.access_log = false;
        spec.cpu = self.pinned.then_some(pin::PROXIES);
        fill(&mut spec);
        let sidecar = Sidecar::start(spec)?;
        let client = Client::mtls(sidecar.inbound()?, &self.caller)?;
        Ok((sidecar, client))
    }
}

impl Runner {
    /// Checks the answers: a contender that let every request pass would be fast.
    fn check(&self) -> Result<()> {
        let allowed = self.client.send(&scene::allowed())?.status;
        let refused = self.client.send(&scene::refused())?.status;
        let expected = if self.contender.rules().is_some() {
            403
        } else {
            200
        };
        ensure!(
            (allowed, refused) == (200, expected),
            "`{:?}` answers {allowed} and {refused} instead of 200 and {expected}",
            self.contender
        );
        if !matches!(self.contender, Contender::Dagward(_) | Contender::Lua(_)) {
            return Ok(());
        }
        for (request, expected) in scene::checked() {
            let status = self.client.send(&request)?.status;
            ensure!(
                status == expected,
                "`{:?}` answers {status} instead of {expected} to {request:?}",
                self.contender
            );
        }
        Ok(())
    }
}

//! Airflow with its own executors, each component behind a sidecar of its own, as in the Helm
//! chart.
//!
//! All ports are reserved before anything starts. So all components start at once, and new sidecars
//! can replace the old ones while Airflow runs: the tests try the same attack without the filter
//! and with it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use tempfile::TempDir;

use super::component::Component;
use super::executor::Executor;
use super::health::Health;
use super::postgres::Postgres;
use super::redis::Redis;
use super::rest::Rest;
use super::settings::Settings;
use crate::certs::{Authority, Identity};
use crate::client::Client;
use crate::port::Port;
use crate::sidecar::{Destination, Inbound, Node, Plugin, Sidecar, Spec, Update};
use dagward_releases::{Installation, Release};
use dagward_workbench::process::Process;
use dagward_workbench::{paths, progress};

/// The namespace of all components.
const NAMESPACE: &str = "airflow";

/// The time to start. The api-server needs ten seconds on an idle machine.
const READY: Duration = Duration::from_secs(240);

/// The description of a deployment.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Airflow's release.
    pub release: Release,
    /// The executor.
    pub executor: Executor,
    /// The filter in all sidecars, if it is used.
    pub plugin: Option<Plugin>,
    /// Other destinations in the mesh and outside, for all components.
    pub destinations: Vec<Destination>,
    /// Whether there is a second api-server on the same database.
    pub replicated: bool,
    /// Further variables of all components, such as settings of Airflow.
    pub environment: Vec<(&'static str, String)>,
}

/// A running Airflow in its mesh. It ends with its handle.
#[derive(Debug)]
pub struct Deployment {
    setup: Setup,
    balanced: bool,
    pods: Vec<Pod>,
    installation: Installation,
    settings: Settings,
    database: Postgres,
    broker: Option<Redis>,
    // The sidecars read the certificates' files.
    authority: Authority,
    home: TempDir,
}

/// A component and its sidecar, with their addresses.
#[derive(Debug)]
struct Pod {
    component: Component,
    process: Option<Process>,
    sidecar: Option<Sidecar>,
    identity: Identity,
    app: Port,
    inbound: Port,
    outbound: Port,
}

impl Setup {
    /// A release of Airflow with `executor`, and no other destinations in the mesh.
    pub fn new(release: Release, executor: Executor, plugin: Option<&Plugin>) -> Self {
        Self {
            release,
            executor,
            plugin: plugin.cloned(),
            destinations: Vec::new(),
            replicated: false,
            environment: Vec::new(),
        }
    }
}

impl Deployment {
    /// Starts all components, installing Airflow if necessary, and waits until the api-server takes
    /// requests.
    pub fn start(setup: Setup) -> Result<Self> {
        let release = setup.release;
        let installation = Installation::ensure(release)?;
        let database = Postgres::of_airflow(&installation, release, None)?;
        let broker = match setup.executor {
            Executor::Celery => Some(Redis::start()?),
            Executor::Local => None,
        };
        let settings = Settings::new(release, setup.executor, database.uri(), broker.as_ref())?;
        let authority = Authority::new()?;
        let mut components = Component::all(release, setup.executor);
        if setup.replicated {
            components.push(Component::Replica);
        }
        let pods: Result<Vec<_>> = components
            .into_iter()
            .map(|component| Pod::new(component, &authority))
            .collect();
        let mut deployment = Self {
            pods: pods?,
            installation,
            settings,
            database,
            broker,
            authority,
            home: paths::scratch("airflow")?,
            balanced: false,
            setup,
        };
        let commands = deployment
            .components()
            .map(|component| deployment.command(component));
        let commands = commands.collect::<Result<Vec<_>>>()?;
        for (pod, mut command) in deployment.pods.iter_mut().zip(commands) {
            pod.start(&mut command, release)?;
        }
        let plugin = deployment.setup.plugin.clone();
        deployment.exchange(plugin.as_ref())?;
        deployment.ready()?;
        Ok(deployment)
    }

    /// Replaces all sidecars by new ones, with another plugin or without one. Connections break,
    /// and the facts and logs of the old sidecars are lost.
    pub fn exchange(&mut self, plugin: Option<&Plugin>) -> Result<()> {
        self.setup.plugin = plugin.cloned();
        each(&mut self.pods, |pod| {
            pod.sidecar = None;
            Ok(())
        })?;
        let executor = self.setup.executor;
        let mut destinations: Vec<_> = self
            .pods
            .iter()
            .filter_map(|pod| pod.destination(executor))
            .collect();
        if self.balanced {
            let replica = self.pod(Component::Replica)?.inbound.address();
            let service = self.pod(Component::ApiServer)?.destination(executor);
            let service = service.context("the api-server takes no requests")?;
            destinations.retain(|destination| destination.cluster != service.cluster);
            destinations.push(Destination {
                more: vec![replica],
                ..service
            });
        }
        destinations.extend(self.setup.destinations.iter().cloned());
        progress::during("starting the sidecars", |_| {
            each(&mut self.pods, |pod| {
                pod.sidecar = Some(Sidecar::start(pod.spec(executor, &destinations, plugin))?);
                Ok(())
            })
        })
    }

    /// Makes both api-servers take turns behind their service's name. Before, the name leads only
    /// to the first, and the replica has a name of its own. This replaces the sidecars.
    pub fn balance(&mut self) -> Result<()> {
        self.balanced = true;
        let plugin = self.setup.plugin.clone();
        self.exchange(plugin.as_ref())
    }

    /// Gives the filter in all sidecars another policy at runtime.
    pub fn update(&mut self, policy: &str) -> Result<()> {
        let plugin = self
            .setup
            .plugin
            .as_mut()
            .context("the sidecars have no plugin")?;
        plugin.configuration = policy.to_owned();
        each(&mut self.pods, |pod| {
            let sidecar = pod.sidecar.as_mut().context("no sidecar")?;
            match sidecar.update(policy)? {
                Update::Taken => Ok(()),
                Update::Refused => bail!("Envoy of {} refused the policy", pod.component),
            }
        })
    }

    /// All components.
    pub fn components(&self) -> impl Iterator<Item = Component> {
        self.pods.iter().map(|pod| pod.component)
    }

    /// The sidecar of a component, with its logs and metrics.
    pub fn sidecar(&self, component: Component) -> Result<&Sidecar> {
        self.pod(component)?.sidecar.as_ref().context("no sidecar")
    }

    /// The command `airflow` as in a component's pod: with its settings, and its way into the mesh.
    pub fn command(&self, component: Component) -> Result<Command> {
        let pod = self.pod(component)?;
        let home = self.home(component);
        fs::create_dir_all(&home)?;
        let mut command = Command::new(&self.installation.program);
        self.installation.environment(&home)?.apply(&mut command);
        self.settings.apply(&mut command, component);
        let own = self.setup.environment.iter();
        command.envs(own.map(|(name, value)| (name, value)));
        component.settings(&mut command, pod.app.address().port(), pod.outbound.address());
        Ok(command)
    }

    /// The process of a component, with its log.
    pub fn process(&self, component: Component) -> Result<&Process> {
        self.pod(component)?.process.as_ref().context("no process")
    }

    /// The folder of a component's own files, its logs among them.
    pub fn home(&self, component: Component) -> PathBuf {
        self.home.path().join(component.name())
    }

    /// The peers' requests to a component so far, from its sidecar's access log.
    pub fn requests(&self, component: Component) -> Result<Vec<Value>> {
        let sidecar = self.sidecar(component)?;
        let completed = sidecar.admin().stats("downstream_rq_completed")?;
        let completed: u64 = completed
            .iter()
            .filter(|(name, _)| name.starts_with("http.inbound") || name.starts_with("http.outbound"))
            .map(|(_, count)| count)
            .sum();
        let mut requests = sidecar.access_log_of(usize::try_from(completed)?)?;
        requests.retain(|request| {
            request
                .get("listener")
                .is_some_and(|listener| listener == "inbound")
        });
        Ok(requests)
    }

    /// Airflow's API, called through the api-server's sidecar as the ingress gateway, which people
    /// and CI use.
    pub fn gateway(&self) -> Result<Rest> {
        let gateway = self.authority.service_account("istio-ingress", "gateway")?;
        self.connect(self.client_as(&gateway, Component::ApiServer)?)
    }

    /// Airflow's API, called without a sidecar in between.
    pub fn direct(&self) -> Result<Rest> {
        self.connect(Client::plain(self.pod(Component::ApiServer)?.app.address()))
    }

    /// A client in the pod of `component`, which calls through that pod's sidecar.
    pub fn client_in(&self, component: Component) -> Result<Client> {
        Ok(Client::plain(self.pod(component)?.outbound.address()))
    }

    /// A client that calls `component` as `identity`, without a sidecar of its own.
    pub fn client_as(&self, identity: &Identity, component: Component) -> Result<Client> {
        Client::mtls(self.pod(component)?.inbound.address(), identity)
    }

    /// The authority that signs the certificates of the mesh.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The key that signs Airflow's tokens: `[api_auth] jwt_secret`.
    pub fn jwt_secret(&self) -> Result<&str> {
        self.settings.jwt_secret().context("no secret")
    }

    /// The URL of Airflow's database.
    pub fn database(&self) -> String {
        self.database.uri()
    }

    /// The URL of Celery's broker, if there is one.
    pub fn broker(&self) -> Option<String> {
        self.broker.as_ref().map(Redis::uri)
    }

    /// The rows that a query of Airflow's database returns, one per line, with `|` between columns.
    pub fn query(&self, sql: &str) -> Result<String> {
        self.database.query(sql)
    }

    /// Changes Airflow's database.
    pub(super) fn change(&self, sql: &str) -> Result<()> {
        self.database.change(sql)
    }

    fn connect(&self, client: Client) -> Result<Rest> {
        if self.setup.release.is_airflow_2() {
            return Ok(Rest::of_airflow_2(client));
        }
        Rest::connect(client)
    }

    /// Waits until all components work. An error if one ends before.
    fn ready(&mut self) -> Result<()> {
        let release = self.setup.release;
        let server = self.pod(Component::ApiServer)?.app.address();
        progress::during("starting Airflow", |_| {
            each(&mut self.pods, |pod| {
                let component = pod.component;
                let asked = match component {
                    Component::Replica => pod.app.address(),
                    _ => server,
                };
                let health = Health::new(release, asked);
                let process = pod.process.as_mut().context("no process")?;
                let log = process.log().to_owned();
                process.ready(READY, || health.is_good(component, &log).then_some(()))
            })
        })
    }

    fn pod(&self, component: Component) -> Result<&Pod> {
        let mut pods = self.pods.iter();
        pods.find(|pod| pod.component == component)
            .with_context(|| format!("there is no {component}"))
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        // Each process may need time to end; in parallel, all need no longer than one. Sidecars and
        // database run until the last has ended.
        let _ = each(&mut self.pods, |pod| {
            pod.process = None;
            Ok(())
        });
    }
}

impl Pod {
    fn new(component: Component, authority: &Authority) -> Result<Self> {
        Ok(Self {
            component,
            process: None,
            sidecar: None,
            identity: authority.service_account(NAMESPACE, &component.account())?,
            app: Port::reserve()?,
            inbound: Port::reserve()?,
            outbound: Port::reserve()?,
        })
    }

    fn start(&mut self, command: &mut Command, release: Release) -> Result<()> {
        let port = self.app.address().port();
        command.args(self.component.arguments(release, port));
        self.process = Some(Process::start(&self.component.name(), command)?);
        Ok(())
    }

    fn destination(&self, executor: Executor) -> Option<Destination> {
        let port = self.component.port(executor)?;
        let address = self.inbound.address();
        Some(Destination::mesh(
            &self.component.name(),
            NAMESPACE,
            port,
            address,
        ))
    }

    fn spec(&self, executor: Executor, destinations: &[Destination], plugin: Option<&Plugin>) -> Spec {
        let account = self.component.account();
        let inbound = self.component.port(executor).map(|port| Inbound {
            port,
            ..Inbound::strict(self.app.address())
        });
        Spec {
            inbound_address: self.inbound.address(),
            outbound_address: self.outbound.address(),
            inbound,
            outbound: destinations.to_vec(),
            plugin: plugin.cloned(),
            ..Spec::new(
                Node::new(&self.component.name(), NAMESPACE, &account),
                &self.identity,
            )
        }
    }
}

/// Does the same work on all pods at once.
fn each(pods: &mut [Pod], work: impl Fn(&mut Pod) -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let threads: Vec<_> = pods.iter_mut().map(|pod| scope.spawn(|| work(pod))).collect();
        let mut results = threads.into_iter().map(|thread| thread.join());
        results.try_for_each(|result| result.map_err(|_| anyhow!("the thread of a pod panicked"))?)
    })
}

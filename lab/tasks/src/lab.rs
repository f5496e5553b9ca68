//! `cargo xtask lab up | status | exec | down`: a cluster with Istio for interactive use.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use dagward_build as module;
use dagward_cluster as istio;
use dagward_cluster::Cluster;
use dagward_cluster::kept::Kept;
use dagward_workbench::{descriptors, paths, progress, wait};

/// The time for the start, without the builds, which come first.
const READY: Duration = Duration::from_secs(240);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start a cluster with Istio and pods of two teams, and leave it running.
    Up,
    /// Show the running cluster, and the updates that its proxies reject.
    Status,
    /// Run a command in a container, as `kubectl exec` does in a real cluster.
    Exec(Exec),
    /// End the cluster, and remove everything that it or a crash has left.
    Down,
    /// Build the requirements of the suite `istio`: its programs, and the sidecars of all releases.
    #[command(hide = true)]
    Install,
    /// Run the cluster in this process, until `down`.
    #[command(hide = true)]
    Hold,
}

#[derive(clap::Args)]
struct Exec {
    /// The pod.
    pod: String,
    /// The pod's namespace.
    #[arg(short, long, default_value = "airflow")]
    namespace: String,
    /// The container; by default the first one.
    #[arg(short, long)]
    container: Option<String>,
    /// Program and arguments, after `--`.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        Action::Up => up(),
        Action::Status => status(),
        Action::Exec(arguments) => exec(arguments),
        Action::Down => down(),
        Action::Install => Cluster::install().and_then(|()| istio::install_sidecars()),
        Action::Hold => Kept::hold(),
    }
}

fn up() -> Result<()> {
    let missing = istio::missing();
    if !missing.is_empty() {
        bail!("this machine cannot run the lab:\n  {}", missing.join("\n  "));
    }
    if let Some(kept) = Kept::find()? {
        println!("It runs already.\n");
        print!("{}", usage(&kept));
        return rejected(&kept);
    }
    Cluster::install()?;
    module::build()?;
    let log = paths::logs()?.join("cluster.log");
    let file = File::create(&log)?;
    descriptors::close_on_exec();
    let mut holder = Command::new(std::env::current_exe()?)
        .args(["lab", "hold"])
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        // It outlives this terminal.
        .process_group(0)
        .spawn()
        .context("cannot start the lab")?;
    let kept = progress::during("starting the API server, istiod and the pods", |_| {
        wait::until("the lab", READY, || {
            if let Some(status) = holder.try_wait()? {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("the lab ended with {status}:\n{log}");
            }
            Kept::find()
        })
    })?;
    print!("{}", usage(&kept));
    Ok(())
}

fn status() -> Result<()> {
    let Some(kept) = Kept::find()? else {
        println!("No lab runs here. `cargo xtask lab up` starts one.");
        return Ok(());
    };
    println!(
        "A cluster with Istio {} is up.\n\n{}",
        kept.istio,
        environment(&kept)
    );
    rejected(&kept)
}

/// Replaces this process by the command.
fn exec(arguments: &Exec) -> Result<()> {
    let kept = Kept::find()?.context("no lab runs here; `cargo xtask lab up` starts one")?;
    let container = arguments.container.as_deref();
    let mut command = kept.exec(
        &arguments.namespace,
        &arguments.pod,
        container,
        &arguments.command,
    )?;
    Err(command.exec()).context("cannot start `nsenter`")
}

/// Prints the updates that proxies reject. `kubectl apply` does not show them: it succeeds, and the
/// proxy keeps its old configuration.
fn rejected(kept: &Kept) -> Result<()> {
    let rejections = kept.rejections()?;
    if rejections.is_empty() {
        // The agent accepts the update, and replaces the plugin by a filter that refuses every
        // request.
        println!(
            "Its proxies reject nothing. (A proxy that could not fetch the plugin's image answers \
             `RBAC: access denied`; `kubectl logs POD -c istio-proxy` shows the reason.)"
        );
        return Ok(());
    }
    let lines: Vec<_> = rejections.iter().map(ToString::to_string).collect();
    bail!(
        "these proxies rejected the last update and keep their old configuration:\n  {}",
        lines.join("\n  ")
    )
}

fn down() -> Result<()> {
    let done = progress::during("ending the lab", |_| Kept::end())?;
    if done.is_empty() {
        println!("Nothing was running, and nothing was left over.");
    }
    for line in done {
        println!("{line}");
    }
    Ok(())
}

/// The variables that the user's shell needs.
fn environment(kept: &Kept) -> String {
    let folders = kept.programs.iter().filter_map(|program| program.parent());
    let folders: Vec<_> = folders.map(|folder| folder.display().to_string()).collect();
    format!(
        "    export KUBECONFIG={kubeconfig}\n    \
         export PATH={folders}:$PATH\n",
        kubeconfig = kept.kubeconfig.display(),
        folders = folders.join(":"),
    )
}

fn usage(kept: &Kept) -> String {
    format!(
        "A cluster with Istio {istio} is up. In your shell:\n\n{environment}\n\
         The filter's image:\n\n    {image}\n\n\
         Two tasks read XComs from the api-server, each its own and the other team's:\n\n    \
         kubectl -n airflow get pods\n    \
         kubectl -n airflow logs -f sales-daily-load\n\n\
         Install dagward in enforce mode and watch that log; then read the sidecar's reasons:\n\n    \
         sed -e 's|oci://.*|{image}|' -e 's/mode: shadow/mode: enforce/' wasm-plugin.yaml | kubectl apply -f -\n    \
         kubectl -n airflow logs airflow-api-server -c istio-proxy | grep dagward\n\n\
         To install everything, put the image into examples/istio/wasm-plugin.yaml and run `kubectl apply -k .`. Its telemetry.yaml has no effect \
         here: the sidecars run upstream's Envoy, which lacks Istio's filter `istio.stats`.\n\n\
         `kubectl exec`, `kubectl port-forward` and the istioctl commands that use them (`proxy-config`, `proxy-status`) are not \
         available: the lab's kubelet serves logs only. Use these instead:\n\n    \
         cargo xtask lab status    # updates that a proxy rejects\n    \
         cargo xtask lab exec airflow-api-server -c istio-proxy -- pilot-agent request GET config_dump > dump.json\n    \
         istioctl proxy-config listeners --file dump.json\n    \
         cargo xtask lab exec airflow-api-server -c istio-proxy -- pilot-agent request POST 'logging?wasm=info'\n\n\
         `cargo xtask lab down` ends it.\n",
        istio = kept.istio,
        environment = environment(kept),
        image = kept.image,
    )
}

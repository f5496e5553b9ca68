//! `cargo xtask lab up | down`: a cluster with Istio, for a person.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use dagward_lab::istio::Cluster;
use dagward_lab::istio::kept::Kept;
use dagward_lab::{istio, module, paths, process, progress, wait};

/// Without the building, which comes first.
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
    /// End it, and remove everything that it or a crash has left.
    Down,
    /// Be the cluster, until `down`.
    #[command(hide = true)]
    Hold,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match arguments.command {
        Action::Up => up(),
        Action::Down => down(),
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
        return Ok(());
    }
    Cluster::install()?;
    module::build()?;
    let log = paths::logs()?.join("cluster.log");
    let file = File::create(&log)?;
    process::close_on_exec();
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

fn usage(kept: &Kept) -> String {
    let folders = kept.programs.iter().filter_map(|program| program.parent());
    let folders: Vec<_> = folders.map(|folder| folder.display().to_string()).collect();
    format!(
        "A cluster with Istio {istio} is up. In your shell:\n\n    \
         export KUBECONFIG={kubeconfig}\n    \
         export PATH={folders}:$PATH\n\n\
         The filter's image:\n\n    {image}\n\n\
         Two tasks ask the api-server for XComs, each for its own and for the other team's:\n\n    \
         kubectl -n airflow get pods\n    \
         kubectl -n airflow logs -f sales-daily-load\n\n\
         Put dagward in, in enforce mode, and watch that log; then see why the sidecar refused:\n\n    \
         sed -e 's|oci://.*|{image}|' -e 's/mode: shadow/mode: enforce/' wasm-plugin.yaml | kubectl apply -f -\n    \
         kubectl -n airflow logs airflow-api-server -c istio-proxy | grep dagward\n\n\
         `cargo xtask lab down` ends it.\n",
        istio = istio::istiod::VERSION,
        kubeconfig = kept.kubeconfig.display(),
        folders = folders.join(":"),
        image = kept.image,
    )
}

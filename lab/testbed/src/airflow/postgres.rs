//! PostgreSQL from Debian's packages, on a Unix socket that only its owner reaches and, for pods,
//! on an address of their network.
//!
//! Airflow's tables are made once for each version of Airflow and copied for each run.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use dagward_releases::{Installation, Release};
use dagward_workbench::debian::Program;
use dagward_workbench::process::{Process, launched_by};
use dagward_workbench::{cache, paths, progress};

const READY: Duration = Duration::from_secs(300);

/// The database user of every client that reaches the socket.
const USER: &str = "airflow";

/// The database that every new PostgreSQL cluster contains.
const DATABASE: &str = "postgres";

/// The lab's data does not need to survive a crash.
const SETTINGS: [&str; 4] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
];

/// Allows all clients in a network of the server.
const NEIGHBOURS: &str = "host all all samenet trust\n";

/// A running server. It ends with its handle.
#[derive(Debug)]
pub struct Postgres {
    _process: Process,
    program: Program,
    socket: TempDir,
    address: Option<Ipv4Addr>,
    _data: Option<TempDir>,
}

/// The system user that the server runs as; PostgreSQL refuses to run as root.
#[derive(Debug, Clone)]
struct User(Option<[String; 2]>);

impl Postgres {
    /// A server with the empty tables of `release`; with an `address` it listens there, too.
    pub fn of_airflow(
        installation: &Installation,
        release: Release,
        address: Option<Ipv4Addr>,
    ) -> Result<Self> {
        let name = format!("airflow-{}", release.version);
        Self::start(&name, &[release.requirements], address, |uri| {
            let home = paths::scratch("airflow")?;
            let mut migrate = Command::new(&installation.program);
            installation.environment(home.path())?.apply(&mut migrate);
            migrate.env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", uri);
            progress::run("making Airflow's tables", migrate.args(["db", "migrate"]))
        })
    }

    /// Starts a server on a copy of the database of `key`. The first time, `fill` makes that
    /// database; it gets the URI of an empty one. With an `address` the server listens there, too.
    fn start(
        key: &str,
        inputs: &[&str],
        address: Option<Ipv4Addr>,
        fill: impl FnOnce(&str) -> Result<()>,
    ) -> Result<Self> {
        let program = Program::ensure("postgres", "postgresql")?;
        let user = User::find()?;
        let (version, owner) = (version(&program)?, user.name());
        let inputs = [inputs, &[&version, &owner]].concat();
        let template = cache::ensure(&format!("{key}-postgresql"), &inputs, |directory| {
            let data = directory.join("data");
            initialize(&program, &user, &data)?;
            let server = Self::serve(&program, &user, &data, None, None)?;
            fill(&server.uri())
        })?;
        let scratch = paths::scratch("postgresql")?;
        user.own(scratch.path())?;
        let data = scratch.path().join("data");
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(template.join("data")).arg(&data);
        progress::run("copying Airflow's database", &mut copy)?;
        let mut access = OpenOptions::new().append(true).open(data.join("pg_hba.conf"))?;
        access.write_all(NEIGHBOURS.as_bytes())?;
        Self::serve(&program, &user, &data, address, Some(scratch))
    }

    /// Airflow's `sql_alchemy_conn`.
    pub fn uri(&self) -> String {
        let host = match self.address {
            Some(address) => address.to_string(),
            None => self.socket.path().display().to_string(),
        };
        format!("postgresql+psycopg2://{USER}@/{DATABASE}?host={host}")
    }

    /// The rows that a query returns, one per line, with `|` between columns. The query is
    /// read-only.
    pub fn query(&self, sql: &str) -> Result<String> {
        self.psql(sql, "-c default_transaction_read_only=on")
    }

    /// Changes rows.
    pub fn change(&self, sql: &str) -> Result<()> {
        self.psql(sql, "").map(|_| ())
    }

    fn psql(&self, sql: &str, options: &str) -> Result<String> {
        let mut psql = self.program.sibling("psql").command();
        psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--host"])
            .arg(self.socket.path())
            .args(["--username", USER, "--dbname", DATABASE, "--command", sql])
            .env("PGOPTIONS", options);
        let output = psql.output().context("cannot start `psql`")?;
        if !output.status.success() {
            bail!("`{sql}`: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    fn serve(
        program: &Program,
        user: &User,
        data: &Path,
        address: Option<Ipv4Addr>,
        scratch: Option<TempDir>,
    ) -> Result<Self> {
        let socket = paths::sockets()?;
        user.own(socket.path())?;
        let mut command = program.command();
        command.arg("-D").arg(data).current_dir("/");
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let listen = address.map(|address| address.to_string()).unwrap_or_default();
        command.args(["-c", &format!("listen_addresses={listen}")]);
        let directory = socket.path().display();
        command.args(["-c", &format!("unix_socket_directories={directory}")]);
        let mut process = Process::start("postgresql", &user.command(&command))?;
        let ready = program.sibling("pg_isready");
        process.ready(READY, || {
            let mut ask = ready.command();
            ask.arg("--quiet").arg("--host").arg(socket.path());
            ask.status().ok()?.success().then_some(())
        })?;
        Ok(Self {
            _process: process,
            program: program.clone(),
            socket,
            address,
            _data: scratch,
        })
    }
}

fn version(program: &Program) -> Result<String> {
    let output = program.command().arg("--version").output();
    let output = output.with_context(|| format!("cannot start `{}`", program.path().display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Makes an empty cluster.
fn initialize(program: &Program, user: &User, data: &PathBuf) -> Result<()> {
    fs::create_dir(data)?;
    user.own(data)?;
    let mut init = program.sibling("initdb").command();
    init.arg("-D").arg(data).current_dir("/");
    init.args([
        "--username",
        USER,
        "--auth",
        "trust",
        "--encoding",
        "UTF8",
        "--no-locale",
    ]);
    progress::run("making a PostgreSQL cluster", &mut user.command(&init))
}

impl User {
    /// The user of this process; if this is root, `postgres`, or else `nobody`.
    fn find() -> Result<Self> {
        if fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(Self(None));
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let ids = |name: &str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2).map(str::to_owned);
            Some([fields.next()?, fields.next()?])
        };
        let found = ids("postgres").or_else(|| ids("nobody"));
        Ok(Self(Some(found.context(
            "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`",
        )?)))
    }

    fn name(&self) -> String {
        self.0.as_ref().map_or_else(String::new, |[user, _]| user.clone())
    }

    /// Makes the user the owner of a directory.
    fn own(&self, directory: &Path) -> Result<()> {
        let Some([user, group]) = &self.0 else {
            return Ok(());
        };
        let owner = (Some(user.parse()?), Some(group.parse()?));
        Ok(std::os::unix::fs::chown(directory, owner.0, owner.1)?)
    }

    /// The same command, run as this user.
    fn command(&self, command: &Command) -> Command {
        let Some([user, group]) = &self.0 else {
            return launched_by("env", &[], command);
        };
        let (user, group) = (format!("--reuid={user}"), format!("--regid={group}"));
        let arguments = [
            &*user,
            &*group,
            "--clear-groups",
            // The workspace may lie in a folder that only root may enter.
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
        ];
        launched_by("setpriv", &arguments, command)
    }
}

//! `examples/func-e`: the commands of its README, one after the other, with the real func-e and a real Envoy.
//!
//! The commands run in a copy with three other ports: a test must not rely on fixed ports that may be in use.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

use std::collections::HashMap;
use std::env;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use dagward_build as module;
use dagward_shipped::pages::console::Step;
use dagward_shipped::pages::{Page, console};
use dagward_testbed::admin::Admin;
use dagward_testbed::envoy;
use dagward_testbed::port::Port;
use dagward_workbench::go::Program;
use dagward_workbench::paths;
use dagward_workbench::process::Process;
use tempfile::TempDir;

const EXAMPLE: &str = "examples/func-e";

const FUNC_E: Program = Program {
    module: "func-e",
    package: "github.com/tetratelabs/func-e/cmd/func-e",
    linked: "",
};

/// The documented port of Envoy's admin interface.
const ADMIN: &str = "9901";

/// All documented ports.
const PORTS: [&str; 3] = ["8443", "8081", ADMIN];

/// The time within which Envoy must answer.
const READY: Duration = Duration::from_secs(60);

#[test]
fn the_readme_s_commands_do_what_it_says() {
    let checkout = Checkout::new();
    let page = Page::read(&format!("{EXAMPLE}/README.md")).unwrap();
    let blocks = page.blocks().into_iter().filter(|block| block.info == "console");
    let mut func_e = None;
    let mut asked = 0;
    for step in blocks.flat_map(|block| console::steps(&block.text)) {
        if step.command.starts_with("func-e run ") {
            func_e = Some(checkout.start(&step));
        } else {
            let printed = checkout.run(&step);
            assert!(step.shows(&printed), "{}\nprinted:\n{printed}", step.command);
            asked += usize::from(!step.output.is_empty());
        }
    }
    assert_eq!(asked, 3, "an allowed request, a denied one, the metrics");

    let func_e = func_e.unwrap();
    let log = func_e.output().unwrap();
    let nearest =
        "`teams-read-their-own-dags` rule 0: to.dags: wants `{team=sales}_*`, found `finance_daily`";
    assert!(log.contains(nearest), "{log}");
    drop(func_e);
    let left = TcpStream::connect(checkout.ports[ADMIN].address());
    assert!(left.is_err(), "its Envoy runs on");
}

/// The files of a reader who follows the README: a checkout with a built module, func-e, and an Envoy.
struct Checkout {
    root: TempDir,
    path: String,
    ports: HashMap<&'static str, Port>,
}

impl Checkout {
    fn new() -> Self {
        let func_e = FUNC_E.ensure().unwrap();
        let path = format!(
            "{}:{}",
            func_e.parent().unwrap().display(),
            env::var("PATH").unwrap()
        );
        let ports = PORTS.map(|port| (port, Port::reserve().unwrap())).into();
        let checkout = Self {
            root: paths::scratch("func-e").unwrap(),
            path,
            ports,
        };
        let (from, to) = (
            paths::workspace().join(EXAMPLE),
            checkout.root.path().join(EXAMPLE),
        );
        fs::create_dir_all(&to).unwrap();
        fs::copy(from.join("certificates.sh"), to.join("certificates.sh")).unwrap();
        let config = fs::read_to_string(from.join("envoy.yaml")).unwrap();
        assert!(PORTS.iter().all(|port| config.contains(port)));
        fs::write(to.join("envoy.yaml"), checkout.moved(&config)).unwrap();
        let target = checkout.root.path().join("target");
        fs::create_dir(&target).unwrap();
        symlink(module::build().unwrap().path, target.join("dagward.wasm")).unwrap();
        checkout
    }

    /// `text` with free ports instead of the documented ones.
    fn moved(&self, text: &str) -> String {
        let ports = self.ports.iter();
        ports.fold(text.to_owned(), |text, (documented, port)| {
            text.replace(documented, &port.address().port().to_string())
        })
    }

    /// A command of the README. It downloads no Envoy, and func-e keeps its files in the test's folder.
    fn command(&self, step: &Step) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &self.moved(&step.command)])
            .current_dir(self.root.path())
            .env("PATH", &self.path)
            .env("ENVOY_PATH", envoy::binary(envoy::DEFAULT_VERSION).unwrap())
            .env("FUNC_E_HOME", self.root.path().join("target/func-e-home"));
        shell
    }

    fn run(&self, step: &Step) -> String {
        let output = self.command(step).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{errors}", step.command);
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&self, step: &Step) -> Process {
        let mut func_e = Process::start("func-e", &self.command(step)).unwrap();
        let admin = Admin::new(self.ports[ADMIN].address(), func_e.id());
        func_e.ready(READY, || admin.live().then_some(())).unwrap();
        func_e
    }
}

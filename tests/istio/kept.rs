//! `cargo xtask lab up` and `down`, as a person uses them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dagward_lab::istio::kept::Kept;
use dagward_lab::{manifest, paths, wait};
use serde_json::json;

/// Pods ask every two seconds, and the plugin is pulled first.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_person_sees_a_policy_take_effect_and_leaves_nothing_behind() {
    assert!(
        Kept::find().unwrap().is_none(),
        "a lab is running here; end it first with: cargo xtask lab down"
    );
    let printed = lab("up");
    let kept = Kept::find().unwrap().unwrap();
    assert!(printed.contains(&kept.image), "{printed}");
    assert!(lab("up").contains("It runs already."));

    let log = |arguments: &str| {
        let mut kubectl = kubectl(&kept);
        kubectl.args(["--namespace", "airflow", "logs"]);
        output(kubectl.args(arguments.split(' ')))
    };
    let sales = || log("sales-daily-load --tail 2");
    let sees = |own: u16, other: u16| {
        wait::until("the policy's effect", SOON, || {
            let text = sales();
            let sees = |dag: &str, status| text.contains(&format!("XCom of {dag} {status} "));
            Ok((sees("sales_daily", own) && sees("ml_train", other)).then_some(()))
        })
        .unwrap_or_else(|error| panic!("{error}: {}", sales()));
    };
    sees(200, 200);
    apply(&kept, "enforce");
    sees(200, 403);
    let refusals = log("airflow-api-server --container istio-proxy");
    assert!(
        refusals.contains("to.dags: wants `{team=sales}_*`, found `ml_train`"),
        "{refusals}"
    );
    apply(&kept, "observe");
    sees(200, 200);

    assert!(lab("down").contains("has ended"));
    assert!(Kept::find().unwrap().is_none());
    assert!(!kept.kubeconfig.exists());
    assert!(lab("down").contains("nothing was left over"));
}

/// The shipped plugin in this mode.
fn apply(kept: &Kept, mode: &str) {
    let mut plugin = manifest::read("wasm-plugin.yaml").unwrap();
    *plugin.pointer_mut("/spec/url").unwrap() = json!(kept.image);
    *plugin.pointer_mut("/spec/pluginConfig/mode").unwrap() = json!(mode);
    let directory = paths::scratch("plugin").unwrap();
    let file = directory.path().join("plugin.json");
    fs::write(&file, plugin.to_string()).unwrap();
    output(kubectl(kept).args(["apply", "--filename"]).arg(&file));
}

fn kubectl(kept: &Kept) -> Command {
    let [kubectl, _] = &kept.programs;
    let mut kubectl = Command::new(kubectl);
    kubectl.env("KUBECONFIG", &kept.kubeconfig);
    kubectl
}

fn lab(action: &str) -> String {
    output(cargo().args(["xtask", "lab", action]))
}

fn cargo() -> Command {
    let mut cargo = Command::new(Path::new(env!("CARGO")));
    cargo.current_dir(paths::workspace());
    cargo
}

/// What a command prints, which must succeed.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

//! `cargo xtask lab up` and `down`, as a user runs them.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dagward_cluster::kept::Kept;
use dagward_shipped::manifest;
use dagward_workbench::{paths, wait};
use serde_json::json;

/// Pods send a request every two seconds, after the proxies have pulled the plugin.
const SOON: Duration = Duration::from_secs(300);

#[test]
fn a_person_sees_a_policy_take_effect_and_leaves_nothing_behind() {
    assert!(
        Kept::find().unwrap().is_none(),
        "a lab is running here; end it first with: cargo xtask lab down"
    );
    // The caller may hold a lock, as `flock FILE cargo xtask lab up` does. The lock is free once `up` is done.
    let held = paths::target().join("lab/kept-test.lock");
    let printed = output(
        Command::new("flock")
            .current_dir(paths::workspace())
            .arg(&held)
            .args([env!("CARGO"), "xtask", "lab", "up"]),
    );
    File::open(&held).unwrap().try_lock().unwrap();
    let kept = Kept::find().unwrap().unwrap();
    assert!(printed.contains(&kept.image), "{printed}");
    assert!(lab("up").contains("It runs already."));

    let log = |arguments: &str| {
        let mut kubectl = kept.kubectl();
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
    // Until the task's own sidecar has the plugin, the refusal has another reason.
    let reason = "to.dags: wants `{team=sales}_*`, found `ml_train`";
    wait::until("the refusal's reason", SOON, || {
        let refusals = log("airflow-api-server --container istio-proxy");
        Ok(refusals.contains(reason).then_some(()))
    })
    .unwrap();
    apply(&kept, "observe");
    sees(200, 200);
    listeners(&kept);
    steps_of_the_guide(&kept);
    sees(200, 200);

    assert!(lab("down").contains("has ended"));
    assert!(Kept::find().unwrap().is_none());
    assert!(!kept.kubeconfig.exists());
    assert!(lab("down").contains("nothing was left over"));
}

/// Runs `kubectl apply -k .` with the image's real address, and reads what would be refused.
fn steps_of_the_guide(kept: &Kept) {
    let directory = paths::scratch("guide").unwrap();
    let copy = directory.path();
    for part in ["kustomization.yaml", "examples"] {
        let mut command = Command::new("cp");
        output(command.arg("-r").arg(paths::workspace().join(part)).arg(copy));
    }
    let plugin = copy.join("examples/istio/wasm-plugin.yaml");
    let text = fs::read_to_string(&plugin).unwrap();
    let placeholder = "oci://registry.example.com/dagward:0.1.0";
    assert!(text.contains(placeholder));
    fs::write(&plugin, text.replace(placeholder, &kept.image)).unwrap();
    output(kept.kubectl().args(["apply", "--kustomize"]).arg(copy));
    exec("pilot-agent request POST logging?wasm=info");
    wait::until("what would be refused", SOON, || {
        let mut logs = kept.kubectl();
        logs.args(["--namespace", "airflow", "logs", "deploy/airflow-api-server"]);
        let log = output(logs.args(["--container", "istio-proxy"]));
        Ok(log.contains("dagward event=would_refuse ").then_some(()))
    })
    .unwrap();
    // This includes telemetry.yaml: no part of it may keep a proxy from its listeners.
    assert!(lab("status").contains("Its proxies reject nothing."));
}

/// Checks what a user sees of a sidecar without `kubectl exec`.
fn listeners(kept: &Kept) {
    let dump = exec("pilot-agent request GET config_dump");
    let directory = paths::scratch("dump").unwrap();
    let file = directory.path().join("dump.json");
    fs::write(&file, dump).unwrap();
    let [_, istioctl] = &kept.programs;
    let mut show = Command::new(istioctl);
    show.args(["proxy-config", "listeners", "--file"]).arg(&file);
    let shown = output(&mut show);
    assert!(shown.contains("15006"), "{shown}");
}

/// Applies the shipped plugin in this mode.
fn apply(kept: &Kept, mode: &str) {
    let mut plugin = manifest::read("wasm-plugin.yaml").unwrap();
    *plugin.pointer_mut("/spec/url").unwrap() = json!(kept.image);
    *plugin.pointer_mut("/spec/pluginConfig/mode").unwrap() = json!(mode);
    let directory = paths::scratch("plugin").unwrap();
    let file = directory.path().join("plugin.json");
    fs::write(&file, plugin.to_string()).unwrap();
    output(kept.kubectl().args(["apply", "--filename"]).arg(&file));
}

/// A command in the sidecar of the api-server.
fn exec(command: &str) -> String {
    let mut cargo = cargo();
    cargo.args([
        "xtask",
        "lab",
        "exec",
        "airflow-api-server",
        "-c",
        "istio-proxy",
        "--",
    ]);
    output(cargo.args(command.split(' ')))
}

fn lab(action: &str) -> String {
    output(cargo().args(["xtask", "lab", action]))
}

fn cargo() -> Command {
    let mut cargo = Command::new(Path::new(env!("CARGO")));
    cargo.current_dir(paths::workspace());
    cargo
}

/// The output of a command, which must succeed.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

//! `cargo xtask image`, run as a user runs it.

use std::fs;
use std::process::Command;

use dagward_publish::image::Image;
use dagward_testbed::registry::{PASSWORD, Registry, USER};
use dagward_workbench::paths;

#[test]
fn it_pushes_with_what_docker_login_has_left() {
    let registry = Registry::protected().unwrap();
    let reference = format!("{}/team/dagward:next", registry.address());
    let docker = paths::scratch("docker").unwrap();
    let push = |credentials: &str| {
        fs::write(docker.path().join("config.json"), credentials).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dagward-tasks"));
        command
            .args(["image", "--plain-http", "--push", &reference])
            .env("DOCKER_CONFIG", docker.path());
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let login = |password: &str| {
        let credentials = serde_json::json!({"username": USER, "password": password});
        serde_json::json!({"auths": {registry.address().to_string(): credentials}}).to_string()
    };

    let (pushed, printed) = push(&login(PASSWORD));
    assert!(pushed, "{printed}");
    let image = Image::build().unwrap();
    for part in [
        image.image.manifest.digest(),
        image.artifact.manifest.digest(),
        "org.opencontainers.image.version     0.1.0",
        &format!("pushed to {reference}\n       and {reference}-artifact"),
    ] {
        assert!(printed.contains(part), "`{part}` is not in:\n{printed}");
    }

    for refused in [login("wrong"), "{}".to_owned()] {
        let (pushed, printed) = push(&refused);
        assert!(!pushed, "{printed}");
        let message = format!("error: cannot push to `{reference}`");
        assert!(printed.contains(&message), "{printed}");
        println!("{printed}");
    }
}

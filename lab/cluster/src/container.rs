//! A container: a process with a file system and a network of its own.
//!
//! Its file system is the machine's own root under the kernel's overlay: the image's files lie on
//! top, volumes are bound to their mount points, and files that the container writes disappear with
//! it. Its network is the pod's. It differs from a real container in two ways: processes see each
//! other, and nothing limits CPU or memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::network::Namespace;
use dagward_workbench::paths;
use dagward_workbench::process::Process;

/// Makes the root, in a mount namespace of its own. `$1` is a folder for it; `$2` is the workspace,
/// which is bound in unchanged, so that programs installed under `target/` run from there; then
/// follow the folders to be put on top, until `--`. Every user may enter the workspace inside, even
/// if only some may outside.
///
/// The overlay's own files lie in memory, and folders are copied: no part of an overlay may lie in
/// another, and the machine's root is an overlay.
const ENTER: &str = r#"
set -e
root=$1 workspace=$2; shift 2
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/root"
mount -t overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" overlay "$root/root"
root=$root/root
while test "$1" != --; do cp -a "$1/." "$root/"; shift; done
shift
for kernel in proc sys dev; do mount --rbind "/$kernel" "$root/$kernel"; done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root$workspace"
mount -t tmpfs -o mode=755 tmpfs "$root$workspace"
for folder in "$workspace"/*/; do
    mkdir "$root$folder"
    mount --rbind "$folder" "$root$folder"
done
parent=$workspace
while parent=${parent%/*}; test "$parent"; do chmod a+x "$root$parent"; done
exec chroot "$root" "$@""#;

/// Mounts the volumes, pairs of source and target until `--`, then runs the rest as user `$1` and
/// group `$2`. It runs inside the new root already, because links there must not lead out of it.
/// The user may read every file: the machine's programs, such as root's own Python, may lie in
/// folders that only root may enter.
const MOUNT: &str = r#"
set -e
while test "$1" != --; do
    if test -d "$1"; then mkdir -p "$2"; else mkdir -p "${2%/*}"; test -e "$2" || : > "$2"; fi
    mount --rbind "$1" "$2"
    shift 2
done
user=$2 group=$3; shift 3
exec setpriv --reuid="$user" --regid="$group" --clear-groups \
    --inh-caps=+dac_read_search --ambient-caps=+dac_read_search "$@""#;

/// The search path for programs if the image does not set one.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The description of a container.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its name, for its log.
    pub name: String,
    /// Folders whose files replace the machine's.
    pub layers: Vec<PathBuf>,
    /// Sources and targets of the mounts.
    pub mounts: Vec<(PathBuf, String)>,
    /// Program and arguments.
    pub command: Vec<String>,
    /// All of its variables.
    pub environment: Vec<(String, String)>,
    /// Its working directory.
    pub directory: String,
    /// User and group.
    pub user: (u32, u32),
}

impl Container {
    /// Starts the container in the network of `namespace`. `scratch` is an empty folder for its
    /// root.
    pub fn start(&self, namespace: &Namespace, scratch: &Path) -> Result<Process> {
        Process::start(&self.name, &self.enter(namespace, scratch))
    }

    fn enter(&self, namespace: &Namespace, scratch: &Path) -> Command {
        let mut enter = Command::new("nsenter");
        enter
            .arg(format!("--net={}", namespace.file().display()))
            .args(["unshare", "--mount", "sh", "-c", ENTER, "container"])
            .arg(scratch)
            .arg(paths::workspace())
            .args(&self.layers)
            .args(["--", "sh", "-c", MOUNT, "container"]);
        for (source, target) in &self.mounts {
            enter.arg(source).arg(target);
        }
        enter
            .args(["--", &self.user.0.to_string(), &self.user.1.to_string()])
            .args(["env", "--ignore-environment"])
            .arg(format!("--chdir={}", self.directory))
            .arg(format!("PATH={PATH}"))
            .args(
                self.environment
                    .iter()
                    .map(|(name, value)| format!("{name}={value}")),
            )
            .args(&self.command);
        enter
    }
}

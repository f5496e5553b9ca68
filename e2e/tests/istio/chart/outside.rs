//! The servers outside the mesh: the Git server of git-sync, and the store of remote logs. One server of the test plays
//! both.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use dagward_cluster::network::Namespace;
use dagward_testbed::upstream::{Answer, Received, Upstream};
use dagward_workbench::paths;
use tempfile::TempDir;

use crate::scene::Scene;

/// No Service has this port. Sidecars therefore forward its traffic as bytes, as they do with TLS.
const PORT: u16 = 80;

const REPOSITORY: &str = "/repository/";

/// A running server.
pub(super) struct Outside {
    server: Upstream,
    namespace: Namespace,
    _repository: TempDir,
}

impl Outside {
    pub(super) fn start(scene: &Scene) -> Self {
        let (namespace, netns) = scene.cluster.outside().unwrap();
        let repository = repository();
        let root = repository.path().to_owned();
        let answer = move |request: &Received| answer(&root, request);
        Self {
            server: Upstream::within(&netns, PORT, answer).unwrap(),
            namespace,
            _repository: repository,
        }
    }

    /// Its name in requests.
    pub(super) fn host(&self) -> String {
        self.namespace.address().to_string()
    }

    pub(super) fn address(&self) -> SocketAddr {
        (self.namespace.address(), PORT).into()
    }

    /// The repository's URL, for git-sync's `repo`.
    pub(super) fn repository(&self) -> String {
        format!("http://{}{REPOSITORY}", self.host())
    }

    /// The number of times that git-sync has fetched the branches.
    pub(super) fn fetches(&self) -> usize {
        let received = self.server.received();
        let refs = |request: &&Received| request.path.starts_with(&format!("{REPOSITORY}info/refs"));
        received.iter().filter(refs).count()
    }

    /// Checks that no request carries task headers: they stay in the mesh.
    pub(super) fn learns_nothing(&self) {
        for request in self.server.received() {
            let header = request
                .headers
                .iter()
                .find(|(name, _)| name.starts_with("x-airflow"));
            assert_eq!(header, None, "{}", request.path);
        }
    }
}

/// A repository as a plain web server serves it.
fn repository() -> TempDir {
    let directory = paths::scratch("repository").unwrap();
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .arg("-C")
            .arg(directory.path())
            .args(["-c", "user.name=lab", "-c", "user.email=lab@example.com"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "--quiet", "--initial-branch", "main"]);
    fs::write(directory.path().join("sales_daily.py"), "").unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "a DAG"]);
    git(&["update-server-info"]);
    directory
}

/// A file of the repository, or the acknowledgement of a log.
fn answer(root: &Path, request: &Received) -> Answer {
    let Some(path) = request.path.strip_prefix(REPOSITORY) else {
        return Answer::echo(request);
    };
    let file = path.split('?').next().unwrap();
    let content = fs::read(root.join(".git").join(file));
    Answer {
        status: if content.is_ok() { 200 } else { 404 },
        headers: Vec::new(),
        body: content.unwrap_or_default(),
        trailers: Vec::new(),
        ends: true,
    }
}

//! What the proxy knows of its own pod, from the node metadata that the mesh gave it.

use dagward::caller::{Acting, Metadata, pod_task};

use super::abi;

/// The proxy's own facts. They do not change while it runs.
pub(super) struct Node {
    /// The task that the pod runs.
    pub(super) pod: Option<Acting>,
    /// The proxy's own identity, as its metadata has it, for labels of outbound traffic only: the
    /// mesh's id is the trust domain unless an operator made them differ.
    pub(super) label: String,
}

impl Node {
    pub(super) fn read() -> Self {
        let field = |path: &[u8]| abi::text(path);
        let label = match (
            field(b"xds\0node\0metadata\0MESH_ID"),
            field(b"xds\0node\0metadata\0NAMESPACE"),
            field(b"xds\0node\0metadata\0SERVICE_ACCOUNT"),
        ) {
            (Some(mesh), Some(namespace), Some(account)) => {
                format!("spiffe://{mesh}/ns/{namespace}/sa/{account}")
            }
            _ => String::new(),
        };
        Self {
            pod: pod_task(&PodMetadata),
            label,
        }
    }
}

/// The pod's annotations and labels, read one by one: the whole metadata may be tens of kilobytes.
struct PodMetadata;

impl Metadata for PodMetadata {
    fn annotation(&self, name: &str) -> Option<String> {
        abi::text(format!("xds\0node\0metadata\0ANNOTATIONS\0{name}").as_bytes())
    }

    fn label(&self, name: &str) -> Option<String> {
        abi::text(format!("xds\0node\0metadata\0LABELS\0{name}").as_bytes())
    }
}

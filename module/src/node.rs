//! The proxy's knowledge of its own pod, from the node metadata that the mesh provides.

use dagward::caller::{Acting, Metadata, pod_label, pod_task};

use super::abi;

/// The proxy's own facts. They do not change while it runs.
pub(super) struct Node {
    /// The task that the pod runs.
    pub(super) pod: Option<Acting>,
    /// The proxy's own identity according to its metadata, for labels of outbound traffic.
    pub(super) label: String,
}

impl Node {
    pub(super) fn read() -> Self {
        let field = |path: &[u8]| abi::text(path);
        Self {
            pod: pod_task(&PodMetadata),
            label: pod_label(
                field(b"xds\0node\0metadata\0MESH_ID").as_deref(),
                field(b"xds\0node\0metadata\0NAMESPACE").as_deref(),
                field(b"xds\0node\0metadata\0SERVICE_ACCOUNT").as_deref(),
            ),
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

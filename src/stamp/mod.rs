//! Stamps and removes request IDs and task headers, on inbound and outbound requests.

pub mod mesh;
pub mod request_id;
pub mod task_headers;

pub use mesh::{HostPatternError, Mesh};
pub use request_id::{RequestId, correlation_id};
pub use task_headers::Edit;

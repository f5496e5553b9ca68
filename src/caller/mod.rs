//! The caller: the peer's SPIFFE ID from mTLS, and the task it acts for, with its proof.

pub mod id;

mod acting;
pub mod headers;
mod pod;
mod principal;
mod team;
mod token;

pub use acting::{Acting, Proof};
pub use id::TaskInstanceId;
pub use pod::{Metadata, pod_label, pod_task};
pub use principal::{BadPrincipal, Principal, is_namespace, is_service_account};
pub use team::Team;
pub use token::{Credential, Unreadable, credential};

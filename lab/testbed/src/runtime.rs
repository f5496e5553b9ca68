//! The asynchronous runtime behind the lab's blocking functions.

use std::sync::OnceLock;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};

/// The runtime of the whole process: clients and upstreams share its two threads.
pub fn shared() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .ok()
    });
    runtime.as_ref().context("cannot start the asynchronous runtime")
}

//! Builds the filter as a wasm module: compiled by cargo, without exports that the proxy would call
//! for no effect, and optimized by `wasm-opt`.
//!
//! The SDK exports every callback that the ABI knows, and the proxy calls each exported callback
//! for each request, even if the filter does nothing in it. So the exports that the filter does not
//! use are removed after linking, together with the code that only they reached.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};
use dagward_workbench::paths;
use tempfile::NamedTempFile;

mod compile;
mod optimize;
mod trim;

pub use compile::{TARGET, ensure_target};

use compile::compile;
use optimize::optimize;
use trim::trim;

/// A built module.
#[derive(Debug, Clone)]
pub struct Module {
    /// The path of its file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

/// Builds the filter from the working tree as `target/dagward.wasm`; once per process.
pub fn build() -> Result<Module> {
    static BUILT: OnceLock<Result<Module, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let linked = compile("dagward-module", "dagward_module.wasm");
        linked
            .and_then(|linked| install(&optimize(&trim(&linked)?)?, "dagward.wasm"))
            .map_err(|error| format!("{error:#}"))
    });
    built.clone().map_err(|error| anyhow!(error))
}

/// Builds the filter with other code as `target/crashing.wasm`: there, a request with trailers
/// crashes the VM. Tests use it to see the effects of new code and of a crash, and the filter
/// itself needs no code for that.
pub fn crashing() -> Result<Module> {
    let mut module = walrus::Module::from_file(build()?.path).context("cannot read the module")?;
    let callback = "proxy_on_request_trailers";
    let trailers = module.exports.get_func(callback)?;
    let crash = module.replace_exported_func(trailers, |(body, _)| {
        body.unreachable();
    })?;
    module.funcs.get_mut(crash).name = Some(callback.to_owned());
    install(&module.emit_wasm(), "crashing.wasm")
}

/// Builds the SDK's empty filter as `target/empty-filter.wasm`, with all exports: the baseline of
/// the benchmark.
pub fn empty_filter() -> Result<Module> {
    install(
        &compile("empty-filter", "empty_filter.wasm")?,
        "empty-filter.wasm",
    )
}

/// Writes a new file beside the old one and renames it, so that a proxy never reads half a module.
/// Several threads may do so at once.
fn install(bytes: &[u8], name: &str) -> Result<Module> {
    let path = paths::target().join(name);
    let mut fresh = NamedTempFile::new_in(paths::target())?;
    fresh.write_all(bytes)?;
    // Only their owner can read temporary files, and Envoy may run as another user.
    fresh
        .as_file()
        .set_permissions(fs::Permissions::from_mode(0o644))?;
    fresh
        .persist(&path)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(Module {
        path,
        size: bytes.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_can_name_the_functions_of_the_filter() {
        let module = walrus::Module::from_file(build().unwrap().path).unwrap();
        let names: Vec<&str> = module
            .funcs
            .iter()
            .filter_map(|function| function.name.as_deref())
            .collect();
        let callback =
            "<dagward_module::stream::Stream as proxy_wasm::traits::HttpContext>::on_http_request_headers";
        assert!(names.contains(&callback), "{names:#?}");
    }
}

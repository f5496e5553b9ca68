//! The filter as a wasm module: compiled by cargo, freed of what the proxy would only call in vain, and
//! optimized by `wasm-opt`.
//!
//! The SDK exports every callback that the ABI knows, and the proxy calls each exported one per
//! request, whether the filter does anything in it or not. So the exports that the filter does not
//! use are taken off after linking, and the code that only they reached goes with them.

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
    /// Its file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

/// The filter, built from the working tree as `target/dagward.wasm`; once per process.
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

/// The filter with other code, in which a request with trailers takes the VM down, as
/// `target/crashing.wasm`. With it a test tries what new code and a crash leave, and the filter
/// itself needs nothing for that.
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

/// The SDK's empty filter as `target/empty-filter.wasm`, exports and all: the measure's zero.
pub fn empty_filter() -> Result<Module> {
    install(
        &compile("empty-filter", "empty_filter.wasm")?,
        "empty-filter.wasm",
    )
}

/// Writes beside the old file and renames, so that a proxy never reads half a module. Several threads
/// may do so at once.
fn install(bytes: &[u8], name: &str) -> Result<Module> {
    let path = paths::target().join(name);
    let mut fresh = NamedTempFile::new_in(paths::target())?;
    fresh.write_all(bytes)?;
    // Such files are their owner's alone, and Envoy may run as somebody else.
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

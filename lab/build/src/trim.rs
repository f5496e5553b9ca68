//! Removes the exports that the proxy would call for no effect, and writes function names that a
//! person can read.

use anyhow::{Context, Result};

/// The exports that stay: **every callback that the filter implements must be in this list**; the
/// proxy never calls others. Tried on Envoy 1.36.4 and 1.40.0:
///
/// * without `_initialize` the proxy answers every request with 503; without
///   `proxy_on_memory_allocate` or `proxy_on_context_create` it rejects the module;
/// * without `proxy_on_delete` the proxy reports no error, but the SDK keeps every stream's context
///   for ever, and the filter counts nothing;
/// * without `proxy_on_done` the proxy treats a stream as done at once.
const EXPORTS: [&str; 16] = [
    // Exports that the proxy requires of every module (proxy-wasm ABI 0.2.1).
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    // The life of a plugin and of a stream.
    "proxy_on_context_create",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_delete",
    "proxy_on_tick",
    "proxy_on_http_call_response",
    // Events that the filter handles.
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_response_trailers",
];

/// Removes the exports that are not in `keep`, and all code that only they reached.
pub(crate) fn trim(bytes: &[u8]) -> Result<Vec<u8>> {
    // Names stay: they make the stack of a crash in the VM readable.
    let mut config = walrus::ModuleConfig::new();
    config.generate_producers_section(false);
    let mut module = config.parse(bytes).context("cannot read the module")?;
    let unused: Vec<_> = module
        .exports
        .iter()
        .filter(|export| !EXPORTS.contains(&export.name.as_str()))
        .map(walrus::Export::id)
        .collect();
    for export in unused {
        module.exports.delete(export);
    }
    walrus::passes::gc::run(&mut module);
    write_names(&mut module);
    Ok(module.emit_wasm())
}

/// Removes the hashes from the names of functions; the hashes are half of each name. A stack names
/// functions only, so data segments lose their names: `wasm-opt` splits them and would name each
/// part.
fn write_names(module: &mut walrus::Module) {
    for function in module.funcs.iter_mut() {
        if let Some(name) = &mut function.name {
            *name = format!("{:#}", rustc_demangle::demangle(name));
        }
    }
    let segments: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for segment in segments {
        module.data.get_mut(segment).name = None;
    }
}

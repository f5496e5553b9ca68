//! The linked module, freed of what the proxy would only call in vain, with names that a person can read.

use anyhow::{Context, Result};

/// The exports that stay: **a callback that the filter implements must stand here**, or it is never
/// called. Tried on Envoy 1.36.4 and 1.40.0:
///
/// * without `_initialize` every request is answered with 503, without `proxy_on_memory_allocate` or
///   `proxy_on_context_create` the module is refused;
/// * without `proxy_on_delete` all seems well, but the SDK keeps every stream's context for ever, and
///   the filter counts nothing;
/// * without `proxy_on_done` a stream counts as done at once.
const EXPORTS: [&str; 16] = [
    // What the proxy needs of every module (proxy-wasm ABI 0.2.1).
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
    // What the filter looks at.
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_response_trailers",
];

/// Takes the exports off that are not in `keep`, and all that only they reached.
pub(crate) fn trim(bytes: &[u8]) -> Result<Vec<u8>> {
    // Names stay: they give a crash in the VM a readable stack.
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

/// Writes functions' names as a person does, without the hashes that make half of them. Stacks name functions
/// only, so segments of data lose their names: `wasm-opt` splits them and would name each part.
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

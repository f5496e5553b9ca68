//! The filter as a wasm module: built by cargo, then freed of what the proxy would only call in vain.
//!
//! The SDK exports every callback that the ABI knows, and the proxy calls each exported one per
//! request, whether the filter does anything in it or not. So the exports that the filter does not
//! use are taken off after linking, and the code that only they reached goes with them.

use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, bail};
use tempfile::NamedTempFile;

use crate::{paths, progress};

/// The compilation target: WASI, because the filter needs a clock and its environment.
pub const TARGET: &str = "wasm32-wasip1";

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
            .and_then(|linked| install(&trim(&linked)?, "dagward.wasm"))
            .map_err(|error| format!("{error:#}"))
    });
    built.clone().map_err(|error| anyhow!(error))
}

/// The filter with other code, in which a request with trailers takes the VM down, as
/// `target/crashing.wasm`. With it a test tries what new code and a crash leave, and the filter
/// itself needs nothing for that.
pub fn crashing() -> Result<Module> {
    let mut module = walrus::Module::from_file(build()?.path).context("cannot read the module")?;
    let trailers = module.exports.get_func("proxy_on_request_trailers")?;
    module.replace_exported_func(trailers, |(body, _)| {
        body.unreachable();
    })?;
    install(&module.emit_wasm(), "crashing.wasm")
}

/// The SDK's empty filter as `target/empty-filter.wasm`, exports and all: the measure's zero.
pub fn empty_filter() -> Result<Module> {
    install(
        &compile("empty-filter", "empty_filter.wasm")?,
        "empty-filter.wasm",
    )
}

/// Runs cargo for the wasm target and gives the module as linked.
fn compile(package: &str, file: &str) -> Result<Vec<u8>> {
    ensure_target()?;
    let directory = paths::target().join("wasm");
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(paths::workspace())
        .args([
            "build",
            "--release",
            "--lib",
            "--target",
            TARGET,
            "--package",
            package,
        ])
        .arg("--target-dir")
        .arg(&directory)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            // The flags stand between bytes 0x1f.
            [
                &format!("--remap-path-prefix={}=cargo", cargo_home()?.display()),
                // With its rounds unrolled, which tokens gain little by, SHA-2 is 15 kB larger.
                "--cfg",
                r#"sha2_backend_soft="compact""#,
            ]
            .join("\x1f"),
        );
    progress::run(&format!("building {package} for {TARGET}"), &mut cargo)?;
    let linked = directory.join(TARGET).join("release").join(file);
    fs::read(&linked).with_context(|| format!("cannot read `{}`", linked.display()))
}

/// Where cargo keeps the sources of crates. Panics name them, so the compiler is told another name: the
/// module is to be the same whoever builds it.
fn cargo_home() -> Result<PathBuf> {
    let home = || Some(env::home_dir()?.join(".cargo"));
    let asked = env::var_os("CARGO_HOME").map(PathBuf::from);
    asked.or_else(home).context("this user has no home directory")
}

/// Adds the compilation target if this machine lacks it.
pub fn ensure_target() -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(paths::workspace());
    let output = rustc
        .output()
        .context("cannot start `rustc`; install Rust with rustup")?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    if Command::new("rustup").arg("--version").output().is_err() {
        bail!(
            "the Rust target `{TARGET}` is missing and there is no rustup to add it; install rustup, then run: \
             rustup target add {TARGET}"
        );
    }
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", TARGET])
        .current_dir(paths::workspace());
    progress::run(&format!("adding the Rust target {TARGET}"), &mut rustup)
}

/// Takes the exports off that are not in `keep`, and all that only they reached.
fn trim(bytes: &[u8]) -> Result<Vec<u8>> {
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
    shorten_names(&mut module);
    Ok(module.emit_wasm())
}

/// The longest name of a function, in characters: enough to find it, and the rest is types.
const MAX_NAME: usize = 40;

/// The longest name of a function of another crate, of which the last two parts stay.
const MAX_FOREIGN_NAME: usize = 32;

/// Writes functions' names as a person does, without the hashes that make half of them, and cut.
fn shorten_names(module: &mut walrus::Module) {
    for function in module.funcs.iter_mut() {
        if let Some(name) = &mut function.name {
            *name = short(&format!("{:#}", rustc_demangle::demangle(name)));
        }
    }
}

fn short(name: &str) -> String {
    let is_own = name.trim_start_matches('<').starts_with("dagward");
    let last = name.rmatch_indices("::").nth(1);
    let last = last.and_then(|(place, colons)| name.get(place + colons.len()..));
    let name = last.filter(|_| !is_own && !name.starts_with('<')).unwrap_or(name);
    let longest = if is_own { MAX_NAME } else { MAX_FOREIGN_NAME };
    name.chars().take(longest).collect()
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
    use crate::certs::Authority;
    use crate::client::{Client, Request};
    use crate::envoy;
    use crate::sidecar::{Inbound, Node, Plugin, Sidecar, Spec, Update};
    use crate::upstream::Upstream;

    #[test]
    fn names_say_which_function_it_is() {
        for (name, expected) in [
            (
                "dagward::operation::classify::named",
                "dagward::operation::classify::named",
            ),
            (
                "proxy_wasm::traits::HttpContext::on_http_request_headers",
                "HttpContext::on_http_request_hea",
            ),
            ("core::slice::memchr::memrchr", "memchr::memrchr"),
            (
                "<core::fmt::Error as core::fmt::Debug>::fmt",
                "<core::fmt::Error as core::fmt::",
            ),
            ("malloc", "malloc"),
        ] {
            assert_eq!(short(name), expected);
        }
    }

    #[test]
    fn envoy_takes_a_trimmed_module_and_its_updates() {
        let whole = empty_filter().unwrap();
        let trimmed = install(
            &trim(&fs::read(&whole.path).unwrap()).unwrap(),
            "empty-trimmed.wasm",
        )
        .unwrap();
        assert!(trimmed.size < whole.size);

        let app = Upstream::echo().unwrap();
        let authority = Authority::new().unwrap();
        let identity = authority.service_account("airflow", "x").unwrap();
        for version in [envoy::DEFAULT_VERSION, envoy::OLDEST_VERSION] {
            let mut spec = Spec::new(Node::new("trimmed", "airflow", "x"), &identity);
            spec.version = version.to_owned();
            spec.concurrency = 2;
            spec.inbound = Some(Inbound::permissive(app.address()));
            spec.plugin = Some(Plugin::new(&trimmed.path, "one"));
            let mut sidecar = Sidecar::start(spec.clone()).unwrap();
            let client = Client::plain(sidecar.inbound().unwrap());
            assert_eq!(client.send(&Request::get("a", "/")).unwrap().status, 200);
            assert_eq!(sidecar.update("two").unwrap(), Update::Taken);
            assert_eq!(client.send(&Request::get("a", "/")).unwrap().status, 200);

            spec.plugin = Some(Plugin::new(Path::new("no-such.wasm"), ""));
            let error = Sidecar::start(spec).unwrap_err().to_string();
            assert!(
                error.contains("Envoy refused the plugin") && error.contains("no-such.wasm"),
                "{error}"
            );
        }
    }
}

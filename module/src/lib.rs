//! The proxy-wasm module: the contexts and the host calls. It passes each event of the proxy to the engine
//! and carries out the effects. It is the only crate that knows the host, and the only one with unsafe code, in `abi`.

#![expect(missing_docs, reason = "the SDK's macro writes the entry point")]

mod abi;
mod connection;
mod host;
mod keys;
mod ledger;
mod meter;
mod node;
mod plugin;
mod random;
mod signature;
mod stream;
mod tokens;

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{BufferType, ContextType, LogLevel};

use dagward::configuration::{Configuration, PluginNames, Status};
use dagward::learn;

use host::Host;
use keys::Keys;
use ledger::ledger;
use node::Node;
use plugin::Plugin;
use random::random;
use signature::Verifier;
use stream::Stream;
use tokens::Verification;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

/// The plugin before and after it is configured. An update creates a new plugin in the same VM, and the
/// streams of the old one keep the old state.
#[derive(Default)]
struct Root {
    plugin: Option<Rc<Plugin>>,
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, headers: usize, body: usize, _: usize) {
        if let Some(plugin) = &self.plugin {
            plugin.keys.answered(call, headers, body);
        }
    }
}

impl RootContext for Root {
    /// Never returns false: the host would answer every request with 500, and give no reason.
    fn on_configure(&mut self, size: usize) -> bool {
        let document = abi::buffer(BufferType::PluginConfiguration, 0..size).unwrap_or_default();
        let verifier = Verifier::choose();
        let names = PluginNames {
            name: &abi::text(b"plugin_name").unwrap_or_default(),
            root_id: &abi::text(b"plugin_root_id").unwrap_or_default(),
        };
        let configuration = Configuration::load(document, names, &mut Host);
        show(&configuration, verifier);
        self.plugin = Some(Rc::new(Plugin {
            keys: Keys::start(configuration.issuers()),
            configuration,
            node: Node::read(),
            verification: Verification::new(verifier),
            key: learn::Key::of_proxy(&mut Host, random()),
        }));
        true
    }

    fn on_tick(&mut self) {
        if let Some(plugin) = &self.plugin {
            plugin.keys.tick();
        }
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        self.plugin
            .as_ref()
            .map(|plugin| Box::new(Stream::new(Rc::clone(plugin))) as Box<dyn HttpContext>)
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// Shows the policy in force, in the log and as a metric.
fn show(configuration: &Configuration, verifier: Verifier) {
    let status = configuration.status();
    let level = match status {
        Status::Current => log::Level::Info,
        Status::UpdateRefused | Status::Passing | Status::Refused => log::Level::Error,
    };
    for line in configuration.lines() {
        log::log!(level, "{line}");
    }
    let (mode, status) = (configuration.mode(), status.as_str());
    ledger(|ledger| ledger.configured(mode, status, verifier.as_str(), &mut Host));
}

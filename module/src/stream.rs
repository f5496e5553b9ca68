//! One request: passes each event of the proxy to its [`Exchange`].

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, MapType};

use dagward::exchange::{Exchange, Flow};
use dagward::wire::pairs;

use super::abi;
use super::connection::current;
use super::host::Host;
use super::ledger::ledger;
use super::plugin::Plugin;

/// One request and its answer.
pub(super) struct Stream {
    plugin: Rc<Plugin>,
    exchange: Exchange,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let headers = abi::headers(MapType::HttpRequestHeaders).unwrap_or_default();
        let Self { plugin, exchange } = self;
        action(exchange.request_headers(&plugin.setting(), current(), headers, end_of_stream, &mut Host))
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Self { plugin, exchange } = self;
        action(exchange.request_body(&plugin.setting(), size, end_of_stream, &mut Host))
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        let Self { plugin, exchange } = self;
        action(exchange.request_trailers(&plugin.setting(), &mut Host))
    }

    fn on_http_response_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let headers = abi::headers(MapType::HttpResponseHeaders).unwrap_or_default();
        let Self { plugin, exchange } = self;
        exchange.answer_headers(
            &plugin.setting(),
            &pairs::read(&headers),
            end_of_stream,
            &mut Host,
        );
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Self { plugin, exchange } = self;
        action(exchange.answer_body(&plugin.setting(), size, end_of_stream, &mut Host))
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        let Self { plugin, exchange } = self;
        exchange.answer_trailers(&plugin.setting(), &mut Host);
        Action::Continue
    }
}

/// Counts the request. The proxy drops every stream, so no other call needs to report the end of the request.
impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(traffic) = self.exchange.traffic(&self.plugin.node.label, &mut Host) {
            ledger(|ledger| ledger.record(&traffic, &mut Host));
        }
    }
}

impl Stream {
    pub(super) fn new(plugin: Rc<Plugin>) -> Self {
        Self {
            plugin,
            exchange: Exchange::default(),
        }
    }
}

fn action(flow: Flow) -> Action {
    match flow {
        Flow::GoOn => Action::Continue,
        Flow::Hold => Action::Pause,
    }
}

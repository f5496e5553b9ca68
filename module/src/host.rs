//! The engine's interface to the proxy, implemented by host calls.

use std::ops::Range;
use std::time::Duration;

use log::{info, warn};
use proxy_wasm::types::{BufferType, LogLevel, MapType};

use dagward::caller::Principal;
use dagward::exchange::{self, Effect, Level, Message, Reply};
use dagward::store::Shared;
use dagward::wire::pairs;

use super::abi;
use super::ledger::ledger;

/// The proxy.
pub(super) struct Host;

impl exchange::Host for Host {
    fn carry_out(&mut self, effect: Effect<'_>) {
        match effect {
            Effect::SetHeader(message, name, value) => abi::replace_header(map(message), name, value),
            Effect::RemoveHeader(message, name) => abi::remove_header(map(message), name),
            Effect::Reply(Reply {
                status,
                grpc_status,
                details,
                headers,
                body,
            }) => abi::respond(
                u32::from(*status),
                details,
                body,
                &pairs::write(headers),
                *grpc_status,
            ),
            Effect::ReplaceBody { held, body } => abi::set_response_body(held, body),
            Effect::Property(name, value) => abi::set_property(name, value.as_bytes()),
            Effect::Log(Level::Info, line) => info!("{line}"),
            Effect::Log(Level::Warn, line) => warn!("{line}"),
            Effect::CountTokens(results) => ledger(|ledger| ledger.tokens(results, self)),
            Effect::ShowLearned(count) => ledger(|ledger| ledger.learned(count, self)),
        }
    }

    fn body(&mut self, message: Message, range: Range<usize>) -> Option<Vec<u8>> {
        let buffer = match message {
            Message::Request => BufferType::HttpRequestBody,
            Message::Answer => BufferType::HttpResponseBody,
        };
        abi::buffer(buffer, range)
    }

    fn upstream(&mut self) -> Option<Principal> {
        let san = abi::text(b"upstream\0uri_san_peer_certificate")?;
        Principal::parse(&san).ok()
    }

    fn cluster(&mut self) -> Vec<u8> {
        abi::property(b"xds\0cluster_name").unwrap_or_default()
    }

    fn logs(&mut self, level: Level) -> bool {
        abi::logs(match level {
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
        })
    }

    fn uptime(&mut self) -> Duration {
        abi::uptime()
    }
}

impl Shared for Host {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        abi::shared(key)
    }

    fn write(&mut self, key: &str, value: &[u8]) -> bool {
        abi::set_shared(key, value, 0)
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        // The host compares versions only if the key already exists, and no value has this version.
        abi::set_shared(key, value, u32::MAX)
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        abi::set_shared(key, value, version)
    }
}

fn map(message: Message) -> MapType {
    match message {
        Message::Request => MapType::HttpRequestHeaders,
        Message::Answer => MapType::HttpResponseHeaders,
    }
}

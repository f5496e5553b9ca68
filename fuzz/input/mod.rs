//! The functions that the fuzzer runs on its input. The plain tests run them as well.

mod policy;
mod request;
mod token;
mod wire;

/// Reads an input; returns whether the input is valid for the target.
pub(crate) type Read = fn(&[u8]) -> bool;

/// Every target with its name, which is also the name of its folder of seeds.
pub(crate) const TARGETS: [(&str, Read); 10] = [
    ("body", request::body),
    ("headers", request::headers),
    ("json", wire::json),
    ("jwks", token::jwks),
    ("metadata", token::metadata),
    ("path", request::path),
    ("percent", wire::percent),
    ("policy", policy::document),
    ("protobuf", wire::protobuf),
    ("token", token::token),
];

/// Runs the target with this name.
pub(crate) fn run(name: &str, bytes: &[u8]) -> bool {
    TARGETS
        .iter()
        .any(|(target, read)| *target == name && read(bytes))
}

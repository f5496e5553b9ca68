//! What the fuzzer runs on its input. The plain tests run it as well.

mod policy;
mod request;
mod token;
mod wire;

/// Reads an input; whether it is what the target is about.
pub(crate) type Read = fn(&[u8]) -> bool;

/// Every target with its name, which is also that of its seeds' folder.
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

/// Runs the target of this name.
pub(crate) fn run(name: &str, bytes: &[u8]) -> bool {
    TARGETS
        .iter()
        .any(|(target, read)| *target == name && read(bytes))
}

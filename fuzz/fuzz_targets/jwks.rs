#![no_main]

#[path = "../input.rs"]
#[allow(dead_code)]
mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    input::jwks(bytes);
});

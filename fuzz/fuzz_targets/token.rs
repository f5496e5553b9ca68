#![no_main]

#[path = "../input/mod.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    input::run("token", bytes);
});

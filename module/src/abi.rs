//! The host calls that the filter makes. None of them can panic.
//!
//! The SDK's own wrappers panic on an unexpected status and on text that is not UTF-8. A request can cause
//! both, and a panic takes down the VM for all callers. So the calls are declared here, and every failure is
//! `None` or `false`. A property's path is its elements, separated by NUL.

#![expect(unsafe_code, reason = "the host takes and gives pointers")]

use std::ops::Range;
use std::ptr::{null, null_mut};
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType};

/// The status of a successful call.
const OK: u32 = 0;

unsafe extern "C" {
    fn proxy_get_log_level(level: *mut u32) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, size: usize) -> u32;
    fn proxy_get_header_map_pairs(map: MapType, pairs: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_replace_header_map_value(
        map: MapType,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: MapType, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: BufferType,
        start: usize,
        most: usize,
        bytes: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: BufferType,
        start: usize,
        size: usize,
        bytes: *const u8,
        bytes_size: usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_define_metric(kind: MetricType, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        result: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        value: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(key: *const u8, key_size: usize, value: *const u8, size: usize, cas: u32)
    -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
}

/// WASI's number of the clock that never goes back.
const MONOTONIC: u32 = 1;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
}

/// Makes a call in which the host passes bytes, and takes them over.
///
/// # Safety
///
/// `call` must be one host call that sets both pointers if it returns [`OK`].
unsafe fn received(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    if call(&mut data, &mut size) != OK || data.is_null() {
        return None;
    }
    // SAFETY: the host allocates through `proxy_on_memory_allocate`, which leaks a `Vec<u8>` of
    // exactly this capacity, and fills it.
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// Whether the host prints lines of this level. Lines that it drops are not worth building.
pub(super) fn logs(level: LogLevel) -> bool {
    let mut least = LogLevel::Info as u32;
    // SAFETY: the pointer is to a live value for the length of the call.
    let status = unsafe { proxy_get_log_level(&mut least) };
    status != OK || least <= level as u32
}

/// The bytes of a property; `None` if it is absent or empty.
pub(super) fn property(path: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: one host call, its pointers to live values for its length.
    unsafe { received(|data, size| proxy_get_property(path.as_ptr(), path.len(), data, size)) }
}

/// A property that is text. Bytes that are not UTF-8 become U+FFFD, which no identity and no id contains. So
/// an unreadable property is present and malformed.
pub(super) fn text(path: &[u8]) -> Option<String> {
    property(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .filter(|text| !text.is_empty())
}

/// A property that is a number: 8 bytes, little endian, signed or not.
pub(super) fn number(path: &[u8]) -> Option<u64> {
    property(path)?.try_into().ok().map(u64::from_le_bytes)
}

/// Sets the filter state `wasm.PATH`.
pub(super) fn set_property(path: &str, value: &[u8]) {
    // SAFETY: the pointers are to live values for the length of the call.
    unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) };
}

/// All headers of `map`, serialized; see [`dagward::wire::pairs`].
pub(super) fn headers(map: MapType) -> Option<Vec<u8>> {
    // SAFETY: one host call, its pointers to live values for its length.
    unsafe { received(|data, size| proxy_get_header_map_pairs(map, data, size)) }
}

/// Sets the header to this one value.
pub(super) fn replace_header(map: MapType, name: &str, value: &str) {
    // SAFETY: the pointers are to live values for the length of the call.
    unsafe { proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

/// Removes every value of the header.
pub(super) fn remove_header(map: MapType, name: &str) {
    // SAFETY: the pointers are to live values for the length of the call.
    unsafe { proxy_remove_header_map_value(map, name.as_ptr(), name.len()) };
}

/// The bytes in `range` of `buffer`: of a body, those that the proxy holds. `None` if there are none.
pub(super) fn buffer(buffer: BufferType, range: Range<usize>) -> Option<Vec<u8>> {
    let (start, most) = (range.start, range.len());
    // SAFETY: one host call, its pointers to live values for its length.
    unsafe { received(|data, got| proxy_get_buffer_bytes(buffer, start, most, data, got)) }
}

/// Replaces the first `size` bytes of the answer's body.
pub(super) fn set_response_body(size: usize, body: &[u8]) {
    // SAFETY: the pointers are to live values for the length of the call.
    unsafe { proxy_set_buffer_bytes(BufferType::HttpResponseBody, 0, size, body.as_ptr(), body.len()) };
}

/// Answers in place of the upstream. `headers` is in the form of [`dagward::wire::pairs`].
pub(super) fn respond(status: u32, details: &str, body: &[u8], headers: &[u8], grpc_status: i32) {
    // SAFETY: the pointers are to live values for the length of the call.
    unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status,
        )
    };
}

/// Defines a metric; `None` if the host refuses it.
pub(super) fn define_metric(kind: MetricType, name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the pointers are to live values for the length of the call.
    let status = unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &mut id) };
    (status == OK).then_some(id)
}

/// Adds to a counter.
pub(super) fn increment_metric(id: u32, by: i64) {
    // SAFETY: takes no pointers.
    unsafe { proxy_increment_metric(id, by) };
}

/// Sets a gauge, or counts a value in a histogram.
pub(super) fn record_metric(id: u32, value: u64) {
    // SAFETY: takes no pointers.
    unsafe { proxy_record_metric(id, value) };
}

/// The result of a function of the proxy's own; `None` if the proxy does not have the function or refuses the
/// arguments.
pub(super) fn foreign(name: &str, arguments: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: one host call, its pointers to live values for its length.
    unsafe {
        received(|data, size| {
            proxy_call_foreign_function(
                name.as_ptr(),
                name.len(),
                arguments.as_ptr(),
                arguments.len(),
                data,
                size,
            )
        })
    }
}

/// The value that all VMs share under `key`, with its version.
pub(super) fn shared(key: &str) -> Option<(Vec<u8>, u32)> {
    let mut cas = 0;
    // SAFETY: one host call, its pointers to live values for its length.
    let value = unsafe {
        received(|data, size| proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &mut cas))
    };
    value.map(|value| (value, cas))
}

/// Writes the value under `key`, if its version is still `cas`; with 0 in any case. False if it was not
/// written.
pub(super) fn set_shared(key: &str, value: &[u8], cas: u32) -> bool {
    let data = if value.is_empty() { null() } else { value.as_ptr() };
    // SAFETY: the pointers are to live values for the length of the call.
    unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), data, value.len(), cas) == OK }
}

/// Asks for a tick after each `period`, for this VM.
pub(super) fn set_tick_period(period: Duration) {
    let period = u32::try_from(period.as_millis()).unwrap_or(u32::MAX);
    // SAFETY: takes no pointers.
    unsafe { proxy_set_tick_period_milliseconds(period) };
}

/// The time since a moment that is the same for all VMs of the proxy. `Instant` has no defined start, and the
/// time of day can jump.
pub(super) fn uptime() -> Duration {
    let mut nanoseconds = 0;
    // SAFETY: the pointer is to a live value for the length of the call.
    unsafe { clock_time_get(MONOTONIC, 1, &mut nanoseconds) };
    Duration::from_nanos(nanoseconds)
}

/// Sends a request without a body to a cluster, and returns the number under which the current context
/// receives the answer; `None` if the proxy does not send it.
///
/// Uses the SDK, which panics on an answer to a call that it did not make itself. The SDK's own call panics
/// only on statuses that no proxy returns here.
pub(super) fn call(cluster: &str, headers: Vec<(&str, &str)>, timeout: Duration) -> Option<u32> {
    hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), timeout).ok()
}

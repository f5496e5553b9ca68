//! Reads the path as Airflow does: decodes the whole path once, then splits it.
//!
//! Measured on uvicorn (3.3.2) and gunicorn (2.11.2): both decode the path, including `%2F`, before they
//! route it. So an attacker can bypass a filter that splits first. A path that two parsers could read
//! differently is refused.

use std::borrow::Cow;
use std::fmt;

use super::router::{is_web_page, route_of};
use super::{Place, Site, Surface};
use crate::fact::Fact;
use crate::wire::percent::{self, Byte};

/// The prefixes of Airflow's own paths, with the surface of their unknown routes. An ambiguous path that may
/// lead below one of them is refused.
const PREFIXES: &[(&str, Surface)] = &[
    ("/api/v1", Surface::Rest),
    ("/api/v2", Surface::Rest),
    ("/auth", Surface::Auth),
    ("/edge_worker", Surface::Edge),
    ("/execution", Surface::Execution),
    ("/internal_api", Surface::Edge),
    ("/log", Surface::Logs),
    ("/ui", Surface::Ui),
];

/// The bytes that every server reads as themselves.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated when compiled; a byte is less than 256"
        )]
        {
            plain[byte as usize] = !matches!(byte, b'%' | b'#' | b'\\' | b';');
        }
        byte += 1;
    }
    plain
};

/// Stands for an encoded slash in the path of a service that is not Airflow: one server takes it for part of
/// a name, another for a separator. No other path contains this character, because control characters are
/// refused.
pub const ENCODED_SLASH: char = '\u{1f}';

/// A path that every parser reads alike, except for its encoded slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path<'a> {
    /// The decoded path. It starts with `/`, has no empty, `.` or `..` segment, and may end in one `/`.
    pub(super) text: Cow<'a, str>,
    /// The positions in `text` of the first and the last `/` that came from `%2F`.
    pub(super) encoded_slashes: Option<(usize, usize)>,
}

/// The reason why a path could be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguity {
    /// No leading `/`: absolute form, `*`, or an empty path.
    Form,
    /// A `#`: some servers cut the path there, others do not.
    Fragment,
    /// A `\`: some servers turn it into `/`.
    Backslash,
    /// A `;`: some servers cut the segment there.
    Parameter,
    /// A control character, plain or encoded, or a plain space.
    Control,
    /// Plain bytes outside ASCII, or encoded bytes that are not UTF-8.
    NotUtf8,
    /// `//`.
    EmptySegment,
    /// `.` or `..` between slashes.
    DotSegment,
    /// `%2F` where Airflow takes it for a separator.
    EncodedSlash,
}

impl fmt::Display for Ambiguity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "the path does not start with `/`",
            Self::Fragment => "the path or its query has a `#`",
            Self::Backslash => "the path has a `\\`",
            Self::Parameter => "the path has a `;`",
            Self::Control => "the path has a control character or a space",
            Self::NotUtf8 => "the path is not encoded UTF-8",
            Self::EmptySegment => "the path has an empty segment",
            Self::DotSegment => "the path has a `.` or `..` segment",
            Self::EncodedSlash => "the path has an encoded slash outside a key or name",
        })
    }
}

/// Reads the path of a request target, without its query.
pub(super) fn read(raw: &str) -> Result<Path<'_>, Ambiguity> {
    let encoded = check_raw(raw)?;
    let path = if encoded {
        decode_path(raw)?
    } else {
        Path {
            text: Cow::Borrowed(raw),
            encoded_slashes: None,
        }
    };
    check_segments(&path.text)?;
    Ok(path)
}

/// The last `length` bytes of a path: the part below the base path. If nothing else is below it, that part is
/// `/`.
pub(super) fn below_base(path: Cow<'_, str>, length: usize) -> Cow<'_, str> {
    let base = path.len().saturating_sub(length);
    if base == 0 {
        return path;
    }
    match path {
        Cow::Borrowed(text) => Cow::Borrowed(
            text.get(base..)
                .filter(|below| below.starts_with('/'))
                .unwrap_or("/"),
        ),
        Cow::Owned(text) => below_base(Cow::Borrowed(&text), length).into_owned().into(),
    }
}

/// The path of a request to a service other than Airflow, with encoded slashes as [`ENCODED_SLASH`]. Unknown
/// if that service could read it as another path.
pub(super) fn elsewhere(raw: &str) -> Fact<Cow<'_, str>> {
    let read = || {
        if !check_raw(raw).ok()? {
            return Some(Cow::Borrowed(raw));
        }
        let mut slashes = Vec::new();
        let mut decoded = percent_decode(raw, |at| slashes.push(at));
        if decoded.iter().any(u8::is_ascii_control) {
            return None;
        }
        for slash in slashes {
            if let Some(byte) = decoded.get_mut(slash) {
                *byte = ENCODED_SLASH as u8;
            }
        }
        Some(Cow::Owned(String::from_utf8(decoded).ok()?))
    };
    let is_control = |c: char| c.is_control() && c != ENCODED_SLASH;
    match read() {
        Some(text) if !is_ambiguous(&text) && !text.contains(is_control) => Fact::Known(text),
        _ => Fact::Unknown,
    }
}

/// Whether some server could take a decoded path for another.
fn is_ambiguous(text: &str) -> bool {
    let mut pieces = text.split(['/', ENCODED_SLASH]);
    check_segments(text).is_err()
        || text.contains('\\')
        // No honest name has more adjacent slashes, and merging them takes time.
        || text.as_bytes().windows(4).any(|run| run.iter().all(|byte| matches!(*byte, b'/' | 0x1f)))
        || pieces.any(|piece| matches!(piece, "." | ".."))
        || !is_plain(text)
}

/// Whether a decoded path has nothing that a server could decode, or cut at, once more.
pub(super) fn is_plain(text: &str) -> bool {
    !text.contains(['?', '#']) && (!text.contains('%') || unescaped(text).is_none())
}

/// `text` with its escapes decoded, if it has any.
pub fn unescaped(text: &str) -> Option<String> {
    let decoded = percent_decode(text, |_| {});
    (decoded.len() < text.len()).then(|| String::from_utf8_lossy(&decoded).into_owned())
}

/// Whether `text` can be a request's path as a policy sees it, apart from encoded slashes.
pub fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.chars().any(char::is_control) && !is_ambiguous(text)
}

/// The surface of a clean path under one of Airflow's prefixes, or among its web pages; `None` elsewhere. The
/// route may still have another surface: health routes stand under the prefixes, too.
pub(super) fn surface(text: &str, site: &Site) -> Option<Surface> {
    let is_prefix = |prefix: &str| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let below = PREFIXES.iter().find(|(prefix, _)| is_prefix(prefix));
    let page = || (site.has_web_pages() && is_web_page(text)).then_some(Surface::Ui);
    below.map(|(_, surface)| *surface).or_else(page)
}

/// The prefixes of Airflow's own paths, with the surface of their unknown routes.
pub fn prefixes() -> impl Iterator<Item = (&'static str, Surface)> {
    PREFIXES.iter().copied()
}

/// Whether a clean path lies under one of Airflow's prefixes, or among its web pages.
pub(super) fn is_airflow(text: &str, site: &Site) -> bool {
    surface(text, site).is_some()
}

impl Site {
    /// A pattern of paths without the base path, if the pattern has one. The paths of requests to Airflow
    /// never do.
    pub(crate) fn without_base<'p>(&self, pattern: &'p str) -> Option<&'p str> {
        let hides_nothing = *self.place() != Place::Nowhere && !is_airflow(pattern, self);
        self.below(pattern).filter(|_| hides_nothing)
    }
}

/// The longest ambiguous path whose readings are tried, in bytes. Longer ones are treated as Airflow's: many
/// web servers accept no longer request line, and to try all readings takes several times as long as to read
/// a clear path.
const MAX_AMBIGUOUS: usize = 8 * 1024;

/// Whether any server could read an ambiguous path as one of Airflow's. Tries it as it is and as an absolute
/// form, decoded once, slashes merged, `\` as `/`, parameters and fragments cut, dot segments resolved or
/// kept, with and without the base path.
pub(super) fn may_be_airflow(raw: &str, site: &Site) -> bool {
    if raw.len() > MAX_AMBIGUOUS {
        return true;
    }
    let absolute = raw
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map(|(_, path)| path);
    let readings = [Some(raw), absolute].into_iter().flatten();
    readings
        .flat_map(|path| [path, path.split('#').next().unwrap_or(path)])
        .any(|path| leads_to_airflow(path, site))
}

fn leads_to_airflow(path: &str, site: &Site) -> bool {
    let decoded = percent_decode(path, |_| {});
    let decoded: String = String::from_utf8_lossy(&decoded)
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    let mut merged = Vec::new();
    let mut resolved = Vec::new();
    for segment in decoded.split(['/', '\\']) {
        match segment.split([';', '#']).next().unwrap_or_default().trim() {
            "" | "." => {}
            ".." => {
                resolved.pop();
                merged.push("..");
            }
            plain => {
                resolved.push(plain);
                merged.push(plain);
            }
        }
    }
    // Health routes stand under no prefix. Pages do not either, but other services have the same pages.
    let is_route =
        |text: &str| route_of("GET", text, site).is_some_and(|found| found.surface != Surface::Pages);
    let is_known = |text: &str| is_airflow(text, site) || is_route(text);
    [merged, resolved].iter().any(|segments| {
        let text = format!("/{}", segments.join("/"));
        is_known(&text) || site.below(&text).is_some_and(is_known)
    })
}

/// Decodes `%XX`, once. A `%` without two hex digits after it stays as it is, as in Airflow. Calls `on_slash`
/// with the position of every encoded slash.
fn percent_decode(raw: &str, mut on_slash: impl FnMut(usize)) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(raw.len());
    for byte in percent::bytes(raw.as_bytes()) {
        if byte == Byte::Escaped(b'/') {
            on_slash(decoded.len());
        }
        decoded.push(byte.in_path());
    }
    decoded
}

/// Checks the raw bytes; tells whether any is encoded.
fn check_raw(raw: &str) -> Result<bool, Ambiguity> {
    if !raw.starts_with('/') {
        return Err(Ambiguity::Form);
    }
    // Nearly every path is plain, and a table is the fastest way to see that.
    if raw
        .bytes()
        .all(|byte| PLAIN.get(usize::from(byte)) == Some(&true))
    {
        return Ok(false);
    }
    let mut encoded = false;
    for byte in raw.bytes() {
        match byte {
            b'%' => encoded = true,
            b'#' => return Err(Ambiguity::Fragment),
            b'\\' => return Err(Ambiguity::Backslash),
            b';' => return Err(Ambiguity::Parameter),
            0..=b' ' | 0x7F => return Err(Ambiguity::Control),
            0x80.. => return Err(Ambiguity::NotUtf8),
            _ => {}
        }
    }
    Ok(encoded)
}

fn decode_path(raw: &str) -> Result<Path<'_>, Ambiguity> {
    let mut encoded_slashes = None;
    let decoded = percent_decode(raw, |at| {
        encoded_slashes = Some((encoded_slashes.map_or(at, |(first, _)| first), at));
    });
    let text = String::from_utf8(decoded).map_err(|_| Ambiguity::NotUtf8)?;
    if text.chars().any(char::is_control) {
        return Err(Ambiguity::Control);
    }
    if text.contains('\\') {
        return Err(Ambiguity::Backslash);
    }
    Ok(Path {
        text: Cow::Owned(text),
        encoded_slashes,
    })
}

/// Checks the segments of a decoded path. One trailing `/` does not count as a segment: Airflow redirects or
/// answers 404.
fn check_segments(text: &str) -> Result<(), Ambiguity> {
    // Only a slash, or a dot after a slash, can be wrong.
    if !text
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, b"//" | b"/."))
    {
        return Ok(());
    }
    let mut segments = text.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "" if segments.peek().is_some() => return Err(Ambiguity::EmptySegment),
            "." | ".." => return Err(Ambiguity::DotSegment),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! The reader of policy files: text → documents with the position of every key and value → policies.

pub(crate) mod carrier;
mod characters;
#[cfg(test)]
mod needs_go;
pub(crate) mod node;
pub(crate) mod position;
mod scalar;
pub(crate) mod secrets;
mod stream;
#[cfg(test)]
mod table;
pub(crate) mod yaml;

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::string::FromUtf8Error;

use node::Span;

/// The text of one file, and its name in messages.
#[derive(Debug)]
pub(crate) struct Source {
    /// The path as the user wrote it, or `<stdin>`.
    pub(crate) name: String,
    /// The text, in UTF-8.
    pub(crate) text: String,
}

impl Source {
    /// Reads a file, or the standard input if the path is `-`.
    ///
    /// # Errors
    /// The file cannot be read, or is not UTF-8.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes)?;
            return Self::new("<stdin>".to_owned(), bytes);
        }
        Self::new(path.display().to_string(), fs::read(path)?)
    }

    /// The same text with blanks at these spans. Everything else keeps its position.
    pub(crate) fn without(&self, places: &[Span]) -> Self {
        let mut places: Vec<&Span> = places.iter().collect();
        places.sort_by_key(|place| place.start);
        let mut places = places.into_iter().peekable();
        let mut text = String::with_capacity(self.text.len());
        for (offset, character) in self.text.char_indices() {
            while places.next_if(|place| place.end <= offset).is_some() {}
            let is_there = places.peek().is_some_and(|place| place.contains(&offset));
            if is_there && !character.is_whitespace() {
                text.extend(std::iter::repeat_n('*', character.len_utf8()));
            } else {
                text.push(character);
            }
        }
        Self {
            name: self.name.clone(),
            text,
        }
    }

    /// kubectl also reads UTF-16 that begins with a byte order mark, as PowerShell writes it.
    pub(crate) fn new(name: String, bytes: Vec<u8>) -> io::Result<Self> {
        let text = match bytes.as_slice() {
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
            _ => String::from_utf8(bytes).map_err(not_utf8)?,
        };
        // YAML allows a byte order mark, and in UTF-8 it has no meaning (YAML 1.2.2 §5.2).
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { name, text })
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> io::Result<String> {
    let (pairs, rest) = bytes.as_chunks();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
    text.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "not UTF-16 behind the byte order mark",
        )
    })
}

fn not_utf8(error: FromUtf8Error) -> io::Error {
    let offset = error.utf8_error().valid_up_to();
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("not UTF-8 from byte {offset} on"),
    )
}

//! Requests written byte for byte, because no HTTP client would send them.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Server;

/// The most requests that are in flight on one connection.
const BATCH: usize = 16;

/// No endpoint does any work, so only a server that hangs takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A method and a request target.
#[derive(Debug, Clone)]
pub struct Question {
    /// The method.
    pub method: &'static str,
    /// The text between the method and the version. It contains no line break.
    pub target: String,
    /// The header `Airflow-API-Version`, by which the Execution API selects routes; empty for the
    /// newest.
    pub api_version: &'static str,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An endpoint of Airflow would have answered.
    Served(Route),
    /// The server, the router or a catch-all answered with this status.
    NotServed(u16),
    /// The connection was closed.
    Closed,
}

/// The route to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Route {
    /// The template, in Airflow's own notation.
    pub template: String,
    /// The path's parameters.
    pub path: BTreeMap<String, String>,
    /// The query's parameters as Airflow reads them, if they are given.
    pub query: BTreeMap<String, Vec<String>>,
    /// The query's parameters that the endpoint reads.
    pub parameters: Vec<String>,
}

impl Server {
    /// Sends all `questions`; the replies come in their order.
    pub fn ask(&self, questions: &[Question]) -> Result<Vec<Reply>> {
        let mut replies = Vec::with_capacity(questions.len());
        let most = if self.keeps_alive { BATCH } else { 1 };
        let mut batch = most;
        while let Some(rest) = questions.get(replies.len()..).filter(|rest| !rest.is_empty()) {
            let got = self.converse(rest.get(..batch).unwrap_or(rest))?;
            // If the server refuses one request, it may not reply to those before it.
            batch = if got.is_empty() {
                1.max(batch / 2)
            } else {
                most.min(batch * 2)
            };
            replies.extend(got);
        }
        Ok(replies)
    }

    /// Sends `questions` on one connection, and reads replies until the server closes it or all
    /// have arrived. Returns at least one for a single question.
    fn converse(&self, questions: &[Question]) -> Result<Vec<Reply>> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut requests = String::new();
        for (number, question) in questions.iter().enumerate() {
            let Question {
                method,
                target,
                api_version,
            } = question;
            ensure!(
                !target.contains(['\r', '\n']),
                "a line break would be another request: {target:?}"
            );
            requests += &format!("{method} {target} HTTP/1.1\r\nhost: airflow\r\nx-number: {number}\r\n");
            if !api_version.is_empty() {
                requests += &format!("airflow-api-version: {api_version}\r\n");
            }
            requests += "\r\n";
        }
        // A server that rejects a request closes the connection at once, and may not read the rest.
        let _ = (&stream).write_all(requests.as_bytes());
        let mut reader = BufReader::new(stream);
        let mut replies = Vec::new();
        while let Some(question) = questions.get(replies.len()) {
            let Some(answer) = Answer::read(&mut reader)? else {
                break;
            };
            let expected = replies.len();
            match answer.number {
                Some(number) => ensure!(number == expected, "reply {number} came in place of {expected}"),
                None if questions.len() == 1 => {}
                // The reply does not say which of the requests the server refuses.
                None => break,
            }
            replies.push(answer.reply);
            if replies.len() < questions.len() && question.method != "HEAD" {
                ensure!(!answer.chunked, "a reply in chunks");
                io::copy(&mut (&mut reader).take(answer.length), &mut io::sink())?;
            }
        }
        if replies.is_empty() && questions.len() == 1 {
            replies.push(Reply::Closed);
        }
        Ok(replies)
    }
}

/// A reply without its body.
struct Answer {
    reply: Reply,
    /// The number of its request. A refusal by the server itself has no number, and ends the
    /// connection.
    number: Option<usize>,
    length: u64,
    chunked: bool,
}

impl Answer {
    /// Reads one reply; `None` if the connection is closed.
    fn read(reader: &mut impl BufRead) -> Result<Option<Self>> {
        let Some(line) = read_line(reader)? else {
            return Ok(None);
        };
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.with_context(|| format!("invalid status line `{line}`"))?;
        let mut answer = Self {
            reply: Reply::NotServed(status),
            number: None,
            length: 0,
            chunked: false,
        };
        loop {
            let line = read_line(reader)?.context("closed amid the headers")?;
            if line.is_empty() {
                return Ok(Some(answer));
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "x-number" => answer.number = Some(value.parse()?),
                "x-route" => answer.reply = Reply::Served(serde_json::from_str(value)?),
                "content-length" => answer.length = value.parse()?,
                "transfer-encoding" => answer.chunked = true,
                _ => {}
            }
        }
    }
}

fn read_line(reader: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = Vec::new();
    match reader.read_until(b'\n', &mut line) {
        Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
        read => read?,
    };
    Ok((!line.is_empty()).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
}

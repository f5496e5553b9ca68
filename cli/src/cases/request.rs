//! Reads the requests of a case.

use serde_json::Value;

use super::caller::principal;
use super::case::{Request, Site};
use super::known::Known;
use super::reader::{At, Fields, Reader};
use crate::explain::HeaderLine;
use crate::source::node::Kind;

const REQUEST: [&str; 6] = ["request", "body", "headers", "host", "port", "proxy"];

/// The parts of a request that it can have from its case.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    body: Option<Vec<u8>>,
    headers: Vec<HeaderLine>,
    site: Site,
}

impl Sent {
    /// A request to this destination.
    pub(super) fn to(site: &Site) -> Self {
        Self {
            site: site.clone(),
            ..Self::default()
        }
    }
}

/// Reads a request. It has the parts of `base` that it does not give itself.
pub(super) fn request<'n>(
    reader: &mut Reader<'n>,
    at: &At<'n>,
    known: &Known<'_>,
    base: &Sent,
) -> Option<Request> {
    let (line, sent) = match &at.node.kind {
        Kind::Map(_) => {
            let fields = reader.fields(at, "a request", &REQUEST, &["request"])?;
            let sent = of_request(reader, &fields, known, base);
            (fields.get("request")?.clone(), sent)
        }
        Kind::Scalar(_) | Kind::List(_) => (at.clone(), base.clone()),
    };
    let allowed = "a method and a path: `GET /execution/variables/rate`";
    let text = reader.text(&line, allowed)?;
    let parts = text.split_once(' ').filter(|(method, path)| {
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        is_method && path.starts_with('/') && !path.contains(char::is_whitespace)
    });
    let Some((method, path)) = parts else {
        reader.problem(&line, format!("`{text}` is not a request"), Some(allowed), None);
        return None;
    };
    Some(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        body: sent.body,
        headers: sent.headers,
        site: sent.site,
    })
}

/// Reads the fields of a request beside its line.
pub(super) fn of_request<'n>(
    reader: &mut Reader<'n>,
    fields: &Fields<'n>,
    known: &Known<'_>,
    base: &Sent,
) -> Sent {
    let body = fields.get("body").map(|at| match at.node.to_json() {
        Value::String(text) => text.into_bytes(),
        value => value.to_string().into_bytes(),
    });
    let mut headers = base.headers.clone();
    if let Some(at) = fields.get("headers")
        && let Some(given) = reader.entries(at, "headers by their names")
    {
        for (name, at) in given.all() {
            if let Some(value) = reader.text(at, "the header's value, a text") {
                headers.push(HeaderLine::new(&name.to_ascii_lowercase(), value));
            }
        }
    }
    Sent {
        body: body.or_else(|| base.body.clone()),
        headers,
        site: site(reader, fields, known, &base.site),
    }
}

/// Reads the fields that name the destination.
pub(super) fn site<'n>(reader: &mut Reader<'n>, fields: &Fields<'n>, known: &Known<'_>, base: &Site) -> Site {
    let own = "the account of the pod that is asked: `NAMESPACE/ACCOUNT` or a SPIFFE ID";
    let proxy = fields.get("proxy").and_then(|at| {
        let text = reader.text(at, own)?;
        principal(reader, at, text, known)
    });
    let host = reader.text_of(fields, "host", "a host");
    let port = fields
        .get("port")
        .and_then(|at| reader.number(at, "a port, 1 to 65535"));
    Site {
        proxy: proxy.or_else(|| base.proxy.clone()),
        host: host.map(str::to_owned).or_else(|| base.host.clone()),
        port: port.or(base.port),
    }
}

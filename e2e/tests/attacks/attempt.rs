//! One attempt of an attacker, as data: the request, Airflow's own reaction, and dagward's.

use serde_json::{Value, json};

/// The host of an attempt that names none.
const HOST: &str = "airflow-api-server:8080";

/// The code of a request that no rule allows.
pub(crate) const NOTHING_ALLOWS: Refusal = Refusal::Dagward(403, "no_rule_allows");
/// The code of a request that a DENY rule refuses.
pub(crate) const DENIED: Refusal = Refusal::Dagward(403, "denied_by_rule");
/// The code of a token that is bound to another peer.
pub(crate) const ANOTHERS_TOKEN: Refusal = Refusal::Dagward(403, "token_owned_by_another");
/// The code of a token whose owner is not known yet.
pub(crate) const UNKNOWN_OWNER: Refusal = Refusal::Dagward(403, "token_owner_unknown");
/// The code of a header that is not exactly one readable credential.
pub(crate) const BAD_TOKEN: Refusal = Refusal::Dagward(403, "malformed_authorization");
/// The code of a path that servers can read in two ways.
pub(crate) const BAD_PATH: Refusal = Refusal::Dagward(403, "malformed_path");
/// The code of malformed task headers.
pub(crate) const BAD_TASK_HEADERS: Refusal = Refusal::Dagward(403, "malformed_task_headers");

/// An attempt. In its text `{run}` is the phase. The runner replaces the other names in braces.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The attempt in words. It is unique.
    pub(crate) name: &'static str,
    line: String,
    headers: Vec<String>,
    body: Vec<u8>,
    /// The token that the attacker signs: the key's section and option, and the claims.
    pub(crate) sign: Option<Value>,
    /// Whether bytes behind the answer count as well.
    pub(crate) late: bool,
    /// The result without the filter.
    pub(crate) alone: Alone,
    /// The refusal with the filter.
    pub(crate) refusal: Refusal,
}

/// The result of an attempt without the filter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Alone {
    /// It succeeds with this status and this proof.
    Gives(u16, Proof),
    /// It fails with this status, or without an answer for `None`. A comment beside the attempt gives the reason.
    Cannot(Option<u16>),
}

/// The proof that an attempt has succeeded.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof {
    /// The answer has this text.
    Contains(&'static str),
    /// These rows of Airflow's database change.
    Changed(&'static str),
    /// The answer brings a fresh token.
    Renewed,
}

/// The proxy's part that refuses an attempt with the filter in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// dagward refuses the headers: Airflow never sees the request.
    Dagward(u16, &'static str),
    /// dagward refuses the body: Airflow sees the headers and no byte of the body.
    DagwardOnBody(u16, &'static str),
    /// Envoy itself refuses, with a status or without an answer.
    Envoy(Option<u16>),
}

impl Attempt {
    /// An attempt with a method and a target, such as `GET /execution/connections/x`, and the attacker's token.
    pub(crate) fn new(name: &'static str, line: &str) -> Self {
        Self::without_token(name, line).header("authorization: Bearer {token}")
    }

    /// The same without a token.
    pub(crate) fn without_token(name: &'static str, line: &str) -> Self {
        Self {
            name,
            line: line.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            sign: None,
            late: false,
            alone: Alone::Cannot(None),
            refusal: NOTHING_ALLOWS,
        }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    /// Adds a JSON body.
    pub(crate) fn json(self, body: Value) -> Self {
        self.bytes(body.to_string())
    }

    /// Adds a body with the content type of JSON.
    pub(crate) fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type: application/json")
    }

    /// Adds a token that the attacker signs, as `{signed}`.
    pub(crate) fn signs(mut self, key: [&str; 2], claims: Value) -> Self {
        self.sign = Some(json!({"key": key, "claims": claims}));
        self
    }

    /// Adds a token for a task instance. It is signed with the key that Airflow's chart gives to all workers.
    pub(crate) fn signs_for(self, task: &str, scope: &str) -> Self {
        let claims =
            json!({"sub": task, "scope": scope, "aud": "urn:airflow.apache.org:task", "iss": "airflow"});
        self.header("authorization: Bearer {signed}")
            .signs(["api_auth", "jwt_secret"], claims)
    }

    /// Reads the bytes behind the answer, too.
    pub(crate) fn and_then(mut self) -> Self {
        self.late = true;
        self
    }

    /// Expects success without the filter.
    pub(crate) fn gives(mut self, status: u16, proof: Proof) -> Self {
        self.alone = Alone::Gives(status, proof);
        self
    }

    /// Expects that Airflow itself refuses the attempt, or reads it as a harmless request.
    pub(crate) fn cannot(mut self, status: u16) -> Self {
        self.alone = Alone::Cannot(Some(status));
        self
    }

    /// Expects this refusal with the filter.
    pub(crate) fn refused(mut self, refusal: Refusal) -> Self {
        self.refusal = refusal;
        self
    }

    /// The query whose rows must not change.
    pub(crate) fn query(&self) -> Option<&'static str> {
        match self.alone {
            Alone::Gives(_, Proof::Changed(query)) => Some(query),
            Alone::Gives(_, Proof::Contains(_) | Proof::Renewed) | Alone::Cannot(_) => None,
        }
    }

    /// The request byte by byte, with the names in braces replaced. Its head is encoded in Latin-1, as Airflow reads
    /// it.
    pub(crate) fn request(&self, names: &[(&str, String)]) -> Vec<u8> {
        let body = match std::str::from_utf8(&self.body) {
            Ok(text) => filled(text, names).into_bytes(),
            Err(_) => self.body.clone(),
        };
        let mut head = format!("{} HTTP/1.1\r\n", self.line);
        let named = |name: &str| self.headers.iter().any(|line| line.starts_with(name));
        let mut headers = self.headers.clone();
        if !named("host:") {
            headers.push(format!("host: {HOST}"));
        }
        if !body.is_empty() && !named("transfer-encoding:") {
            headers.push(format!("content-length: {}", body.len()));
        }
        headers.push("connection: close".to_owned());
        for line in headers {
            head += &format!("{line}\r\n");
        }
        head += "\r\n";
        [latin1(&filled(&head, names)), body].concat()
    }
}

/// One byte for each character. Heads have no characters beyond Latin-1.
pub(crate) fn latin1(text: &str) -> Vec<u8> {
    text.chars().filter_map(|char| u8::try_from(char).ok()).collect()
}

/// `text` with the names in braces replaced.
pub(crate) fn filled(text: &str, names: &[(&str, String)]) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

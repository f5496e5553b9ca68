//! The URL of a JWK Set.

/// The location of a JWKS.
pub(super) struct Url {
    pub(super) scheme: String,
    pub(super) authority: String,
    pub(super) path: String,
}

impl Url {
    /// Splits a URL into the parts that a request for it needs.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
            _ => return Err("does not begin with `https://` or `http://`"),
        };
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has a character that a URL cannot contain");
        }
        if rest.contains('#') {
            return Err("has a fragment, which no request carries");
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("has a user name before its host, which no request carries");
        }
        let url = Self {
            scheme: scheme.to_owned(),
            authority: authority.to_owned(),
            path: if path.starts_with('/') {
                path.to_owned()
            } else {
                format!("/{path}")
            },
        };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let bracketed = url
            .host()
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = bracketed.unwrap_or(url.host());
        if host.is_empty()
            || !host
                .bytes()
                .all(|byte| legal(byte) || (bracketed.is_some() && byte == b':'))
        {
            return Err("has no host, or a host with an invalid character");
        }
        match authority.strip_prefix(url.host()).unwrap_or_default() {
            "" => Ok(url),
            _ if url.written_port().is_some_and(|port| port != 0) => Ok(url),
            _ => Err("has a port that is not a number from 1 to 65535"),
        }
    }

    pub(super) fn host(&self) -> &str {
        let end = self
            .authority
            .rfind(':')
            .filter(|colon| self.authority.rfind(']').is_none_or(|end| end < *colon));
        end.and_then(|end| self.authority.get(..end))
            .unwrap_or(&self.authority)
    }

    fn written_port(&self) -> Option<u16> {
        let port = self.authority.strip_prefix(self.host())?.strip_prefix(':')?;
        port.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(port)?
            .parse()
            .ok()
    }

    pub(super) fn port(&self) -> u16 {
        let default = if self.scheme == "https" { 443 } else { 80 };
        self.written_port().unwrap_or(default)
    }
}

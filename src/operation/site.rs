//! The Airflow behind a proxy, as far as it changes how a path is read.

use std::fmt;

/// A policy document's description of the Airflow that requests are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    base_path: String,
    web_pages: bool,
    place: Place,
}

/// The ports on which Airflow is, on the servers behind the proxies that have the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// On any port.
    #[default]
    Anywhere,
    /// On these ports.
    Ports(Vec<u16>),
    /// On no port.
    Nowhere,
}

/// An invalid base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadBasePath;

impl Site {
    /// The Airflow below `base_path`, the path of `[api] base_url`. The default is `/`.
    ///
    /// # Errors
    /// A base path that does not consist of plain segments. Servers could read other paths differently.
    pub fn with_base_path(mut self, base_path: &str) -> Result<Self, BadBasePath> {
        let segments = base_path.strip_prefix('/').ok_or(BadBasePath)?;
        if !segments.split('/').all(is_plain) {
            return Err(BadBasePath);
        }
        base_path.clone_into(&mut self.base_path);
        Ok(self)
    }

    /// This site with or without Airflow 2's web pages, whose paths share no prefix.
    pub fn with_web_pages(self, web_pages: bool) -> Self {
        Self { web_pages, ..self }
    }

    /// This site with Airflow in this place.
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// Whether a request that came to `port` may be for Airflow. True if the port is not known.
    pub fn is_at(&self, port: &str) -> bool {
        match &self.place {
            Place::Anywhere => true,
            Place::Ports(ports) => port.parse().map_or(true, |port| ports.contains(&port)),
            Place::Nowhere => false,
        }
    }

    /// The place of Airflow.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether Airflow 2's web pages are there.
    pub(super) fn has_web_pages(&self) -> bool {
        self.web_pages
    }

    /// The part of a decoded path below the base path; `None` if there is no base path or the path is
    /// elsewhere.
    pub(super) fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.base_path.is_empty() {
            return None;
        }
        match path.strip_prefix(&*self.base_path) {
            Some("") => Some("/"),
            below => below.filter(|below| below.starts_with('/')),
        }
    }
}

fn is_plain(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
}

impl fmt::Display for BadBasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid base path")
    }
}

impl std::error::Error for BadBasePath {}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(base_path: &str) -> Site {
        Site::default().with_base_path(base_path).unwrap()
    }

    #[test]
    fn a_base_path_ends_where_a_segment_does() {
        let site = below("/team/airflow");
        for (path, expected) in [
            ("/team/airflow/api/v2/dags", Some("/api/v2/dags")),
            ("/team/airflow/team/airflow/ui", Some("/team/airflow/ui")),
            ("/team/airflow/", Some("/")),
            ("/team/airflow", Some("/")),
            ("/team/airflowx/api", None),
            ("/team/Airflow/api", None),
            ("/airflow/api", None),
            ("/", None),
        ] {
            assert_eq!(site.below(path), expected, "{path}");
        }
        assert_eq!(Site::default().below("/api"), None);
    }

    #[test]
    fn airflow_is_where_the_document_says() {
        let site = |place: Place| Site::default().at(place);
        for (place, on_8080, on_5000) in [
            (Place::Anywhere, true, true),
            (Place::Ports(vec![8080, 8793]), true, false),
            (Place::Nowhere, false, false),
        ] {
            let site = site(place.clone());
            assert_eq!(
                (site.is_at("8080"), site.is_at("5000")),
                (on_8080, on_5000),
                "{place:?}"
            );
            assert_eq!(site.is_at(""), on_8080, "a port that is not known: {place:?}");
        }
    }

    #[test]
    fn base_paths_are_plain() {
        for bad in [
            "",
            "/",
            "airflow",
            "/airflow/",
            "//airflow",
            "/a//b",
            "/a/../b",
            "/.",
            "/a%2Fb",
            "/a b",
            "/a?b",
            "/é",
            "/a;b",
            "/a*",
        ] {
            assert_eq!(Site::default().with_base_path(bad), Err(BadBasePath), "{bad}");
        }
    }
}

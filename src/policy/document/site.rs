//! Reads where Airflow is, and reports the conditions that no request can satisfy there.

use serde_json::value::RawValue;

use super::super::error::{ErrorKind, LoadError, Type};
use super::super::field::Field;
use super::super::grammar::{AIRFLOW, AirflowField, DocumentField, FieldSet, words};
use super::super::json::Node;
use super::super::pattern::Written;
use super::super::side::Side;
use super::super::vocabulary::literal_matches;
use super::Loader;
use super::entry::ReadCondition;
use super::reader::{At, Read};
use crate::operation::{Place, Site, Surface};

const BASE_PATH: &str = "`/` and plain segments, as in the path of Airflow's `base_url`: `/airflow`";

impl Loader {
    /// Reads the fields on Airflow's site before all rules, wherever they stand, and returns their errors.
    pub(super) fn site_first(&mut self, root: At<'_>, fields: &Read<'_, DocumentField>) -> Vec<LoadError> {
        let before = self.reader.errors.len();
        for (field, value) in fields {
            let at = root.key(field.name());
            let site = self.site.clone();
            self.site = match field {
                DocumentField::Airflow => site.at(self.airflow(at, value)),
                DocumentField::Airflow2WebPages => site.with_web_pages(self.reader.flag(at, value)),
                DocumentField::BasePath => self.base_path(at, value, site),
                DocumentField::ApiVersion
                | DocumentField::Mode
                | DocumentField::Stampers
                | DocumentField::ApiServers
                | DocumentField::ApiServerHosts
                | DocumentField::MeshHosts
                | DocumentField::Tokens
                | DocumentField::Teams
                | DocumentField::Policies => site,
            };
        }
        if *self.site.place() == Place::Nowhere {
            let reaches = |field| matches!(field, DocumentField::Airflow2WebPages | DocumentField::BasePath);
            for (field, _) in fields.iter().filter(|(field, _)| reaches(*field)) {
                let name = field.name();
                let found = format!("`{name}` says how Airflow is reached, beside `airflow: none`");
                self.reader
                    .conflict(root.key(name), found, "one of the two".to_owned());
            }
        }
        self.reader.errors.split_off(before)
    }

    fn airflow(&mut self, at: At<'_>, raw: &RawValue) -> Place {
        match Node::read(raw) {
            Node::Text(text) if text == "none" => Place::Nowhere,
            Node::Object(fields) => {
                let fields = self.reader.read::<AirflowField>(at, &fields);
                self.reader.required(at, &fields);
                let mut ports = Vec::new();
                for (field, value) in &fields {
                    let at = at.key(field.name());
                    match field {
                        AirflowField::Ports => ports = self.ports(at, value),
                    }
                }
                match fields.is_empty() {
                    true => Place::Anywhere,
                    false => Place::Ports(ports),
                }
            }
            _ => {
                self.reader.wrong_type(at, raw, Type::Object, AIRFLOW);
                Place::Anywhere
            }
        }
    }

    fn ports(&mut self, at: At<'_>, raw: &RawValue) -> Vec<u16> {
        let ports = self.reader.some_list(at, raw).into_iter().enumerate();
        let port = |(number, raw)| self.reader.number(at.index(number), raw, words::PORTS);
        ports
            .filter_map(port)
            .filter_map(|port| port.try_into().ok())
            .collect()
    }

    fn base_path(&mut self, at: At<'_>, value: &RawValue, site: Site) -> Site {
        let Some(text) = self.reader.formal(at, value, BASE_PATH) else {
            return site;
        };
        site.clone().with_base_path(&text).unwrap_or_else(|error| {
            self.reader
                .error(at, format!("{error} `{text}`"), Some(BASE_PATH.to_owned()));
            site
        })
    }

    /// Reports a pattern of paths that includes the base path: the paths of requests do not include it.
    pub(super) fn is_below_base(&mut self, at: At<'_>, text: &str) {
        if let Some(below) = self.site.without_base(text) {
            let found = format!("`{text}` has the base path; paths are compared below it");
            let allowed = "a path as without `basePath`".to_owned();
            let below = Some(below.to_owned());
            self.reader
                .push(ErrorKind::Conflict, at, found, Some(allowed), below);
        }
    }

    /// Reports a condition that only requests to Airflow can satisfy, in a document without Airflow.
    pub(super) fn is_there(&mut self, at: At<'_>, condition: &ReadCondition<'_>) {
        let admits_other = |written: Written<'_>| literal_matches(&written, Surface::Other.as_str());
        let elsewhere = match condition.field {
            Field::Methods | Field::Paths | Field::Hosts => true,
            Field::Surfaces => condition.patterns().any(|(_, _, written)| admits_other(written)),
            field => field.side() == Side::From,
        };
        if *self.site.place() == Place::Nowhere && !elsewhere && !condition.negated {
            let found = format!("`{}` matches nothing beside `airflow: none`", condition.word());
            let allowed = "`methods`, `paths` and `hosts`".to_owned();
            self.reader.conflict(at, found, allowed);
        }
    }
}

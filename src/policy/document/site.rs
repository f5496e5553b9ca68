//! Reads where Airflow is, and finds the conditions that nothing there can satisfy.

use serde_json::value::RawValue;

use super::super::error::LoadError;
use super::super::field::{Field, Side};
use super::super::json::Node;
use super::super::pattern::Written;
use super::super::vocabulary::literal_matches;
use super::Loader;
use super::reader::{At, Fields};
use super::rule::ReadCondition;
use crate::operation::{Place, Site, Surface};

const PLACE: &str = "`none`, or an object with `ports`: `{ports: [8080, 8793]}`";
const BASE_PATH: &str = "`/` and plain segments, as in the path of Airflow's `base_url`: `/airflow`";

impl Loader {
    /// Reads the fields on Airflow's site before all rules, wherever they stand, and gives their errors.
    pub(super) fn site_first(&mut self, root: At<'_>, fields: &Fields<'_>) -> Vec<LoadError> {
        let before = self.reader.errors.len();
        for (name, value) in fields {
            let at = root.key(name);
            let site = self.site.clone();
            self.site = match &**name {
                "airflow" => site.at(self.airflow(at, value)),
                "airflow2WebPages" => site.with_web_pages(self.reader.flag(at, value)),
                "basePath" => self.base_path(at, value, site),
                _ => site,
            };
        }
        if *self.site.place() == Place::Nowhere {
            let has_effect = |name: &str| matches!(name, "airflow2WebPages" | "basePath");
            for (name, _) in fields.iter().filter(|(name, _)| has_effect(name)) {
                let found = format!("`{name}` says how Airflow is reached, beside `airflow: none`");
                self.reader
                    .error(root.key(name), found, Some("one of the two".to_owned()));
            }
        }
        self.reader.errors.split_off(before)
    }

    fn airflow(&mut self, at: At<'_>, raw: &RawValue) -> Place {
        match Node::read(raw) {
            Node::Text(text) if text == "none" => Place::Nowhere,
            Node::Object(fields) => {
                self.reader.known_names(at, &fields, &["ports"]);
                let Some((_, ports)) = fields.first() else {
                    self.reader.missing(at, "ports", PLACE.to_owned());
                    return Place::Anywhere;
                };
                let at = at.key("ports");
                let ports = self.reader.some_list(at, ports).into_iter().enumerate();
                let port = |(number, raw)| self.reader.number(at.index(number), raw, 1..=65_535);
                Place::Ports(
                    ports
                        .filter_map(port)
                        .filter_map(|port| port.try_into().ok())
                        .collect(),
                )
            }
            _ => {
                self.reader.wrong_kind(at, raw, PLACE);
                Place::Anywhere
            }
        }
    }

    fn base_path(&mut self, at: At<'_>, value: &RawValue, site: Site) -> Site {
        let Some(text) = self.reader.text(at, value, BASE_PATH) else {
            return site;
        };
        site.clone().with_base_path(&text).unwrap_or_else(|error| {
            self.reader
                .error(at, format!("`{text}` {error}"), Some(BASE_PATH.to_owned()));
            site
        })
    }

    /// Complains about a pattern of paths with the base path, which the paths of requests do not have.
    pub(super) fn is_below_base(&mut self, at: At<'_>, text: &str) {
        if let Some(below) = self.site.without_base(text) {
            let found = format!("`{text}` has the base path; paths are compared below it");
            let allowed = "a path as without `basePath`".to_owned();
            self.reader.misspelt(at, found, allowed, Some(below.to_owned()));
        }
    }

    /// Complains about a condition on something that only Airflow has, where there is none.
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
            self.reader.error(at, found, Some(allowed));
        }
    }
}

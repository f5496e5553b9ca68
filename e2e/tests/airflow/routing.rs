//! Paths as Airflow reads them: mutated targets to Airflow's own routers and servers, and to dagward. If Airflow serves
//! a target, dagward must classify it the same, more strictly, or refuse it.

mod compare;
mod mutations;
pub(crate) mod random;
mod targets;

use std::collections::BTreeSet;
use std::thread;

use dagward::operation::Site;
use dagward_releases::Release;
use dagward_testbed::airflow::oracle::{Oracle, Question, Reply, Server};

use compare::{Verdict, compare};
use targets::Targets;

const SEED: u64 = 20_260_101;

/// Targets of one release with a base path, and of one without.
const TARGETS: usize = 13_500;

/// One of so many targets also goes to the servers that are not the default.
const ALSO: usize = 8;

/// The number of failures that are printed in full.
const DESCRIBED: usize = 5;

const BASE_PATH: &str = "/team/airflow";

#[derive(Debug, Default)]
struct Tally {
    sent: usize,
    served: usize,
    refused: usize,
    agreed: usize,
    templates: BTreeSet<String>,
    missed: Vec<String>,
}

#[test]
fn airflow_3_serves_nothing_that_dagward_takes_for_something_else() {
    hold(Release::V3_3);
}

#[test]
fn airflow_3_4_serves_nothing_that_dagward_takes_for_something_else() {
    hold(Release::V3_4);
}

#[test]
fn airflow_2_serves_nothing_that_dagward_takes_for_something_else() {
    hold(Release::V2_11);
}

/// Compares both, with a base path and without, side by side.
fn hold(release: Release) {
    let tallies: Vec<_> = thread::scope(|scope| {
        let rounds = ["", BASE_PATH].map(|base_path| {
            scope.spawn(move || {
                let oracle = Oracle::start(release, base_path).unwrap();
                let site = match base_path {
                    "" => Site::default(),
                    base_path => Site::default().with_base_path(base_path).unwrap(),
                };
                let site = site.with_web_pages(release.is_airflow_2());
                round(release, base_path, &site, &oracle)
            })
        });
        rounds
            .into_iter()
            .flat_map(|round| round.join().unwrap())
            .collect()
    });
    for tally in tallies {
        assert!(
            tally.missed.is_empty(),
            "{} missed:\n{}",
            tally.missed.len(),
            tally.missed[..tally.missed.len().min(DESCRIBED)].join("\n")
        );
        assert!(
            tally.served * 10 > tally.sent,
            "hardly any target is served: {tally:?}"
        );
        assert!(
            tally.agreed * 2 > tally.served,
            "nearly all is refused: {tally:?}"
        );
    }
}

/// Sends targets to all servers of one Airflow.
#[expect(clippy::print_stdout, reason = "the numbers are the test's result")]
fn round(release: Release, base_path: &str, site: &Site, oracle: &Oracle) -> Vec<Tally> {
    let seed = SEED + base_path.len() as u64;
    let mut targets = Targets::new(release, BASE_PATH, !base_path.is_empty(), seed);
    let mut seen = BTreeSet::new();
    let mut questions = Vec::with_capacity(TARGETS);
    while questions.len() < TARGETS {
        let question = targets.next();
        if seen.insert((question.method, question.target.clone())) {
            questions.push(question);
        }
    }
    let also: Vec<_> = questions.iter().step_by(ALSO).cloned().collect();
    let mut tallies = Vec::new();
    for (number, server) in oracle.servers().iter().enumerate() {
        let asked = if number == 0 { &questions } else { &also };
        let tally = tally(site, server, asked);
        println!(
            "{} below {base_path:?} on {}: {} targets, {} served by {} templates, of these {} \
             read alike and {} refused; seed {seed}",
            release.version,
            server.name,
            tally.sent,
            tally.served,
            tally.templates.len(),
            tally.agreed,
            tally.refused,
        );
        tallies.push(tally);
    }
    tallies
}

fn tally(site: &Site, server: &Server, questions: &[Question]) -> Tally {
    let replies = server
        .ask(questions)
        .unwrap_or_else(|error| panic!("{}: {error:#}", server.name));
    let mut tally = Tally {
        sent: questions.len(),
        ..Tally::default()
    };
    for (question, reply) in questions.iter().zip(&replies) {
        if let Reply::Served(route) = reply {
            tally.served += 1;
            tally.templates.insert(route.template.clone());
        }
        let verdict = compare(site, question, reply);
        match verdict {
            Verdict::NotServed => {}
            Verdict::Refused => tally.refused += 1,
            Verdict::Agreed => tally.agreed += 1,
            Verdict::Missed(_) if tally.missed.len() < DESCRIBED => {
                tally.missed.push(described(site, server, question))
            }
            Verdict::Missed(difference) => tally.missed.push(difference),
        }
    }
    tally
}

/// A failure, with the shortest target that still shows it.
fn described(site: &Site, server: &Server, question: &Question) -> String {
    let mut shortest = question.clone();
    let miss = |question: &Question| {
        let reply = server.ask(std::slice::from_ref(question)).ok()?.pop()?;
        match (compare(site, question, &reply), reply) {
            (Verdict::Missed(difference), Reply::Served(route)) => Some((difference, route)),
            _ => None,
        }
    };
    let mut length = shortest.target.len();
    while length > 0 {
        let mut start = 0;
        while start < shortest.target.len() {
            let mut target = shortest.target.clone();
            let end = (start + length).min(target.len());
            if target.is_char_boundary(start) && target.is_char_boundary(end) {
                target.replace_range(start..end, "");
                let shorter = Question {
                    target,
                    ..shortest.clone()
                };
                if miss(&shorter).is_some() {
                    shortest = shorter;
                    continue;
                }
            }
            start += length;
        }
        length /= 2;
    }
    let said = miss(&shortest).map(|(difference, route)| format!("{difference}; Airflow: {route:?}"));
    format!(
        "{} {} (from {:?}): {}",
        shortest.method,
        shortest.target,
        question.target,
        said.unwrap_or_default()
    )
}

//! Attacks of a task with tokens of another team, from its own pod: one list for every executor
//! that makes pods. The attacks of Celery's workers are in `e2e/tests/attacks`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::task_tokens;
use crate::client::{Request, Response};

const HOST: &str = "airflow-api-server:8080";

/// The tokens and facts that the thief holds.
#[derive(Debug)]
pub struct Hand {
    running: String,
    stolen: String,
    aged: String,
    forged: [String; 2],
    own: [String; 2],
    variable: [&'static str; 2],
}

/// A task instance, and the file with its token.
#[derive(Debug)]
pub struct Leak {
    /// Its id.
    pub task: String,
    /// The file.
    pub token: PathBuf,
}

/// One attempt.
#[derive(Debug)]
pub struct Theft {
    /// The name of the attempt.
    pub name: String,
    /// The request.
    pub request: Request,
    /// Airflow's status without dagward.
    alone: u16,
    loot: Loot,
    /// dagward's code. `None` if the token proves nothing: then dagward allows the request as if it
    /// had no token.
    code: Option<&'static str>,
}

/// The part of Airflow's answer that shows the attempt's success.
#[derive(Debug, Clone, Copy)]
enum Loot {
    /// This text.
    Told(&'static str),
    /// A fresh token.
    Renewed,
    /// The status.
    Done,
}

impl Hand {
    /// The tokens of a running task of the victims and of a task of the thief. `queued` is a task
    /// of the victims that has not begun, `variable` a variable of theirs with its value, and
    /// `secret` the key that signs Airflow's tokens.
    pub fn of(
        victim: &Leak,
        thief: &Leak,
        queued: &str,
        variable: [&'static str; 2],
        secret: &str,
    ) -> Result<Self> {
        let read = |leak: &Leak| fs::read_to_string(&leak.token).context("no token");
        Ok(Self {
            running: victim.task.clone(),
            stolen: read(victim)?,
            aged: task_tokens::sign(secret, &victim.task, &task_tokens::aged()?)?,
            forged: [task_tokens::forged(&victim.task)?, task_tokens::forged(queued)?],
            own: [thief.task.clone(), read(thief)?],
            variable,
        })
    }

    /// All attempts in their order: first those that could make the thief the owner of a token. The
    /// last one ends the thief's own task.
    pub fn thefts(&self) -> Vec<Theft> {
        let mut thefts = self.unverified();
        thefts.extend(self.unreadable());
        thefts.extend(self.renewal());
        thefts.push(self.deferral());
        thefts
    }

    /// Forged tokens on routes where Airflow does not verify tokens.
    fn unverified(&self) -> Vec<Theft> {
        let [running, queued] = &self.forged;
        let mut thefts = Vec::new();
        for (task, token, code) in [
            ("running", running, "token_owned_by_another"),
            ("queued", queued, "token_owner_unknown"),
        ] {
            for (path, code) in [
                ("/api/v2/monitor/health", None),
                ("/execution/health", Some(code)),
            ] {
                thefts.push(Theft {
                    name: format!("a forged token of a {task} task at {path}"),
                    request: get(path, format!("Bearer {token}")),
                    alone: 200,
                    loot: Loot::Done,
                    code,
                });
            }
        }
        thefts
    }

    /// The stolen token in forms that only Airflow accepts.
    fn unreadable(&self) -> Vec<Theft> {
        let token = self.stolen.as_bytes();
        let forms = [
            ("after a no-break space", [&b"Bearer \xa0"[..], token].concat()),
            ("before a next line", [&b"Bearer "[..], token, b"\x85"].concat()),
        ];
        let [variable, value] = self.variable;
        let fields = format!("/execution/task-instances/{}/rtif", self.running);
        let thefts = forms.into_iter().flat_map(|(form, credential)| {
            let read = get(&format!("/execution/variables/{variable}"), &credential);
            // Every task may do this for itself, so only the token can be the reason for a refusal.
            let write = Request::new("PUT", HOST, &fields)
                .header("authorization", &credential)
                .header("content-type", "application/json")
                .body(json!({"planted": form}).to_string());
            [
                ("a variable", read, 200, Loot::Told(value)),
                ("rendered fields", write, 201, Loot::Done),
            ]
            .map(|(what, request, alone, loot)| Theft {
                name: format!("{what} by a token {form}"),
                request,
                alone,
                loot,
                code: Some("malformed_authorization"),
            })
        });
        thefts.collect()
    }

    /// The stolen token in the last fifth of its life.
    fn renewal(&self) -> Vec<Theft> {
        let variable = format!("/execution/variables/{}", self.variable[0]);
        [
            ("/execution/health", 200),
            ("/execution/docs", 200),
            ("/execution/nothing", 404),
            (&variable, 200),
        ]
        .map(|(path, alone)| Theft {
            name: format!("a fresh token at {path}"),
            request: get(path, format!("Bearer {}", self.aged)),
            alone,
            loot: Loot::Renewed,
            code: Some("token_owned_by_another"),
        })
        .into()
    }

    /// A command for the triggerer, sent with the thief's own token.
    fn deferral(&self) -> Theft {
        let [task, token] = &self.own;
        let body = json!({
            "state": "deferred", "classpath": "subprocess.Popen", "trigger_kwargs": {"args": ["true"]},
            "trigger_timeout": "PT20S", "next_method": "none", "next_kwargs": {},
        });
        Theft {
            name: "a command in the triggerer".to_owned(),
            request: Request::new("PATCH", HOST, &format!("/execution/task-instances/{task}/state"))
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .body(body.to_string()),
            alone: 204,
            loot: Loot::Done,
            code: Some("no_rule_allows"),
        }
    }
}

impl Theft {
    /// Checks that `answer` is the answer of Airflow without dagward.
    pub fn succeeded(&self, answer: &Response) -> Result<()> {
        let Self { name, alone, .. } = self;
        ensure!(
            answer.status == *alone,
            "{name}: {}: {}",
            answer.status,
            answer.text()
        );
        let gained = match self.loot {
            Loot::Told(text) => answer.text().contains(text),
            Loot::Renewed => renews(answer),
            Loot::Done => true,
        };
        ensure!(gained, "{name}: {}", answer.text());
        Ok(())
    }

    /// Checks that `answer` gives the thief nothing.
    pub fn failed(&self, answer: &Response) -> Result<()> {
        let Self { name, code, .. } = self;
        ensure!(!renews(answer), "{name}: a fresh token");
        let Some(code) = code else {
            return self.succeeded(answer);
        };
        let text = answer.text();
        if answer.status != 403 || !text.contains(&format!("({code})")) {
            bail!("{name}: {} and not `{code}`: {text}", answer.status);
        }
        Ok(())
    }
}

fn get(path: &str, authorization: impl AsRef<[u8]>) -> Request {
    Request::get(HOST, path).header("authorization", authorization)
}

fn renews(answer: &Response) -> bool {
    answer.header("refreshed-api-token").is_some()
}

//! Reads the callers of a case.

use dagward::caller::{Principal, Proof};
use dagward::policy::nearest;
use serde_json::Value;

use super::case::{Acting, Answer, Caller};
use super::known::Known;
use super::reader::{At, Fields, Reader};
use crate::explain::Vouched;
use crate::source::node::Kind;

const CALLER: [&str; 5] = ["as", "acting", "token", "answer", "callback"];
const ACTING: [&str; 4] = ["dag", "run", "task", "proof"];
const ANSWER: [&str; 3] = ["dag", "run", "team"];
const TOKEN: [&str; 2] = ["issuer", "claims"];

/// The word for a caller without a certificate.
const ANONYMOUS: &str = "anonymous";

/// The forms of a caller.
const WHO: &str = "`NAMESPACE/ACCOUNT`, a SPIFFE ID, `anonymous`, or a name from `callers`";

/// Reads a caller. It has the parts of `base` that it does not give itself.
pub(super) fn caller<'n>(
    reader: &mut Reader<'n>,
    at: &At<'n>,
    known: &Known<'_>,
    base: &Caller,
) -> Option<Caller> {
    let (who, base) = match &at.node.kind {
        Kind::Map(_) => {
            let fields = reader.fields(at, "a caller", &CALLER, &["as"])?;
            let base = of_caller(reader, &fields, known, base);
            (fields.get("as")?.clone(), base)
        }
        Kind::Scalar(_) | Kind::List(_) => (at.clone(), base.clone()),
    };
    let text = reader.text(&who, WHO)?;
    if let Some(named) = known.callers.iter().find(|caller| caller.label == text) {
        return Some(Caller {
            label: text.to_owned(),
            peer: named.peer.clone(),
            acting: base.acting.or_else(|| named.acting.clone()),
            token: base.token.or_else(|| named.token.clone()),
            answer: base.answer.or_else(|| named.answer.clone()),
            callback: base.callback || named.callback,
        });
    }
    let peer = match text {
        ANONYMOUS => None,
        account => Some(principal(reader, &who, account, known)?),
    };
    Some(Caller {
        label: text.to_owned(),
        peer,
        ..base
    })
}

/// Reads the fields of a caller beside its name.
pub(super) fn of_caller<'n>(
    reader: &mut Reader<'n>,
    fields: &Fields<'n>,
    known: &Known<'_>,
    base: &Caller,
) -> Caller {
    let acting = fields.get("acting").and_then(|at| acting(reader, at));
    let token = fields.get("token").and_then(|at| token(reader, at, known));
    let answer = fields.get("answer").and_then(|at| answer(reader, at));
    Caller {
        label: String::new(),
        peer: None,
        acting: acting.or_else(|| base.acting.clone()),
        token: token.or_else(|| base.token.clone()),
        answer: answer.or_else(|| base.answer.clone()),
        callback: fields.get("callback").map_or(base.callback, |at| reader.flag(at)),
    }
}

/// The SPIFFE ID that a text means.
pub(super) fn principal(
    reader: &mut Reader<'_>,
    at: &At<'_>,
    text: &str,
    known: &Known<'_>,
) -> Option<String> {
    let id = match text.split_once('/') {
        _ if text.starts_with("spiffe:") => text.to_owned(),
        Some((namespace, account)) => {
            format!("spiffe://{}/ns/{namespace}/sa/{account}", known.trust_domain)
        }
        None => {
            let names: Vec<&str> = known.callers.iter().map(|caller| caller.label.as_str()).collect();
            let near = nearest(text, names.iter().copied().chain([ANONYMOUS]));
            reader.problem(at, format!("unknown caller `{text}`"), Some(WHO), near);
            return None;
        }
    };
    match Principal::parse(&id) {
        Ok(_) => Some(id),
        Err(error) => {
            reader.problem(at, format!("`{text}`: {error}"), Some(WHO), None);
            None
        }
    }
}

fn acting<'n>(reader: &mut Reader<'n>, at: &At<'n>) -> Option<Acting> {
    let fields = reader.fields(at, "an acting task", &ACTING, &["dag"])?;
    let mut text = |name| reader.text_of(&fields, name, "an id").map(str::to_owned);
    let (dag, run, task) = (text("dag"), text("run"), text("task"));
    let words = Proof::ALL.map(Proof::as_str);
    let proof = match fields.get("proof") {
        None => Some(Proof::Pod),
        Some(at) => {
            let word = reader.text(at, "a proof")?;
            let proof = Proof::parse(word);
            if proof.is_none() {
                reader.unknown_word(at, "found", word, &words);
            }
            proof
        }
    };
    Some(Acting {
        dag: dag?,
        run,
        task,
        proof: proof?,
    })
}

fn answer<'n>(reader: &mut Reader<'n>, at: &At<'n>) -> Option<Answer> {
    let fields = reader.fields(at, "Airflow's answer to `run`", &ANSWER, &["dag"])?;
    let mut text = |name| reader.text_of(&fields, name, "an id").map(str::to_owned);
    let (dag, run) = (text("dag"), text("run"));
    let team = match fields.get("team") {
        None => None,
        Some(at) if matches!(at.node.kind, Kind::Scalar(Value::Null)) => Some(None),
        Some(at) => {
            let team = reader.text(at, "a team, or `null` for a run of no team")?;
            Some(Some(team.to_owned()))
        }
    };
    Some(Answer { dag: dag?, run, team })
}

fn token<'n>(reader: &mut Reader<'n>, at: &At<'n>, known: &Known<'_>) -> Option<Vouched> {
    let fields = reader.fields(at, "a token", &TOKEN, &["issuer", "claims"])?;
    let issuer = reader.text_of(&fields, "issuer", "the name of an issuer in the policy")?;
    if let Some(at) = fields.get("issuer")
        && !known.issuers.contains(&issuer)
    {
        reader.unknown_word(at, "the policy has no issuer", issuer, &known.issuers);
    }
    let at = fields.get("claims")?;
    reader.entries(at, "the claims")?;
    match at.node.to_json() {
        Value::Object(claims) => Some(Vouched {
            issuer: issuer.to_owned(),
            claims,
        }),
        _ => None,
    }
}

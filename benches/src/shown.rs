//! A service account's token in the form of Kubernetes, and a policy that reads it.

use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use dagward::caller::Principal;
use dagward::operation::Surface;
use dagward::policy::Ruleset;
use dagward::token::{
    Algorithm, Checked, Key, KeySet, Keys, Presented, Signatures, TokenVerifiers, Tokens, check,
};
use dagward::wire::Header;

use crate::{measured, request, ruleset};

/// A time, in Unix seconds, at which the token is valid.
const NOW: u64 = 1_795_000_060;

const HEADER: &str = "x-service-account-token";

const POLICY: &str = concat!(
    r#"{"apiVersion":"dagward/v1","mode":"enforce","policies":[],"tokens":[{"name":"pods","kind":"kubernetes","#,
    r#""issuer":"https://kubernetes.default.svc.cluster.local","audiences":["airflow"],"#,
    r#""locations":[{"header":"x-service-account-token"}],"surfaces":["execution"],"#,
    r#""jwks":{"keys":[{"kty":"RSA","kid":"k1","e":"AQAB","n":""#,
    "xXx2nznYZEGZwOW9vPvIWzfOkcveH8Gw6mtE8TBDbdcp_mm9nozrpqB9HewlsbCH7-JsB_8NIdfbCzN3dzilxnTTf_E26sE_VTIj",
    "pjhBRg07aqHmjWgnKPYQ-xx_2S1fougUeABxUt6oZR8_zll5YWjpM4uH_hoaRc_tklkj1D-Zc1sDINsuu6KaezdslnxoHSiMR7GC",
    "nC4hnJXqncwR3kWVBsTxKbJjXtLbKHaLDcNX0xHMSB5qEupChiMcaTCeS14Rnn7A4HFmXG8geInaITBRdAC5GOv4qmEU37IzXAH7",
    "7p41qzwKxhnGKTe_48r1N_N_-1mRdSqAHVbfDLqeKw",
    r#""}]}}]}"#,
);

/// [`Believing`] accepts its signature.
const TOKEN: &str = concat!(
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.",
    "eyJhdWQiOlsiYWlyZmxvdyJdLCJleHAiOjE3OTUwMDM2MDAsImlhdCI6MTc5NTAwMDAwMCwiaXNzIjoiaHR0cHM6Ly9rdWJlcm5l",
    "dGVzLmRlZmF1bHQuc3ZjLmNsdXN0ZXIubG9jYWwiLCJqdGkiOiIwMTlhYjFjMi03ZDExLTdiM2YtYTNjNC01ZDZlN2Y4MDkxMTIi",
    "LCJrdWJlcm5ldGVzLmlvIjp7Im5hbWVzcGFjZSI6ImFpcmZsb3ciLCJub2RlIjp7Im5hbWUiOiJub2RlLTEiLCJ1aWQiOiI1ZDZl",
    "N2Y4MC05MTEyLTRiM2YtYTNjNC0wMTlhYjFjMjdkMTEifSwicG9kIjp7Im5hbWUiOiJ3b3JrZXItc2FsZXMtN2Q5ZjZjNWI4LXgy",
    "eDR6IiwidWlkIjoiMDE5YWIxYzItOTExMi00YjNmLWEzYzQtNWQ2ZTdmODA3ZDExIn0sInNlcnZpY2VhY2NvdW50Ijp7Im5hbWUi",
    "OiJ3b3JrZXItc2FsZXMiLCJ1aWQiOiI3ZDExYjFjMi0wMTlhLTRiM2YtYTNjNC01ZDZlN2Y4MDkxMTIifX0sIm5iZiI6MTc5NTAw",
    "MDAwMCwic3ViIjoic3lzdGVtOnNlcnZpY2VhY2NvdW50OmFpcmZsb3c6d29ya2VyLXNhbGVzIn0",
    ".",
    "XecPSrp0S1DyayP2KGnqMpaMCoqOVEngREyGraHaL6Arbmw0bdaBLpfN4_A0VvP3F-nNsDuqZjImwnD3lo4Q9zJBzORX7xpi8G19",
    "TByghQWK8XZckVM3aoAYfCqTG5DvZLhMJfwtiUMA_6wQaWr0VLPeJU2EJUHRr2plmo9aDZZNt90AlhOSmEoZja2rQyq1uWiAVubY",
    "5hAnZ1lPa074WppmitEmOlpOxR0Se5GRSLI_0ddQhkxNL98gMXv1Rfh4UjJltLQ0Fi3znJcO_iGVQegfoPn_E2PwZ4TaBe4cAPMB",
    "kfK_so-OWzodStg50X9n6BKgBO-Vj4ymN6nJCUM4aw",
);

/// Finds and verifies the token. If `known` is set, the token was verified before; otherwise this
/// does all of its verification except the signature, which the proxy checks.
pub(crate) fn judge(known: bool) -> Result<()> {
    let ruleset = ruleset(POLICY.as_bytes())?;
    let peer = Principal::parse(request::PEER)?;
    let mut headers: Vec<Header<'_>> = request::HEADERS.to_vec();
    headers.push((HEADER.as_bytes(), TOKEN.as_bytes()));
    let tokens = Tokens::new([7; 16]);
    if known {
        results(&ruleset, &tokens, &headers, &peer);
    }
    let checked = measured(|| results(&ruleset, &tokens, &headers, &peer));
    ensure!(
        checked.refused.is_none(),
        "the token is refused: {:?}",
        checked.refused
    );
    let results = checked.results.first().context("there was no token")?;
    let expected = if known { "cached" } else { "verified" };
    ensure!(results.result() == expected, "the token is {}", results.result());
    Ok(())
}

fn results(ruleset: &Ruleset, tokens: &Tokens, headers: &[Header<'_>], peer: &Principal) -> Checked {
    let presented = Presented {
        surface: Surface::Execution,
        query: "",
        headers,
        peer: Some(peer),
    };
    check(ruleset.issuers(), verifiers(tokens), presented)
}

/// The token verifiers of the benchmark.
pub(crate) fn verifiers(tokens: &Tokens) -> TokenVerifiers<'_> {
    TokenVerifiers {
        tokens,
        keys: &Unfetched,
        signatures: &Believing,
        istio: &|| Ok(Vec::new()),
        now: NOW,
    }
}

/// Fetches no keys: they stand in the policy.
struct Unfetched;

impl Keys for Unfetched {
    fn of(&self, _: usize) -> Option<Rc<KeySet>> {
        None
    }

    fn lacking(&self, _: usize) -> bool {
        false
    }

    fn generation(&self) -> u64 {
        0
    }
}

/// Accepts every signature.
struct Believing;

impl Signatures for Believing {
    fn can(&self, _: Algorithm) -> bool {
        true
    }

    fn verify(&self, _: Algorithm, _: &Key, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

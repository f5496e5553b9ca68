//! Task-level zero trust for Apache Airflow on Istio: the engine of the proxy-wasm filter.
//!
//! A request passes these modules in order:
//!
//! 1. [`caller`]: the peer's SPIFFE ID and the task it acts for, with its proof.
//!    [`token`]: the tokens of the request, verified.
//! 2. [`operation`]: path → surface → route → action on a resource, in Airflow's words.
//! 3. [`policy`]: document → compile → index → decide, with reasons.
//! 4. [`stamp`]: request IDs and task headers, in and out.
//! 5. [`metrics`]: series names, label escaping, the cap on series.
//! 6. [`learn`]: the facts about acting tasks that Airflow's answers prove.
//!
//! [`configuration`] chooses the policy in force. [`authorize`] leads a request through these modules, and
//! [`exchange`] plays a request's life: events in, effects out. The crate uses plain types and knows no host.
//! The module that Envoy loads is the crate `dagward-module`.

#![forbid(unsafe_code)]

pub mod authorize;
pub mod caller;
pub mod configuration;
pub mod exchange;
pub mod fact;
pub mod learn;
pub mod metrics;
pub mod operation;
pub mod policy;
pub mod stamp;
pub mod store;
pub mod token;
pub mod verdict;
pub mod wire;

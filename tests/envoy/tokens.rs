//! Tokens, judged by the filter in a real proxy.

mod differential;
mod istio;
mod oidc;

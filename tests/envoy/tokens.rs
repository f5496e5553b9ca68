//! Tokens, judged by the filter in a real proxy.

mod differential;
mod file;
mod istio;
mod oidc;

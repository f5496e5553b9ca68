//! Tokens as issuers sign them and as attackers forge them.

pub mod jwt;

//! Tokens as issuers sign them and as attackers forge them.

pub mod edit;
pub mod jwt;
pub mod slip;

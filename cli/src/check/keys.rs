//! Warnings about the keys of a policy that the filter accepts: secret keys, and keys that it cannot use.

use dagward::policy::{FieldPath, Ruleset};
use dagward::token::{KeySet, Material, Source};

use super::code::Code;
use crate::report::Problem;
use crate::source::node::{Node, Part};

/// Warns of the keys in a document.
pub(super) fn warnings(root: &Node, base: &FieldPath, ruleset: &Ruleset) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for (number, issuer) in ruleset.issuers().iter().enumerate() {
        let Source::Inline(keys) = &issuer.source else {
            continue;
        };
        let path = base.key("tokens").index(number).key("jwks");
        warnings.extend(of(keys).into_iter().map(|(code, message, allowed)| Problem {
            code,
            span: root.locate(&path, Part::Key),
            path: path.clone(),
            message,
            allowed,
            suggestion: None,
        }));
    }
    warnings
}

/// The messages about a key set, each with a better way where there is one.
fn of(keys: &KeySet) -> Vec<(Code, String, Option<String>)> {
    let is_secret = |material: &Material| matches!(material, Material::Secret(_));
    let secret = keys.keys().iter().any(|key| is_secret(&key.material)).then(|| {
        let message = "has a secret key (`kty: oct`), and a WasmPlugin is not a Secret: every account that can read it or \
                       the proxy's configuration can sign tokens";
        let allowed = "`jwksUri` to a file that is mounted from a Secret";
        (Code::SecretKey, message.to_owned(), Some(allowed.to_owned()))
    });
    let left_out = keys
        .left_out()
        .map(|why| (Code::LeftOutKey, format!("left out: {why}"), None));
    secret.into_iter().chain(left_out).collect()
}

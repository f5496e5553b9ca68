use super::super::testing::{facts, ruleset, token};
use super::*;
use crate::token::Verified;
use std::rc::Rc;

const RULE: &str = r#"{"from":[{"principals":["spiffe://td/ns/airflow/sa/w-{team}","spiffe://td/ns/b/sa/{team}"],
    "claims":{"groups":["{team}-*","admins"]},"notClaims":{"email":["*@x"]}}],
    "to":[{"methods":["GET","POST"],"notPaths":["/{team}"]},{"hosts":["other"]}]}"#;

/// The conditions of the first rule after these requests: side, entry, word, held, failed, and the patterns that
/// matched.
fn covered(action: &str, requests: &[(&str, &[Rc<Verified>])]) -> (usize, Vec<String>) {
    let ruleset = ruleset(action, RULE);
    let mut coverage = Coverage::new(&ruleset);
    for (principal, tokens) in requests {
        facts(Some(principal), tokens, |facts| coverage.add(facts));
    }
    let rule = coverage.rules().first().unwrap();
    let lines = rule.conditions().map(|(side, entry, condition)| {
        let matched: Vec<&str> = condition
            .alternatives
            .iter()
            .filter(|alternative| alternative.matched)
            .map(|alternative| alternative.pattern.as_str())
            .collect();
        let claim = condition.claim.unwrap_or_default();
        format!(
            "{}[{entry}].{}{claim} {}{} {}",
            side.word(),
            condition.word,
            if condition.held { "held " } else { "" },
            if condition.failed { "failed" } else { "" },
            matched.join(",")
        )
    });
    (rule.decided, lines.collect())
}

#[test]
fn a_condition_is_tried_up_to_the_first_that_fails() {
    let ml = "spiffe://td/ns/airflow/sa/w-ml";
    let member = token("https://o/a", r#"{"groups":["ml-dev"],"email":"a@x"}"#);
    let guest = token("https://o/b", r#"{"groups":["guests"]}"#);
    let admin = token("https://o/c", r#"{"groups":["admins"],"email":"c@y"}"#);
    let none = (
        0,
        vec![
            "from[0].principals   ",
            "from[0].claimsgroups   ",
            "from[0].notClaimsemail   ",
            "to[0].methods   ",
            "to[0].notPaths   ",
            "to[1].hosts   ",
        ],
    );
    let expected = |(decided, lines): (usize, Vec<&str>)| {
        (decided, lines.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let trim = |(decided, lines): (usize, Vec<String>)| {
        (
            decided,
            lines
                .iter()
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(trim(covered("ALLOW", &[])), trim(expected(none)));
    let first = "spiffe://td/ns/airflow/sa/w-{team}";
    assert_eq!(
        trim(covered("ALLOW", &[(ml, &[]), (ml, &[member, guest])])),
        (
            0,
            vec![
                format!("from[0].principals held {first}"),
                "from[0].claimsgroups held failed {team}-*".to_owned(),
                "from[0].notClaimsemail failed *@x".to_owned(),
                "to[0].methods".to_owned(),
                "to[0].notPaths".to_owned(),
                "to[1].hosts".to_owned(),
            ]
        )
    );
    assert_eq!(
        trim(covered(
            "ALLOW",
            &[(ml, &[admin]), ("spiffe://td/ns/c/sa/ml", &[])]
        )),
        (
            1,
            vec![
                format!("from[0].principals held failed {first}"),
                "from[0].claimsgroups held admins".to_owned(),
                "from[0].notClaimsemail held".to_owned(),
                "to[0].methods held GET".to_owned(),
                "to[0].notPaths held".to_owned(),
                "to[1].hosts failed".to_owned(),
            ]
        )
    );
}

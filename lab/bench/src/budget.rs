//! The budgets: the most that the filter may cost.

use serde_json::{Value, json};

use super::findings::Findings;

/// A budget and its measured value.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) budget: &'static str,
    pub(super) limit: f64,
    pub(super) measured: f64,
}

impl Verdict {
    /// Whether the measured value is within the budget.
    pub(super) fn met(&self) -> bool {
        self.measured <= self.limit
    }
}

/// Every budget.
pub(super) fn verdicts(findings: &Findings) -> Vec<Verdict> {
    let dagward = |rules| findings.cpu_us("dagward", Some(rules));
    let verdict = |budget, limit, measured| Verdict {
        budget,
        limit,
        measured,
    };
    let flood = &findings.tokens.flood;
    let counted = findings.instructions.iter().flatten();
    let dearest = counted.filter(|case| case.worst).map(|case| case.instructions);
    let mut verdicts = vec![
        verdict(
            "CPU per request at 10,000 rules, relative to the empty filter",
            1.35,
            dagward(10_000) / findings.cpu_us("empty", None),
        ),
        verdict(
            "the same, relative to the checks in Lua",
            1.0,
            dagward(10_000) / findings.cpu_us("lua", Some(10_000)),
        ),
        verdict(
            "the same, relative to 10 rules",
            1.1,
            dagward(10_000) / dagward(10),
        ),
        verdict(
            "CPU added by a token that was verified before, µs",
            3.0,
            findings.tokens.cached_more_us,
        ),
        verdict(
            "CPU added by the first verification of a token, RS256, µs",
            60.0,
            findings.first_more_us("RS256"),
        ),
        verdict(
            "memory of a VM after very many tokens, relative to 4,096 tokens",
            1.05,
            flood.linear_bytes_after as f64 / flood.linear_bytes_before as f64,
        ),
        verdict("module, MB", 1.0, findings.module_bytes as f64 / 1e6),
        verdict(
            "memory of a VM at 10,000 rules, MiB",
            8.0,
            findings.loading.linear_bytes_per_vm as f64 / f64::from(1 << 20),
        ),
        verdict("loading 10,000 rules in a VM, ms", 250.0, findings.loading.vm_ms),
    ];
    // Without valgrind there is no count of instructions.
    if let Some(dearest) = dearest.max() {
        let budget =
            "the most expensive request, in millions of instructions (10 are a millisecond, natively)";
        verdicts.push(verdict(budget, 10.0, dearest as f64 / 1e6));
    }
    verdicts
}

/// The findings as JSON, with the verdict on each budget.
pub(super) fn to_json(findings: &Findings) -> Value {
    let budgets: Vec<Value> = verdicts(findings)
        .into_iter()
        .map(|verdict| {
            json!({
                "budget": verdict.budget,
                "limit": verdict.limit,
                "measured": verdict.measured,
                "met": verdict.met(),
            })
        })
        .collect();
    json!({"findings": findings, "budgets": budgets})
}

//! The results of a run as Markdown tables, in the form that `docs/numbers.md` uses.

use std::fmt;

use super::budget;
use super::findings::{Findings, Instructions, Proxy, Verification};

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = &self.about;
        writeln!(
            f,
            "{}, {} ({} CPUs), Envoy {} with one worker, medians of {} rounds of {} requests\n",
            about.date,
            about.cpu,
            about.cpus,
            about.envoy,
            about.rounds,
            grouped(about.requests)
        )?;
        self.proxies(f)?;
        self.tokens(f)?;
        self.instructions(f)?;
        self.budgets(f)
    }
}

impl Findings {
    fn proxies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = self.cpu_us("none", None);
        let empty = self.cpu_us("empty", None);
        writeln!(
            f,
            "| filter | CPU µs per request | × none | × empty filter | p50 µs | p99 µs |\n|---|--:|--:|--:|--:|--:|"
        )?;
        for proxy in &self.proxies {
            writeln!(
                f,
                "| {} | {:.1} | {:.2} | {:.2} | {:.0} | {:.0} |",
                name(proxy),
                proxy.cpu_us,
                proxy.cpu_us / none,
                proxy.cpu_us / empty,
                proxy.p50_us,
                proxy.p99_us
            )?;
        }
        let loading = &self.loading;
        writeln!(
            f,
            "\n{} rules: {:.0} ms of CPU to load in a VM ({:.0} ms until Envoy has accepted them), {:.1} MiB of memory of the \
             module in a VM ({:.1} MiB of the process for each). Module: {} bytes.\n",
            grouped(loading.rules.into()),
            loading.vm_ms,
            loading.taken_ms,
            mebibytes(loading.linear_bytes_per_vm),
            mebibytes(loading.resident_bytes_per_vm),
            grouped(self.module_bytes)
        )
    }

    fn tokens(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = &self.tokens;
        writeln!(
            f,
            "An RS256 token: {:.1} µs of CPU per request if no policy looks at it, {:+.1} µs if a policy does and the token \
             was verified before.\n",
            tokens.unread_us, tokens.cached_more_us
        )?;
        writeln!(
            f,
            "| first verification of a token | verified by | CPU µs more |\n|---|---|--:|"
        )?;
        for Verification {
            algorithm,
            verifier,
            first_more_us,
        } in &tokens.verifications
        {
            writeln!(f, "| {algorithm} | the {verifier} | {first_more_us:.1} |")?;
        }
        let flood = &tokens.flood;
        writeln!(
            f,
            "\n{} HS512 tokens, each shown once ({:.0} a second): {:.1} MiB of memory of the module in a VM after the first {}, \
             {:.1} MiB after all ({:.1} and {:.1} MiB of the process).\n",
            grouped(flood.tokens),
            flood.per_second,
            mebibytes(flood.linear_bytes_before),
            grouped(flood.warm),
            mebibytes(flood.linear_bytes_after),
            mebibytes(flood.resident_bytes_before),
            mebibytes(flood.resident_bytes_after)
        )
    }

    fn instructions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(cases) = &self.instructions else {
            return writeln!(
                f,
                "Instructions were not counted: `valgrind` is missing (Debian: `apt-get install valgrind`).\n"
            );
        };
        writeln!(f, "| native | instructions |\n|---|--:|")?;
        for Instructions {
            case, instructions, ..
        } in cases
        {
            writeln!(f, "| {case} | {} |", grouped(*instructions))?;
        }
        writeln!(f)
    }

    fn budgets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| budget | at most | measured | |\n|---|--:|--:|---|")?;
        for verdict in budget::verdicts(self) {
            writeln!(
                f,
                "| {} | {} | {:.2} | {} |",
                verdict.budget,
                verdict.limit,
                verdict.measured,
                if verdict.met() { "met" } else { "**missed**" }
            )?;
        }
        Ok(())
    }
}

fn name(proxy: &Proxy) -> String {
    let (name, unit) = match proxy.filter {
        "none" => ("none", ""),
        "empty" => ("the SDK's empty filter", ""),
        "lua" => ("the same checks in Lua", "rules"),
        "rbac" => ("Envoy's RBAC", "policies"),
        other => (other, "rules"),
    };
    match proxy.rules {
        Some(rules) => format!("{name}, {} {unit}", grouped(rules.into())),
        None => name.to_owned(),
    }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// `12,345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        let numbers = [0, 999, 1_000, 12_345, 1_000_000].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345", "1,000,000"]);
    }
}

//! The Prometheus text format, as far as Envoy uses it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

/// One series and its value. A histogram consists of its `_bucket`, `_sum` and `_count` series.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Metric name.
    pub name: String,
    /// Labels, unescaped.
    pub labels: BTreeMap<String, String>,
    /// Value.
    pub value: f64,
}

impl Sample {
    /// The value of a label; empty if the label is missing, which means the same in Prometheus.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// Whether the series has all of `labels`.
    pub fn carries(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().all(|(name, value)| self.label(name) == *value)
    }
}

/// All samples of an exposition.
pub(super) fn parse(text: &str) -> Result<Vec<Sample>> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| sample(line).with_context(|| format!("cannot read the sample `{line}`")))
        .collect()
}

fn sample(line: &str) -> Result<Sample> {
    let end = line.find(['{', ' ']).context("no value")?;
    let (name, rest) = line.split_at(end);
    let mut rest = rest.chars().peekable();
    let labels = if rest.next_if_eq(&'{').is_some() {
        labels(&mut rest)?
    } else {
        BTreeMap::new()
    };
    let value: String = rest.collect();
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value: value.trim().parse()?,
    })
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn labels(rest: &mut Chars<'_>) -> Result<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    loop {
        while rest.next_if_eq(&',').is_some() {}
        if rest.next_if_eq(&'}').is_some() {
            return Ok(labels);
        }
        let mut name = String::new();
        while let Some(char) = rest.next_if(|&char| char != '=') {
            name.push(char);
        }
        rest.next();
        if rest.next() != Some('"') {
            bail!("the label `{name}` has no quoted value");
        }
        labels.insert(name, quoted(rest)?);
    }
}

fn quoted(rest: &mut Chars<'_>) -> Result<String> {
    let mut value = String::new();
    loop {
        match rest.next().context("an unfinished label")? {
            '"' => return Ok(value),
            '\\' => match rest.next().context("an unfinished label")? {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_unescaped() {
        let text = "# TYPE a counter\n\
                    a{dag_id=\"a \\\"b\\\" \\\\ c,}=\\n\",task_id=\"\"} 3\n\
                    b 0.5\n\
                    c_bucket{le=\"+Inf\",} 1e3\n";
        let samples = parse(text).unwrap();
        assert_eq!(samples[0].name, "a");
        assert_eq!(samples[0].label("dag_id"), "a \"b\" \\ c,}=\n");
        assert!(samples[0].carries(&[("task_id", ""), ("absent", "")]));
        assert_eq!(
            samples[1],
            Sample {
                name: "b".into(),
                labels: BTreeMap::new(),
                value: 0.5
            }
        );
        assert_eq!(samples[2].value, 1000.0);
    }

    #[test]
    fn what_is_no_sample_is_an_error() {
        for text in ["a", "a{b=\"c\"", "a{b} 1", "a{b=\"c\"} x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

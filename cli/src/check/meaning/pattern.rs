//! A pattern of a valid document, as its text.

/// A pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pattern<'a> {
    /// Its text in the document.
    pub(super) text: &'a str,
    pub(super) shape: Shape,
    /// The text without its star.
    pub(super) body: &'a str,
}

/// The meaning of the star.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `*`
    Any,
    /// No star.
    Exact,
    /// `abc*`
    Prefix,
    /// `*abc`
    Suffix,
}

impl<'a> Pattern<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let (shape, body) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            _ if text == "*" => (Shape::Any, ""),
            (Some(body), _) => (Shape::Suffix, body),
            (None, Some(body)) => (Shape::Prefix, body),
            (None, None) => (Shape::Exact, text),
        };
        Self { text, shape, body }
    }

    /// Whether it has a variable.
    pub(super) fn is_template(&self) -> bool {
        self.text.contains('{')
    }

    /// The text before the first variable.
    pub(super) fn head(&self) -> &'a str {
        match self.shape {
            Shape::Suffix => "",
            _ => self.body.split('{').next().unwrap_or_default(),
        }
    }

    /// Whether it matches a word; a template may match any that its head begins.
    pub(super) fn matches(&self, word: &str) -> bool {
        if self.is_template() {
            return word.starts_with(self.head());
        }
        match self.shape {
            Shape::Any => true,
            Shape::Exact => self.body == word,
            Shape::Prefix => word.starts_with(self.body),
            Shape::Suffix => word.ends_with(self.body),
        }
    }

    /// Whether it matches everything that `inner` matches, without a look at variables.
    pub(super) fn covers(&self, inner: &Self) -> bool {
        if self.shape == Shape::Any {
            return true;
        }
        if self.is_template() {
            return false;
        }
        if inner.is_template() {
            return self.shape == Shape::Prefix && inner.head().starts_with(self.body);
        }
        match (self.shape, inner.shape) {
            (Shape::Exact, Shape::Exact) => self.body == inner.body,
            (Shape::Prefix, Shape::Exact | Shape::Prefix) => inner.body.starts_with(self.body),
            (Shape::Suffix, Shape::Exact | Shape::Suffix) => inner.body.ends_with(self.body),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_pattern_covers() {
        let covers = |outer, inner| Pattern::of(outer).covers(&Pattern::of(inner));
        for (outer, inner) in [
            ("*", "{team}_*"),
            ("a*", "ab*"),
            ("a*", "a"),
            ("*b", "ab"),
            ("w-*", "w-{team}"),
            ("a", "a"),
        ] {
            assert!(covers(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in [
            ("ab*", "a*"),
            ("a*", "*a"),
            ("{team}_*", "{team}_*"),
            ("a", "*"),
            ("w-a*", "w-{team}"),
            ("*b", "b*"),
        ] {
            assert!(!covers(outer, inner), "{outer} {inner}");
        }
    }
}

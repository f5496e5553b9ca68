//! Patterns as in Istio's AuthorizationPolicy (exact, `prefix*`, `*suffix`, presence `*`), with
//! variables in braces.

use std::fmt;

/// The meaning of the star in a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Shape {
    /// `*`: any value that is not empty.
    Any,
    /// No star: this value.
    Exact,
    /// `abc*`: values that begin with `abc`.
    Prefix,
    /// `*abc`: values that end with `abc`.
    Suffix,
}

/// A piece of a pattern as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Literal text, never empty.
    Text(&'t str),
    /// The name between braces.
    Variable(&'t str),
}

/// A pattern as written, split into pieces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written<'t> {
    pub(super) shape: Shape,
    pub(super) pieces: Vec<Piece<'t>>,
}

/// The reason why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadPattern {
    Empty,
    StarInside,
    Braces,
    VariableName,
    BindsAcrossStar,
    TwoVariables,
    TwoNewVariables,
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::StarInside => "has a `*` that is neither its first nor its last character",
            Self::Braces => "has a brace without its twin",
            Self::VariableName => {
                "has a variable whose name is not a letter followed by letters, digits or `_`"
            }
            Self::BindsAcrossStar => "binds a variable next to a `*`, so that it could bind in two ways",
            Self::TwoVariables => {
                "has two variables in one path segment, so that they could bind in two ways"
            }
            Self::TwoNewVariables => "binds two variables, or one twice, so that they could bind in two ways",
        })
    }
}

impl<'t> Written<'t> {
    /// Splits `text` into shape and pieces.
    pub(super) fn parse(text: &'t str) -> Result<Self, BadPattern> {
        if text.is_empty() {
            return Err(BadPattern::Empty);
        }
        let (shape, body) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            _ if text == "*" => (Shape::Any, ""),
            (Some(_), Some(_)) => return Err(BadPattern::StarInside),
            (Some(suffix), None) => (Shape::Suffix, suffix),
            (None, Some(prefix)) => (Shape::Prefix, prefix),
            (None, None) => (Shape::Exact, text),
        };
        if body.contains('*') {
            return Err(BadPattern::StarInside);
        }
        Ok(Self {
            shape,
            pieces: pieces(body)?,
        })
    }

    /// The names of its variables, including repeats.
    pub(super) fn variables(&self) -> impl Iterator<Item = &'t str> + '_ {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(*name),
            Piece::Text(_) => None,
        })
    }

    /// Whether it contains a variable.
    pub(super) fn is_template(&self) -> bool {
        self.variables().next().is_some()
    }

    /// Checks that the pattern can bind its variables in one way only: each to a whole piece of one path
    /// segment, delimited by the literal text around it.
    pub(super) fn check_binds(&self) -> Result<(), BadPattern> {
        if self.shape == Shape::Suffix && self.is_template() {
            return Err(BadPattern::BindsAcrossStar);
        }
        let mut open = false;
        for piece in &self.pieces {
            match piece {
                Piece::Variable(_) if open => return Err(BadPattern::TwoVariables),
                Piece::Variable(_) => open = true,
                Piece::Text(text) if text.contains('/') => open = false,
                Piece::Text(_) => {}
            }
        }
        if open && self.shape == Shape::Prefix {
            return Err(BadPattern::BindsAcrossStar);
        }
        Ok(())
    }

    /// Checks that the pattern, matched with a whole value, can bind in one way only those of its variables that
    /// are not `bound` yet.
    pub(super) fn check_binds_whole(&self, bound: &[&str]) -> Result<(), BadPattern> {
        match self.variables().filter(|name| !bound.contains(name)).count() {
            0 => Ok(()),
            1 if self.shape == Shape::Exact => Ok(()),
            1 => Err(BadPattern::BindsAcrossStar),
            _ => Err(BadPattern::TwoNewVariables),
        }
    }
}

fn pieces(body: &str) -> Result<Vec<Piece<'_>>, BadPattern> {
    let mut pieces = Vec::new();
    let mut rest = body;
    while let Some((text, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or(BadPattern::Braces)?;
        if text.contains('}') || name.contains('{') {
            return Err(BadPattern::Braces);
        }
        if !is_variable_name(name) {
            return Err(BadPattern::VariableName);
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        pieces.push(Piece::Variable(name));
        rest = tail;
    }
    if rest.contains('}') {
        return Err(BadPattern::Braces);
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|other| other.is_ascii_alphanumeric() || other == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Written<'_> {
        Written::parse(text).unwrap()
    }

    #[test]
    fn shapes() {
        assert_eq!(written("*").shape, Shape::Any);
        assert_eq!(written("abc").shape, Shape::Exact);
        assert_eq!(written("abc*").shape, Shape::Prefix);
        assert_eq!(written("*abc").shape, Shape::Suffix);
    }

    #[test]
    fn pieces_of_a_template() {
        assert_eq!(
            written("ns/{ns}/sa/w-{team}").pieces,
            [
                Piece::Text("ns/"),
                Piece::Variable("ns"),
                Piece::Text("/sa/w-"),
                Piece::Variable("team")
            ]
        );
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        for (text, why) in [
            ("", BadPattern::Empty),
            ("**", BadPattern::StarInside),
            ("a*b", BadPattern::StarInside),
            ("*a*", BadPattern::StarInside),
            ("{", BadPattern::Braces),
            ("a}", BadPattern::Braces),
            ("{a{b}", BadPattern::Braces),
            ("{}", BadPattern::VariableName),
            ("{1}", BadPattern::VariableName),
            ("{a-b}", BadPattern::VariableName),
        ] {
            assert_eq!(Written::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn refuses_to_bind_in_two_ways() {
        for (text, why) in [
            ("{a}{b}", Err(BadPattern::TwoVariables)),
            ("{a}-{b}", Err(BadPattern::TwoVariables)),
            ("x/{a}-*", Err(BadPattern::BindsAcrossStar)),
            ("*-{a}", Err(BadPattern::BindsAcrossStar)),
            ("x/{a}/*", Ok(())),
            ("{a}/{b}", Ok(())),
            ("x-{a}-y", Ok(())),
        ] {
            assert_eq!(written(text).check_binds(), why, "{text}");
        }
    }
}

//! The counts of a text.

use std::iter::Sum;

use super::extract::Paragraph;

/// Words that open a free relative clause. A sentence that ends with `?` is a question and does not
/// count.
const RELATIVES: [&str; 6] = ["what", "whatever", "who", "whoever", "whom", "whose"];

/// Words that name no caller, attacker or operator.
const INDEFINITE: [&str; 5] = ["nobody", "whoever", "whomever", "anybody", "somebody"];

/// The counts of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) words: usize,
    pub(super) free_relatives: usize,
    pub(super) indefinite: usize,
}

impl Count {
    pub(super) fn of(paragraphs: &[Paragraph]) -> Self {
        paragraphs.iter().map(Self::of_paragraph).sum()
    }

    fn of_paragraph(paragraph: &Paragraph) -> Self {
        let words: Vec<String> = words(&paragraph.text).collect();
        let free_relatives = match paragraph.is_cell {
            // A cell is seldom a sentence: "what it does" can head a column.
            true => 0,
            false => sentences(&paragraph.text)
                .filter(|sentence| is_free_relative(sentence))
                .count(),
        };
        Self {
            words: words.len(),
            free_relatives,
            indefinite: words.iter().filter(|word| is_indefinite(word)).count(),
        }
    }

    pub(super) fn free_relatives_per_1000(self) -> f64 {
        per_1000(self.free_relatives, self.words)
    }

    pub(super) fn indefinite_per_1000(self) -> f64 {
        per_1000(self.indefinite, self.words)
    }

    /// The number of places to rewrite.
    pub(super) fn found(self) -> usize {
        self.free_relatives + self.indefinite
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, count| Self {
            words: sum.words + count.words,
            free_relatives: sum.free_relatives + count.free_relatives,
            indefinite: sum.indefinite + count.indefinite,
        })
    }
}

fn per_1000(found: usize, words: usize) -> f64 {
    found as f64 * 1000.0 / words.max(1) as f64
}

/// The words, in lower case, without surrounding punctuation.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
}

fn is_indefinite(word: &str) -> bool {
    let word = word
        .strip_suffix("'s")
        .or(word.strip_suffix("’s"))
        .unwrap_or(word);
    INDEFINITE.contains(&word)
}

/// The sentences, each with its closing punctuation.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let sentence = rest.trim_start();
        if sentence.is_empty() {
            return None;
        }
        let end = sentence
            .match_indices(['.', '!', '?', ':'])
            .map(|(at, mark)| at + mark.len())
            .find(|&end| sentence.get(end..).is_some_and(is_start))
            .unwrap_or(sentence.len());
        let (first, after) = sentence.split_at(end);
        rest = after;
        Some(first)
    })
}

/// Whether a sentence can begin after a punctuation mark.
fn is_start(rest: &str) -> bool {
    rest.starts_with(char::is_whitespace)
        && rest
            .trim_start()
            .chars()
            .find(|c| c.is_alphanumeric())
            .is_none_or(|c| !c.is_lowercase())
}

fn is_free_relative(sentence: &str) -> bool {
    let mut words = words(sentence);
    let opens = words
        .next()
        .is_some_and(|word| RELATIVES.contains(&word.as_str()));
    opens && !sentence.trim_end().ends_with('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> (usize, usize) {
        let count = Count::of(&[Paragraph::prose(text)]);
        (count.free_relatives, count.indefinite)
    }

    #[test]
    fn a_sentence_that_opens_with_what_is_counted() {
        assert_eq!(
            count("It counts. What is not known counts for the safe side."),
            (1, 0)
        );
        assert_eq!(count("Who asks is known. Whose it is, is not."), (2, 0));
        assert_eq!(count("**What to do**: whatever he says is refused."), (1, 0));
        assert_eq!(
            count("Says what is not known. It names a file, e.g. what.txt."),
            (0, 0)
        );
    }

    #[test]
    fn a_question_is_no_free_relative() {
        assert_eq!(count("What proves it? The certificate does."), (0, 0));
    }

    #[test]
    fn persons_who_are_none_are_counted() {
        assert_eq!(
            count("Nobody knows it, and somebody's token counts for anybody."),
            (0, 3)
        );
        assert_eq!(count("Whoever asks is refused."), (1, 1));
        assert_eq!(count("A caller knows nobody-else.yaml."), (0, 0));
    }

    #[test]
    fn a_cell_is_no_sentence() {
        let cell = Paragraph::cell("What it does, and for whoever");
        let count = Count::of(&[cell]);
        assert_eq!((count.free_relatives, count.indefinite, count.words), (0, 1, 6));
    }
}

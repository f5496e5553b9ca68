//! Mutations of a target: other bytes that have the same meaning, or seem to.

use super::targets::Targets;

/// Pieces that can stand anywhere in a target, and that servers may read differently.
const PIECES: [&str; 62] = [
    "/",
    "//",
    "/.",
    "/..",
    "/./",
    "/../",
    "/.//",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "/%2e%2e/",
    "%2F",
    "%2f",
    "%252F",
    "%5C",
    "\\",
    ";",
    ";x=y",
    ";/",
    "%3B",
    "?",
    "%3F",
    "??",
    "#",
    "%23",
    "#x?",
    "%00",
    "%0A",
    "%0d%0a",
    "%20",
    " ",
    "+",
    "%2B",
    "\t",
    "\u{1}",
    "\u{7f}",
    "é",
    "\u{80}",
    "%C3%A9",
    "%FF",
    "%C0%AF",
    "%e0%80%af",
    "%c0%ae",
    "%EF%BC%8F",
    "%",
    "%2",
    "%zz",
    "%u002f",
    "~",
    "%7E",
    "%7e",
    ":",
    "://",
    "%3A%2F%2F",
    "@",
    "&",
    "%26",
    "=",
    "&dag_id=other",
    "?dag_id=other",
    ",",
];

/// Segments that have a meaning in some route, or in none.
const SEGMENTS: [&str; 16] = [
    "~",
    "",
    ".",
    "..",
    "list",
    "test",
    "details",
    "count",
    "previous",
    "slice",
    "item",
    "keys",
    "api",
    "execution",
    "dagRuns",
    "-1",
];

impl Targets {
    /// The target with one mutation.
    pub(super) fn mutated(&mut self, target: String) -> String {
        match self.random.below(16) {
            0..=2 => self.encode(&target),
            3 => target.replacen('/', "%2F", 1 + self.random.below(3)),
            4 => target.replacen('%', "%25", 1),
            5..=7 => {
                let piece = self.random.one_of(&PIECES);
                self.insert(&target, piece)
            }
            8 => self.other_segment(&target),
            9 => self.insert_segment(&target),
            10 => self.flip_case(&target),
            11 => self.rebase(&target),
            12 => target.replacen('?', "/?", 1),
            13 => self.absolute(&target),
            14 => self.splice(&target),
            _ => self.more_query(&target),
        }
    }

    /// Encodes some bytes that do not need it.
    fn encode(&mut self, target: &str) -> String {
        let mut target = target.to_owned();
        for _ in 0..1 + self.random.below(4) {
            let (at, upper) = (self.random.below(target.len().max(1)), self.random.one_in(2));
            target = encoded(&target, at, upper);
        }
        target
    }

    fn insert(&mut self, target: &str, piece: &str) -> String {
        let (before, after) = self.split(target);
        format!("{before}{piece}{after}")
    }

    fn other_segment(&mut self, target: &str) -> String {
        let mut segments: Vec<_> = target.split('/').collect();
        let place = self.random.below(segments.len());
        if let Some(segment) = segments.get_mut(place) {
            *segment = self.random.one_of(&SEGMENTS);
        }
        segments.join("/")
    }

    fn insert_segment(&mut self, target: &str) -> String {
        let mut segments: Vec<_> = target.split('/').collect();
        let place = self.random.below(segments.len() + 1);
        match self.random.one_in(3) && segments.len() > 1 {
            true => drop(segments.remove(place.min(segments.len() - 1))),
            false => segments.insert(place, self.random.one_of(&SEGMENTS)),
        }
        segments.join("/")
    }

    fn flip_case(&mut self, target: &str) -> String {
        let (before, after) = self.split(target);
        let mut after = after.chars();
        let flipped = after.next().map(|first| match first.is_ascii_lowercase() {
            true => first.to_ascii_uppercase(),
            false => first.to_ascii_lowercase(),
        });
        format!(
            "{before}{}{}",
            flipped.map(String::from).unwrap_or_default(),
            after.as_str()
        )
    }

    fn rebase(&mut self, target: &str) -> String {
        let base = self.base_path;
        match self.random.below(6) {
            0 => target.strip_prefix(base).unwrap_or(target).to_owned(),
            1 => format!("{base}{base}{target}"),
            2 => format!("{}{target}", base.replace('/', "%2f")),
            3 => format!("{}{target}", base.to_uppercase()),
            4 => format!("{base}x{target}"),
            _ => format!("{base}{target}"),
        }
    }

    fn absolute(&mut self, target: &str) -> String {
        let start = [
            "http://evil",
            "HTTP://evil:80",
            "https://a@b",
            "//evil",
            "/http:/",
            "x:",
            "evil:80",
            "http:",
        ];
        format!("{}{target}", self.random.one_of(&start))
    }

    /// The beginning of one route and the end of another.
    fn splice(&mut self, target: &str) -> String {
        let (_, template) = self.random.one_of(&self.routes);
        let other = self.filled(template);
        let (before, _) = self.split(target);
        let (_, after) = self.split(&other);
        format!("{before}{after}")
    }

    /// Repeats pairs of the query in another order.
    fn more_query(&mut self, target: &str) -> String {
        let Some((path, query)) = target.split_once('?') else {
            return target.to_owned() + &self.query();
        };
        let mut pairs: Vec<_> = query.split('&').collect();
        pairs.reverse();
        if self.random.one_in(2) {
            pairs.push(self.random.one_of(&pairs.clone()));
        }
        format!("{path}?{}", pairs.join("&"))
    }

    /// Splits at a random place.
    fn split<'t>(&mut self, target: &'t str) -> (&'t str, &'t str) {
        let mut at = self.random.below(target.len() + 1);
        while !target.is_char_boundary(at) {
            at -= 1;
        }
        target.split_at(at)
    }
}

/// `text` with its byte at `place` encoded, or the previous one that begins a character.
pub(super) fn encoded(text: &str, place: usize, upper: bool) -> String {
    let bytes = text
        .bytes()
        .enumerate()
        .map(|(at, byte)| match at == place && byte.is_ascii() {
            true if upper => format!("%{byte:02X}").into_bytes(),
            true => format!("%{byte:02x}").into_bytes(),
            false => vec![byte],
        });
    String::from_utf8(bytes.flatten().collect()).unwrap()
}

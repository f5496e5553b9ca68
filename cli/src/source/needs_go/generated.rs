//! Generated files for the comparison.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A file with one scalar in it: as a value or a key, in a block or in brackets.
pub(super) fn scalar_in_a_file() -> impl Strategy<Value = String> {
    let places = [
        ("a: ", "\n"),
        ("- ", "\n"),
        ("a:\n- b\n- ", "  # c\n"),
        ("a: [", "]\n"),
        ("a: [b, ", ", c]\n"),
        ("{a: ", "}\n"),
        ("", ": a\n"),
        ("a: {", ": b}\n"),
        ("a: {", "}\n"),
        ("", "\n"),
    ];
    let in_yaml = (scalar(), select(places.to_vec()))
        .prop_map(|(scalar, (before, behind))| format!("{before}{scalar}{behind}"));
    prop_oneof![9 => in_yaml, 1 => json()]
}

/// A file of JSON with one scalar in it.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?",
        "\"([a-z0-9 :#\u{7f}\u{85}\u{2028}\u{feff}\u{1f600}]|\\\\[btnfr\"/\\\\]|\\\\u[0-9a-f]{4}){0,5}\"",
        "true|false|null",
    ];
    scalar.prop_map(|scalar| format!("{{\"a\": [{scalar}]}}\n"))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => untagged(),
        1 => ("!!(str|int|float|bool|null|binary|timestamp|merge|seq|map)|!|!a|!<tag:yaml.org,2002:int>", untagged())
            .prop_map(|(tag, text)| format!("{tag} {text}")),
        1 => untagged().prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
        1 => "\"([a-z0-9 :#]|\\\\[0abtnvfreN_LP\"/ \\\\]|\\\\x[0-9a-f]{2}|\\\\u[0-9a-f]{4}){0,5}\"",
        1 => ("&x", untagged()).prop_map(|(anchor, text)| format!("{anchor} {text}")),
    ]
}

fn untagged() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[-+]?(0|0x|0X|0o|0O|0b|0B)?[0-9_]{0,6}(\\.[0-9_]{0,4})?([eE][-+]?[0-9_]{0,3})?",
        4 => "[-+]?(0|0x|0X|0o|0O|0b|0B)?[-+]?[0-9a-fA-F_]{0,6}",
        6 => "[-+._0-3eExXoObBpP:]{1,8}",
        // Numbers around the bounds of 64-bit integers and of floats.
        1 => "[-+]?(9223372036854775|18446744073709551|4611686018427387)[0-9]{3,4}",
        1 => "[-+]?0x[078f][0-9a-f]{13,16}|[-+]?0b1[01]{60,64}|[-+]?0o?[0-7]{19,23}",
        1 => "[-+]?[0-9]{1,20}(\\.[0-9]{0,20})?[eE][-+]?[0-9]{1,3}|\\.[0-9]{1,20}([eE][-+]?[0-9]{1,3})?",
        2 => "[yY]([eE][sS])?|[nN][oO]?|[oO]([nN]|[fF][fF])|[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]",
        2 => "[nN][uU][lL][lL]|~|=|<<|[-+]?\\.?([iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])",
        1 => "([yYnN]|yes|No|on|OFF|true|NULL|~|\\.inf)[-_.0-9a ]{1,2}",
        2 => "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?(Z| ?[-+][0-9]{1,2}(:[0-9]{2})?)?)?",
        2 => "[-+]?[0-9_]{1,3}(:[0-6]?[0-9_]){1,3}(\\.[0-9]*)?",
        2 => "[a-z0-9]{1,3}[_.*{}-]{0,2}[a-z0-9]{1,3}",
        1 => "[-?:,\\[\\]{}#&*!|>'\"%@`<~=ab1 \t]{1,6}",
        1 => "\\PC{1,3}",
        1 => "[ab\u{7f}\u{80}\u{85}\u{a0}\u{2028}\u{2029}\u{feff}\u{fffd}\u{e000}\u{1f600}]{1,3}",
    ]
}

/// A file of several lines: whole files with changes, or a sequence of pieces.
pub(super) fn file() -> impl Strategy<Value = String> {
    let whole = select(WHOLE).prop_map(str::to_owned);
    let edits = vec((any::<prop::sample::Index>(), 0..4usize, piece()), 0..4);
    let edited = (whole, edits).prop_map(|(mut text, edits)| {
        for (at, removed, piece) in edits {
            edit(&mut text, &at, removed, &piece);
        }
        text
    });
    let composed = vec(piece(), 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![3 => edited, 1 => composed]
}

fn edit(text: &mut String, at: &prop::sample::Index, removed: usize, piece: &str) {
    let characters: Vec<char> = text.chars().collect();
    let start = at.index(characters.len() + 1);
    let end = (start + removed).min(characters.len());
    let (before, behind) = (&characters[..start], &characters[end..]);
    *text = before
        .iter()
        .chain(&piece.chars().collect::<Vec<_>>())
        .chain(behind)
        .collect();
}

fn piece() -> impl Strategy<Value = String> {
    select(PIECES).prop_map(str::to_owned)
}

const PIECES: &[&str] = &[
    "",
    "a",
    "b",
    "1",
    "y",
    "~",
    "a: ",
    "b: ",
    "1: ",
    "- ",
    "? ",
    ": ",
    ":",
    " ",
    "  ",
    "\t",
    "\n",
    "\n  ",
    "\n- ",
    "\r\n",
    "\r",
    "\n\n",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{a0}",
    "\0",
    "\u{7f}",
    "\u{1f600}",
    "# c\n",
    " # c",
    "#c",
    "&x ",
    "*x",
    "*x ",
    "&y",
    "*y",
    "<<: *x\n",
    "<<: [*x, *y]",
    "<<: {a: 1}\n",
    "\"<<\": ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    "'",
    "\"",
    "''",
    "\\",
    "\\/",
    "\\x41",
    "\\ud83d\\ude00",
    "\\u00e9",
    "|\n",
    ">-\n",
    "|2\n",
    "|+\n",
    "---\n",
    "--- ",
    "---",
    "\n---\n",
    "\n--- # c\n",
    "...\n",
    "\n...\n",
    "%YAML 1.1\n",
    "%TAG ! !a\n",
    "!!str ",
    "!a ",
    "!a,",
    "!!map ",
    "@",
    "`",
    "%",
    "!",
    "&",
    "*",
    "|",
    ">",
    "null",
    "{\"a\": 1}",
    "a: 1\n",
    "  b: 2\n",
];

const WHOLE: &[&str] = &[
    "a: 1\nb:\n- c\n- d: e\n  f: 'g'\nh: \"i\"\n",
    "a: &x\n  b: 1\n  c: 2\nd:\n  <<: *x\n  b: 3\ne: *x\n",
    "a: &x {b: 1}\nb: &y {b: 2, c: 3}\nd: {<<: [*x, *y], e: 4}\n",
    "a: |\n  text\n  more\n\n  end\nb: >-\n  folded\n  text\nc: |+\n  kept\n\nd: 1\n",
    "# c\n---\na: 1\n---\n# c\n---\nb: 2\n...\n",
    "---\n# Source: chart/templates/a.yaml\n---\n# Source: chart/templates/b.yaml\na: 1\n",
    "{\"a\": [1, {\"b\": null}], \"c\": \"\\ud83d\\ude00\\/\"}\n",
    "{\"a\": 1}\n{\"b\": 2}\n",
    "{\"a\": 1}\n---\n{\"b\": 2}\n",
    "{a: [b, c], \"d\": {e: f}}\n",
    "a:\r\n- b\r\n- \"c\r\n  d\"\r\n",
    "a:\n  - b\n  -\n    c: d\n  - - e\n    - f\n",
    "? a\n: b\n? c\n",
    "a: b c\n  d e\nf: 'g\n  h'\n",
    "\ta: 1\n",
    "a:\tb\n-\tc\n",
    "kind: List\nitems:\n- kind: WasmPlugin\n  spec:\n    pluginConfig:\n      policies: []\n",
];

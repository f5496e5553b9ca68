#![expect(
    clippy::string_slice,
    reason = "a span that cuts a character must fail the test"
)]

use super::super::node::Part;
use super::*;
use dagward::policy::Step;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::json;
use serde_json::ser::{PrettyFormatter, Serializer};

fn only(text: &str) -> Document {
    let mut documents = read(text);
    assert_eq!(documents.broken, None);
    assert_eq!(documents.read.len(), 1, "{text}");
    documents.read.remove(0)
}

fn messages(text: &str) -> Vec<(String, String)> {
    let document = only(text);
    let of = |problem: &Problem| (text[problem.span.clone()].to_owned(), problem.message.clone());
    document.problems.iter().map(of).collect()
}

fn located<'t>(text: &'t str, path: &[Step], part: Part) -> &'t str {
    &text[only(text).root.locate(&FieldPath(path.to_vec()), part)]
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

#[test]
fn keys_and_values_know_their_places() {
    let yaml =
        "# é\r\na:\r\n- b: \"x\\\" y\"   # \"comment\"\r\n  c: 'ü''s' # it's\r\n- |\r\n  text\r\nd:\r\n";
    assert_eq!(
        located(yaml, &[key("a"), Step::Index(0), key("b")], Part::Value),
        "\"x\\\" y\""
    );
    assert_eq!(
        located(yaml, &[key("a"), Step::Index(0), key("b")], Part::Key),
        "b"
    );
    assert_eq!(
        located(yaml, &[key("a"), Step::Index(0), key("c")], Part::Value),
        "'ü''s'"
    );
    assert_eq!(
        located(yaml, &[key("a"), Step::Index(1)], Part::Value),
        "|\r\n  text\r\n"
    );
    assert_eq!(
        located(yaml, &[key("d")], Part::Value),
        "d",
        "nothing is written behind it"
    );
    assert_eq!(
        located(yaml, &[key("d"), key("e")], Part::Value),
        "d",
        "the last field that is there"
    );
}

#[test]
fn json_is_yaml() {
    let json = "{\n\t\"a\": [1, {\"b\\/\\u00e9\\ud83d\\ude00\": null}],\r\n\t\"c\":\"d\"}";
    assert_eq!(
        only(json).root.to_json(),
        json!({"a": [1, {"b/é😀": null}], "c": "d"})
    );
    assert_eq!(located(json, &[key("c")], Part::Value), "\"d\"");
    assert_eq!(located(json, &[key("c")], Part::Key), "\"c\"");
    assert_eq!(
        located(json, &[key("a"), Step::Index(1)], Part::Value),
        "{\"b\\/\\u00e9\\ud83d\\ude00\": null}"
    );
}

#[test]
fn a_field_that_stands_twice_is_a_problem_and_the_first_counts() {
    let text = "a: 1\n\"a\": 2\n";
    assert_eq!(
        messages(text),
        [(
            "\"a\"".to_owned(),
            "duplicate field `a`, first on line 1".to_owned()
        )]
    );
    assert_eq!(only(text).root.to_json(), json!({"a": 1}));
}

#[test]
fn aliases_stand_for_their_anchors() {
    assert_eq!(
        only("a: &x [1]\nb: *x\n").root.to_json(),
        json!({"a": [1], "b": [1]})
    );
    assert_eq!(
        only("? &k a\n: 1\nb: *k\n").root.to_json(),
        json!({"a": 1, "b": "a"})
    );
    let inside = "the alias stands inside its own value";
    assert_eq!(broken("a: &x [*x]\n"), inside);
    assert_eq!(broken("a: &x 1\nb: &x [*x]\n"), inside);
    assert_eq!(
        broken("a: *nowhere\n"),
        "there is no `&nowhere` before the alias: a text that begins with `*` needs quotes"
    );
    assert_eq!(
        broken("a: &x 1\n---\nb: *x\n"),
        "there is no `&x` before the alias: a text that begins with `*` needs quotes"
    );
}

fn broken(text: &str) -> String {
    read(text).broken.unwrap().message
}

#[test]
fn merge_keys_merge() {
    let yaml = "a: &x {b: 1, c: 2}\nd: &y {b: 3}\ne: {<<: [*x, *y], c: 4}\nf: {<<: {g: 5}}\n";
    assert_eq!(
        only(yaml).root.to_json(),
        json!({"a": {"b": 1, "c": 2}, "d": {"b": 3}, "e": {"b": 1, "c": 4}, "f": {"g": 5}})
    );
    assert_eq!(only("a: {\"<<\": 1}\n").root.to_json(), json!({"a": {"<<": 1}}));
    let first = "`<<` also has the field `b`, which stands before it: kubectl takes the merged one, other readers \
                 the earlier one; put `<<` first";
    let no_object = "`<<` merges an object or a list of objects";
    for (text, message) in [
        ("a: {b: 2, <<: {b: 1}}\n", first),
        ("a: {<<: 1}\n", no_object),
        ("a: &x [{b: 1}]\nc: {<<: *x}\n", no_object),
        (
            "a: {<<: {b: 1}, <<: {c: 1}}\n",
            "duplicate field `<<`, first on line 1",
        ),
    ] {
        assert_eq!(messages(text), [("<<".to_owned(), message.to_owned())], "{text}");
    }
}

#[test]
fn aliases_of_aliases_end() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        text += &format!("a{level}: &a{level} [{before}*a{}]\n", level - 1);
    }
    assert!(
        read(&text)
            .broken
            .is_some_and(|problem| problem.message.contains("aliases"))
    );
}

#[test]
fn what_two_readers_could_understand_differently_is_a_problem() {
    let cases = [
        ("1: a\n", "1", "kubectl reads the key `1` as 1: quote it"),
        ("y: a\n", "y", "kubectl reads the key `y` as true: quote it"),
        (
            "null: a\n",
            "null",
            "kubectl reads the key `null` as null: quote it",
        ),
        ("? [a]\n: b\n", "[", "a key must be a text"),
        (
            "a: !vault x\n",
            "!vault x",
            "the tag `!vault` has no meaning here",
        ),
        ("a: !!set {b}\n", "!!set {", "the tag `!!set` has no meaning here"),
        (
            "a: .inf\n",
            ".inf",
            "`.inf` is a number that JSON lacks; quote it to make it text",
        ),
    ];
    for (text, place, message) in cases {
        assert_eq!(messages(text), [(place.to_owned(), message.to_owned())], "{text}");
    }
}

#[test]
fn documents_before_broken_text_are_kept() {
    let documents = read("a: 1\n---\nb: [\n---\n");
    assert_eq!(documents.read.len(), 1);
    assert!(documents.broken.is_some());
    assert!(read("a:\n\t- b\n").broken.is_some(), "tabs do not indent");
}

#[test]
fn deep_nesting_is_refused() {
    assert!(read(&"[".repeat(200)).broken.is_some());
    assert!(read(&"- ".repeat(5000)).broken.is_some());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[-+.0-9exobTrue~#:,<&* ]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// The same JSON, with every character beyond ASCII as an escape.
fn escaped(json: &str) -> String {
    let escape = |character: char| match character.is_ascii() {
        true => character.to_string(),
        false => character
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
    };
    json.chars().map(escape).collect()
}

/// The same JSON, indented with tabs as some editors do it.
fn tabbed(value: &Value) -> String {
    let mut json = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"\t");
    value
        .serialize(&mut Serializer::with_formatter(&mut json, formatter))
        .unwrap();
    String::from_utf8(json).unwrap()
}

fn assert_spans_fit(text: &str, node: &Node) {
    assert!(text.get(node.span.clone()).is_some(), "{:?}", node.span);
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(elements) => elements
            .iter()
            .for_each(|element| assert_spans_fit(text, element)),
        Kind::Map(entries) => {
            for entry in entries {
                assert!(text.get(entry.key_span.clone()).is_some(), "{:?}", entry.key_span);
                assert_spans_fit(text, &entry.value);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_json_document_is_read_as_json(value in any_json().prop_map(|value| json!({"a": value}))) {
        let compact = value.to_string();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        for text in [escaped(&compact), compact, tabbed(&value), pretty.replace('\n', "\r\n"), pretty] {
            prop_assert_eq!(only(&text).root.to_json(), value.clone(), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "([-?:,\\[\\]{}#&*!|>'\"%@`<~ab1é \t\r\n\\\\]|- |: |\n  |---\n|\\PC){0,60}") {
        let documents = read(&text);
        for document in &documents.read {
            assert_spans_fit(&text, &document.root);
        }
        let problems = documents.read.iter().flat_map(|document| &document.problems).chain(&documents.broken);
        for problem in problems {
            prop_assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
        }
    }
}

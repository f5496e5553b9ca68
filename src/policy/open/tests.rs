use super::super::arena::ArenaBuilder;
use super::super::matching::bind_whole;
use super::super::pattern::Written;
use super::*;

/// Whether `pattern` may match `value`, where `{a}` is `a_text` and other variables are open.
fn may(likeness: Likeness, pattern: &str, a_text: Option<&str>, value: &str) -> bool {
    let mut builder = ArenaBuilder::default();
    let written = [Written::parse(pattern).unwrap(), Written::parse("{a}").unwrap()];
    let list = builder.list(written, |name| name.as_bytes()[0] - b'a');
    let arena = builder.finish();
    let [pattern, a] = arena.patterns(list) else {
        panic!()
    };
    let bindings = Bindings::default().opened();
    let bindings = match a_text {
        Some(text) => bind_whole(&arena, *a, text, &bindings).unwrap(),
        None => bindings,
    };
    may_match(likeness, &arena, *pattern, value, &bindings, true)
}

#[test]
fn the_text_around_an_open_variable_must_be_there() {
    for (pattern, value, expected) in [
        ("{b}", "x", true),
        ("{b}", "a/b", true),
        ("{b}", "", false),
        ("ml_{b}", "ml_x", true),
        ("ml_{b}", "ml_", false),
        ("ml_{b}", "sales_x", false),
        ("{b}_x", "a_x_x", true),
        ("{b}_x", "_x", false),
        ("{b}_x", "a_y", false),
        ("{b}_x_*", "a_x_y", true),
        ("{b}_x_*", "a_y_x", false),
        ("*_{b}", "a_x", true),
        ("*_{b}", "a_", false),
        ("{b}-x-{c}", "a-x-x-x-b", true),
        ("{b}-x-{c}", "a-x-", false),
        ("{b}{c}", "ab", true),
        ("{b}{c}", "a", false),
        ("{b}ab{c}ab", "xaabyab", true),
        ("{b}ab{c}ab", "xaaby", false),
        // A pattern without open variables is not decided here.
        ("ml", "ml", false),
    ] {
        assert_eq!(
            may(Likeness::Exact, pattern, None, value),
            expected,
            "{pattern} {value}"
        );
    }
}

#[test]
fn a_bound_variable_is_text_beside_an_open_one() {
    for (value, expected) in [("ml_x", true), ("sales_x", false), ("ml_", false)] {
        assert_eq!(
            may(Likeness::Exact, "{a}_{b}", Some("ml"), value),
            expected,
            "{value}"
        );
    }
}

#[test]
fn names_that_a_database_may_take_for_the_same_match_where_a_match_refuses() {
    for (likeness, text, value, expected) in [
        (Likeness::Padded, "r ", "r_x", true),
        (Likeness::Padded, "ré", "r_x", false),
        (Likeness::Folded, "ré", "re_x", true),
        (Likeness::Folded, "ml", "ml_x", false),
        (Likeness::Exact, "ré ", "re_x", false),
    ] {
        assert_eq!(
            may(likeness, "{a}_x", Some(text), value),
            expected,
            "{text:?} {value}"
        );
    }
}

#[test]
fn many_gaps_take_time_in_proportion_to_the_value() {
    let value = "a".repeat(20_000);
    let started = std::time::Instant::now();
    assert!(!may(
        Likeness::Exact,
        "{b}a{c}a{d}a{e}a{f}a{g}a{h}ab",
        None,
        &value
    ));
    assert!(started.elapsed().as_secs() < 10);
}

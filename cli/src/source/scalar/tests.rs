use super::*;
use serde_json::json;

fn plain_of(text: &str) -> Value {
    resolve(text, ScalarStyle::Plain, None).unwrap()
}

fn core(name: &str) -> Tag {
    Tag {
        handle: "tag:yaml.org,2002:".to_owned(),
        suffix: name.to_owned(),
    }
}

#[test]
fn words_of_yaml_1_1_are_text() {
    for word in [
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "0777_1",
        "12:30",
        "1_000",
        "2024-01-01",
        "0b1",
    ] {
        assert_eq!(plain_of(word), json!(word));
    }
}

#[test]
fn the_core_schema_is_read() {
    assert_eq!(plain_of("~"), json!(null));
    assert_eq!(plain_of(""), json!(null));
    assert_eq!(plain_of("True"), json!(true));
    assert_eq!(plain_of("-12"), json!(-12));
    assert_eq!(plain_of("+12"), json!(12));
    assert_eq!(plain_of("0o17"), json!(15));
    assert_eq!(plain_of("0xff"), json!(255));
    assert_eq!(plain_of("18446744073709551615"), json!(u64::MAX));
    assert_eq!(plain_of(".5"), json!(0.5));
    assert_eq!(plain_of("1e3"), json!(1000.0));
    assert_eq!(plain_of("0x"), json!("0x"));
    assert_eq!(plain_of("."), json!("."));
    assert_eq!(plain_of("-"), json!("-"));
    assert_eq!(plain_of("e"), json!("e"));
    assert_eq!(plain_of("infinity"), json!("infinity"));
}

#[test]
fn numbers_that_json_lacks_are_refused() {
    for text in [".inf", "-.INF", ".nan", "1e999", "0xfffffffffffffffff"] {
        assert!(resolve(text, ScalarStyle::Plain, None).is_err(), "{text}");
    }
}

#[test]
fn quoted_scalars_are_text() {
    for style in [
        ScalarStyle::SingleQuoted,
        ScalarStyle::DoubleQuoted,
        ScalarStyle::Literal,
    ] {
        assert_eq!(resolve("12", style, None), Ok(json!("12")));
    }
}

#[test]
fn tags_of_the_core_schema_count_and_others_are_refused() {
    assert_eq!(
        resolve("12", ScalarStyle::Plain, Some(&core("str"))),
        Ok(json!("12"))
    );
    assert_eq!(
        resolve("12", ScalarStyle::DoubleQuoted, Some(&core("int"))),
        Ok(json!(12))
    );
    assert_eq!(
        resolve("x", ScalarStyle::Plain, Some(&core("int"))),
        Err("`x` is no `!!int`".to_owned())
    );
    let vault = Tag {
        handle: "!".to_owned(),
        suffix: "vault".to_owned(),
    };
    assert_eq!(
        resolve("x", ScalarStyle::Plain, Some(&vault)),
        Err("the tag `!vault` has no meaning here".to_owned())
    );
}

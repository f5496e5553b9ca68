use super::*;
use serde_json::json;

fn read(value: &str, tag: Option<&str>, is_plain: bool) -> Result<Value, String> {
    resolve(&Text { value, tag, is_plain })
}

fn plain_of(text: &str) -> Value {
    read(text, None, true).unwrap()
}

#[test]
fn words_of_yaml_1_1_are_what_they_were() {
    for (word, value) in [
        ("yes", json!(true)),
        ("Y", json!(true)),
        ("off", json!(false)),
        ("N", json!(false)),
        ("yEs", json!("yEs")),
        ("~", json!(null)),
        ("", json!(null)),
        ("=", json!("=")),
        ("<<", json!("<<")),
    ] {
        assert_eq!(plain_of(word), value, "{word}");
    }
}

#[test]
fn numbers_are_those_of_go() {
    for (text, value) in [
        ("2024_01", json!(202_401)),
        ("010", json!(8)),
        ("08", json!(8)),
        ("0o17", json!(15)),
        ("-0x1F", json!(-31)),
        ("0b1_1", json!(3)),
        ("0b-11", json!(-3)),
        ("+12", json!(12)),
        ("-_1", json!(-1)),
        ("1_", json!(1)),
        ("_1", json!("_1")),
        ("18446744073709551615", json!(u64::MAX)),
        ("+18446744073709551615", json!(18_446_744_073_709_551_615_f64)),
        ("0xfffffffffffffffff", json!("0xfffffffffffffffff")),
        (".5", json!(0.5)),
        (".5_0", json!(0.5)),
        ("._5", json!("._5")),
        ("1e3", json!(1000)),
        ("1e-1", json!(0.1)),
        ("1e999", json!("1e999")),
        ("-", json!("-")),
        (".", json!(".")),
        ("0x", json!("0x")),
        ("12:30", json!("12:30")),
        ("2024-01-01", json!("2024-01-01")),
        ("infinity", json!("infinity")),
    ] {
        assert_eq!(plain_of(text), value, "{text}");
    }
}

#[test]
fn numbers_that_json_lacks_are_refused() {
    for text in [".inf", "-.INF", ".nan"] {
        assert!(read(text, None, true).is_err(), "{text}");
    }
}

#[test]
fn quoted_scalars_are_text() {
    assert_eq!(read("12", None, false), Ok(json!("12")));
}

#[test]
fn tags_of_the_core_schema_count_and_others_are_refused() {
    let tagged = |value, tag: &str| read(value, Some(tag), false);
    assert_eq!(tagged("12", "tag:yaml.org,2002:str"), Ok(json!("12")));
    assert_eq!(tagged("12", "tag:yaml.org,2002:int"), Ok(json!(12)));
    assert_eq!(
        tagged("x", "tag:yaml.org,2002:int"),
        Err("`x` is not of the type `!!int`".to_owned())
    );
    assert_eq!(
        tagged("x", "!vault"),
        Err("the tag `!vault` has no meaning here".to_owned())
    );
}

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

type Parsed<'a> = Json<'a, Number>;
type Written = Json<'static, String>;

/// Whether two trees are equal, with numbers compared by value.
fn same(parsed: &Parsed<'_>, written: &Written) -> bool {
    match (parsed, written) {
        (Json::Null, Json::Null) => true,
        (Json::False, Json::False) | (Json::True, Json::True) => true,
        (Json::Number(one), Json::Number(other)) => {
            one.to_string().parse::<f64>().unwrap() == serde_json::from_str::<f64>(other).unwrap()
        }
        (Json::Text(one), Json::Text(other)) => one == other,
        (Json::List(one), Json::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| one.0 == other.0 && same(&one.1, &other.1))
        }
        _ => false,
    }
}

/// Documents. Some of them have a repeated name or a text that is not Unicode.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (any::<i32>(), 0..400_u32).prop_map(|(number, power)| format!("{number}.5e{power}")),
        "[a-z]{0,3}".prop_map(|text| format!("{text:?}")),
        Just(r#""\ud83d\ude00\n""#.to_owned()),
        Just(r#""\ud83d""#.to_owned()),
    ];
    leaf.prop_recursive(4, 40, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|elements| format!("[{}]", elements.join(", "))),
            prop::collection::vec(("[a-d]{1,2}", inner), 0..12).prop_map(|members| {
                let members = members.iter().map(|(name, value)| format!("{name:?} : {value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn node(text: &str) -> Node<'_> {
    Node::read(serde_json::from_str::<&RawValue>(text).unwrap())
}

proptest! {
    #[test]
    fn both_trees_refuse_the_same_and_read_the_same(document in document()) {
        let written = Written::parse(document.as_bytes());
        match Parsed::parse(document.as_bytes()) {
            Ok(parsed) => prop_assert!(written.is_ok_and(|written| same(&parsed, &written)), "{document}"),
            Err(_) => prop_assert!(written.is_err(), "{document}"),
        }
    }
}

#[test]
fn a_name_that_stands_twice_is_found_in_small_and_in_large_objects() {
    for others in [0, FEW - 2, FEW - 1, 3 * FEW] {
        let members: Vec<String> = (0..others).map(|number| format!("\"m{number}\":0")).collect();
        let others = members.join(",");
        let comma = if others.is_empty() { "" } else { "," };
        for name in ["x", r"\u0078"] {
            let document = format!(r#"{{"x":1{comma}{others},"{name}":2}}"#);
            let error = Parsed::parse(document.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("`x` is there more than once"), "{error}");
            assert_eq!(Written::parse(document.as_bytes()), Err(BadJson));
        }
        let once = format!(r#"{{"x":1{comma}{others}}}"#);
        assert!(Parsed::parse(once.as_bytes()).is_ok());
    }
}

#[test]
fn texts_are_borrowed_where_they_have_no_escapes() {
    let document = br#"{"plain":"text","es\u0063aped":"te\u0078t"}"#;
    let Ok(Json::Object(members)) = Parsed::parse(document) else {
        panic!("an object");
    };
    let [(plain, Json::Text(text)), (escaped, Json::Text(other))] = members.as_slice() else {
        panic!("two texts");
    };
    assert!(matches!(
        (plain, text),
        (Cow::Borrowed("plain"), Cow::Borrowed("text"))
    ));
    assert!(matches!((escaped, other), (Cow::Owned(_), Cow::Owned(_))));
}

#[test]
fn a_level_keeps_all_that_stands_in_it() {
    let Node::Object(members) = node(r#"{"a": [1, {}], "a": "x", "": null}"#) else {
        panic!("an object");
    };
    let names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    let values: Vec<&str> = members.iter().map(|(_, value)| value.get()).collect();
    assert_eq!(names, ["a", "a", ""]);
    assert_eq!(values, ["[1, {}]", "\"x\"", "null"]);
    assert!(matches!(node("[1,2]"), Node::List(elements) if elements.len() == 2));
    assert!(matches!(node(r#""\u00e9""#), Node::Text(text) if text == "é"));
    assert!(matches!(node("1e400"), Node::Number("1e400")));
    assert!(matches!(node("true"), Node::Bool(true)));
    assert!(matches!(node("false"), Node::Bool(false)));
    assert!(matches!(node("null"), Node::Null));
    for text in [r#""\ud800""#, r#"{"\ud800":1}"#] {
        assert!(matches!(node(text), Node::Unreadable), "{text}");
    }
}

#[test]
fn nothing_of_a_value_is_shown() {
    let json = Parsed::parse(br#"{"secret-name":"secret"}"#).unwrap();
    assert_eq!(format!("{json:?}"), "an object");
}

//! Answers of every form.

use crate::token::{MAX_BYTES, MAX_KEYS};

use super::super::*;
use super::proxy::{Answer, EVERY, Proxy, jwks, serving};

#[test]
fn an_answer_of_any_other_form_is_a_fetch_that_failed() {
    let many: Vec<_> = (0..=MAX_KEYS).map(|number| number.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let mut long = jwks(&["z"]);
    long.resize(MAX_BYTES + 1, b' ');
    let good = jwks(&["z"]);
    let answers: Vec<Answer> = vec![
        None,
        Some((0, good.clone())),
        Some((204, Vec::new())),
        Some((206, good.clone())),
        Some((301, good.clone())),
        Some((304, Vec::new())),
        Some((403, good.clone())),
        Some((500, good.clone())),
        Some((503, b"upstream connect error".to_vec())),
        Some((200, Vec::new())),
        Some((200, b"<html></html>".to_vec())),
        Some((200, b"\xff\xfe".to_vec())),
        Some((200, b"null".to_vec())),
        Some((200, b"[]".to_vec())),
        Some((200, b"{}".to_vec())),
        Some((200, br#"{"keys": null}"#.to_vec())),
        Some((200, br#"{"keys": []}"#.to_vec())),
        Some((200, br#"{"keys": [{"kty": "OKP"}]}"#.to_vec())),
        Some((200, good[..good.len() - 1].to_vec())),
        Some((200, jwks(&many))),
        Some((200, long)),
        Some((200, "[".repeat(MAX_BYTES).into_bytes())),
    ];
    let mut cold = Proxy::of(2);
    let mut warm = Proxy::of(2);
    warm.run(Duration::from_secs(5), serving(&["a"]));
    for answer in answers {
        let shown = answer.as_ref().map(|(status, body)| (status, body.get(..40)));
        cold.run(LONGEST_PAUSE * 2, || answer.clone());
        assert!((0..2).all(|vm| cold.ids(vm).is_none()), "{shown:?}");
        warm.run(EVERY, || answer.clone());
        assert!(warm.all_have(&["a"]), "{shown:?}");
    }
    assert_eq!((cold.turns.len(), warm.turns.len()), (1, 1));
    for mut proxy in [cold, warm] {
        proxy.run(LONGEST_PAUSE + Duration::from_secs(2), serving(&["a", "b"]));
        assert!(proxy.all_have(&["a", "b"]));
        assert_eq!(proxy.turns.last(), Some(&Turn::Working));
    }
}

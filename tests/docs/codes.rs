//! The table of codes in `docs/codes.md`.

use dagward::authorize::Code;

use crate::region::{assert_region, table};

#[test]
fn the_tables_of_codes_are_the_codes() {
    for (name, of_tokens) in [("codes", false), ("tokens", true)] {
        let codes = Code::ALL.into_iter();
        let rows: Vec<_> = codes
            .filter(|code| matches!(code, Code::Token(_)) == of_tokens)
            .map(row)
            .collect();
        let table = table(
            &["code", "HTTP", "gRPC", "the caller is told", "what you do"],
            &rows,
        );
        assert_region("docs/codes.md", name, &table);
    }
}

fn row(code: Code) -> Vec<String> {
    let (http, grpc, told) = match code.status() {
        Some(status) => (status.http.to_string(), status.grpc.to_string(), code.message()),
        None => (String::new(), String::new(), ""),
    };
    vec![
        format!("`{code}`"),
        http,
        grpc,
        told.to_owned(),
        code.remedy().to_owned(),
    ]
}

//! The tables of the policy document's fields in `docs/policy.md`.

use dagward::policy::Side;
use dagward::policy::grammar::{Definition, FIRST_VERSION, Form, Need, Object};

use crate::region::{assert_region, table};

const PAGE: &str = "docs/policy.md";

#[test]
fn the_tables_of_fields_are_the_grammar() {
    for (name, object) in [
        ("document", Object::Document),
        ("policy", Object::Policy),
        ("rule", Object::Rule),
        ("issuer", Object::Issuer),
        ("location", Object::Location),
        ("team", Object::Team),
    ] {
        let rows: Vec<_> = object.fields().iter().map(row).collect();
        let table = table(&["field", "required", "default", "meaning"], &rows);
        assert_region(PAGE, name, &table);
    }
}

#[test]
fn the_tables_of_conditions_are_the_grammar() {
    for side in [Side::From, Side::To] {
        let fields = Object::Entry(side).fields().into_iter();
        let rows: Vec<_> = fields
            .filter(|field| !field.name.starts_with("not"))
            .map(|field| {
                let example = example(&field.form);
                vec![
                    format!("`{}`", field.name),
                    meaning(&field),
                    format!("`{example}`"),
                ]
            })
            .collect();
        let word = format!("`{}`", side.word());
        let table = table(&[&word, "looks at", "example"], &rows);
        assert_region(PAGE, side.word(), &table);
    }
}

fn row(field: &Definition) -> Vec<String> {
    let need = match field.need {
        Need::Required(_) => "yes",
        Need::Depends(when) => when,
        Need::Optional => "no",
    };
    vec![
        format!("`{}`", field.name),
        need.to_owned(),
        field.default.to_owned(),
        meaning(field),
    ]
}

fn meaning(field: &Definition) -> String {
    match field.since {
        FIRST_VERSION => field.meaning.to_owned(),
        since => format!("{} (since {since})", field.meaning),
    }
}

fn example(form: &Form) -> &'static str {
    match form {
        Form::List(Form::Pattern(example) | Form::WordPattern(_, example)) => example,
        Form::Claims => "{groups: [admins]}",
        other => panic!("no condition has the form {other:?}"),
    }
}

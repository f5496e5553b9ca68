use super::*;

#[test]
fn codes_are_numbered_without_a_gap() {
    for prefix in ["DE", "DW"] {
        let codes = Code::ALL.iter().filter(|code| code.as_str().starts_with(prefix));
        for (number, code) in codes.enumerate() {
            assert_eq!(code.as_str(), format!("{prefix}{:03}", number + 1));
        }
    }
}

#[test]
fn names_are_unique_and_warnings_have_a_mend() {
    for code in Code::ALL {
        let same = |other: &&Code| other.name() == code.name() && other.severity() == code.severity();
        assert_eq!(Code::ALL.iter().filter(same).count(), 1, "{code}");
        assert_eq!(
            code.mend().is_empty(),
            code.severity() == Severity::Error,
            "{code}"
        );
    }
}

#[test]
fn warnings_are_named_by_code_or_name() {
    assert_eq!("dw001".parse(), Ok(Code::AnyCaller));
    assert_eq!("any-caller".parse(), Ok(Code::AnyCaller));
    assert!("DE001".parse::<Code>().is_err() && "DW999".parse::<Code>().is_err());
}

pub(crate) mod page;

//! Finds the nearest valid spelling of a misspelt word.

/// The candidate nearest to `word`, if it is near enough that the author may have meant it.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let folded = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded, &candidate.to_ascii_lowercase()),
                candidate,
            )
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let words = ["principals", "namespaces", "serviceAccounts", "dags"];
        assert_eq!(nearest("principal", words), Some("principals"));
        assert_eq!(nearest("service_accounts", words), Some("serviceAccounts"));
        assert_eq!(nearest("dag", words), Some("dags"));
        assert_eq!(nearest("colour", words), None);
    }
}

//! A shelf: lines of text under one key of the store, the last used first, with a few places for each principal.

/// `shelf` with the line `first` in front, in place of the line that begins with `name`, and without those that
/// exceed the `places` of `principal`. `principal_of` reads a line's principal; `None` drops the line.
pub(super) fn with_first(
    shelf: &str,
    name: &str,
    first: String,
    (principal, places): (usize, usize),
    principal_of: impl Fn(&str) -> Option<usize>,
) -> String {
    let mut after = first;
    let mut taken = 1;
    for line in shelf.lines().filter(|line| !line.starts_with(name)) {
        let Some(other) = principal_of(line) else {
            continue;
        };
        taken += usize::from(other == principal);
        if other != principal || taken <= places {
            after.push('\n');
            after.push_str(line);
        }
    }
    after
}

//! How a name is written: shared by the rules on field names and on parameter names.

/// How words are put together in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Casing {
    /// One lower-case word: fits every convention.
    Plain,
    /// `caseId`.
    Camel,
    /// `case_id`.
    Snake,
    /// `case-id`.
    Kebab,
    /// Anything else, `CaseId` for one.
    Other,
}

/// The convention `name` follows.
pub(super) fn casing(name: &str) -> Casing {
    let starts_lower = name.starts_with(|first: char| first.is_ascii_lowercase());
    let has_upper = name.contains(|character: char| character.is_ascii_uppercase());
    let only = |extra: &[char]| name.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(&c));
    let tidy = !name.ends_with(['_', '-']) && !name.contains("__") && !name.contains("--");
    match (starts_lower && tidy, has_upper) {
        (true, false) if only(&[]) => Casing::Plain,
        (true, true) if only(&[]) => Casing::Camel,
        (true, false) if only(&['_']) => Casing::Snake,
        (true, false) if only(&['-']) => Casing::Kebab,
        _ => Casing::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let cases = [
            ("cases", Casing::Plain),
            ("line2", Casing::Plain),
            ("caseId", Casing::Camel),
            ("case_id", Casing::Snake),
            ("case-id", Casing::Kebab),
            ("CaseId", Casing::Other),
            ("_links", Casing::Other),
            ("case_Id", Casing::Other),
            ("", Casing::Other),
        ];
        for (name, expected) in cases {
            assert_eq!(casing(name), expected, "{name}");
        }
    }
}

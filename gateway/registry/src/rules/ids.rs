//! Ids that somebody chose.

use super::Breach;

/// An organisation's id: it is part of its objects' ids, of headers and of metric labels.
pub fn check_organisation_id(id: &str) -> Vec<Breach> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = (2..=64).contains(&id.len())
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.bytes().all(plain);
    if good {
        return Vec::new();
    }
    let message = "must be 2 to 64 of a-z, 0-9 and `-`, beginning with a letter and not ending with `-`";
    vec![Breach::new("organisationId", message)]
}

/// An id that a member gave to an object of its own. It begins with the organisation's id and a dot, so that nobody takes,
/// or by trying learns of, another organisation's ids. An operator may give any.
pub fn check_given_id(field: &str, id: &str, organisation: &str, is_operator: bool) -> Vec<Breach> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if id.is_empty() || id.len() > 128 || !id.bytes().all(plain) {
        let message = "must be 1 to 128 letters, digits and `-`, `_`, `.`, `:`";
        return vec![Breach::new(field, message)];
    }
    let own = id
        .strip_prefix(organisation)
        .is_some_and(|rest| rest.starts_with('.') && rest.len() > 1);
    if own || is_operator {
        return Vec::new();
    }
    let message = format!("must begin with `{organisation}.`; leave it out and the registry makes one");
    vec![Breach::new(field, message)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_under_the_own_name_may_be_chosen() {
        for (id, good) in [
            ("agency.cases", true),
            ("agency.", false),
            ("agency", false),
            ("agency-two.cases", false),
            ("agency.å", false),
            ("other.cases", false),
        ] {
            assert_eq!(check_given_id("f", id, "agency", false).is_empty(), good, "{id}");
        }
        assert!(check_given_id("f", "other.cases", "agency", true).is_empty());
        assert!(!check_given_id("f", "", "agency", true).is_empty());
    }

    #[test]
    fn an_organisation_id_cannot_hold_the_separator() {
        for (id, good) in [
            ("ab", true),
            ("a", false),
            ("a.b", false),
            ("A1", false),
            ("1a", false),
            ("a-", false),
        ] {
            assert_eq!(check_organisation_id(id).is_empty(), good, "{id}");
        }
    }
}

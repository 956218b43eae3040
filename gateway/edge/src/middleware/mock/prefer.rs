//! `Prefer` (RFC 7240), as far as it asks for an example.

use http::{HeaderMap, HeaderName};

pub(super) const PREFER: HeaderName = HeaderName::from_static("prefer");

/// `code=200, example=NAME`, as they were sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Preference {
    pub(super) code: Option<String>,
    pub(super) example: Option<String>,
}

impl Preference {
    /// Reads the fields; of one that is given twice the first holds (section 2). Other preferences are for others.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut preference = Self::default();
        for value in headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok()) {
            for one in split(value, ',') {
                // What follows a semicolon are parameters, and there are none that matter.
                let Some(one) = split(one, ';').next() else { continue };
                let (name, value) = one.split_once('=').unwrap_or((one, ""));
                let place = match name.trim() {
                    name if name.eq_ignore_ascii_case("code") => &mut preference.code,
                    name if name.eq_ignore_ascii_case("example") => &mut preference.example,
                    _ => continue,
                };
                if place.is_none() {
                    *place = Some(unquoted(value.trim()));
                }
            }
        }
        preference
    }

    /// Whether an example is asked for at all.
    pub(super) fn is_given(&self) -> bool {
        self.code.is_some() || self.example.is_some()
    }
}

/// The parts of a list, but for separators inside quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        let was_escaped = std::mem::take(&mut escaped);
        match character {
            '"' if !was_escaped => quoted = !quoted,
            '\\' if quoted && !was_escaped => escaped = true,
            other => return other == separator && !quoted,
        }
        false
    })
}

/// A word or a quoted string's content (RFC 9110 section 5.6.4).
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(values: &[&'static str]) -> (Option<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, HeaderValue::from_static(value));
        }
        let preference = Preference::of(&headers);
        (preference.code, preference.example)
    }

    #[test]
    fn preferences_are_read_as_the_standard_writes_them() {
        let some = |text: &str| Some(text.to_owned());
        for (values, code, example) in [
            (&["code=200, example=one"][..], some("200"), some("one")),
            (
                &["Example=\"a, b; c\" ; x=y , CODE = 404"],
                some("404"),
                some("a, b; c"),
            ),
            (&["example=\"a\\\"b\""], None, some("a\"b")),
            (&["respond-async, wait=10", "code=500"], some("500"), None),
            (&["code=200, code=404"], some("200"), None),
            (&["return=minimal"], None, None),
            (&["dynamic=true"], None, None),
            (&["code"], some(""), None),
            (&[""], None, None),
        ] {
            assert_eq!(read(values), (code, example), "{values:?}");
        }
    }
}

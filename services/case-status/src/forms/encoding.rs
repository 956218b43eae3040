//! Texts as older systems send them: JSON in Latin-1, or with a mark at its beginning. JSON is UTF-8 without either
//! (RFC 8259, 8.1); a producer that says what it sends instead can be read all the same.

use axum::body::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

/// The mark that some systems write before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The body as UTF-8 without a mark, by what its `Content-Type` says. What is UTF-8 already is not copied.
pub(crate) fn as_utf8(headers: &HeaderMap, body: Bytes) -> Bytes {
    if is_latin_1(headers) && std::str::from_utf8(&body).is_err() {
        // Each byte of Latin-1 is the character of the same number.
        return body.iter().map(|byte| char::from(*byte)).collect::<String>().into();
    }
    if body.starts_with(MARK) {
        return body.slice(MARK.len()..);
    }
    body
}

fn is_latin_1(headers: &HeaderMap) -> bool {
    let Some(said) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let charset = said.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    });
    charset.is_some_and(|charset| {
        ["iso-8859-1", "latin1", "windows-1252"]
            .iter()
            .any(|one| charset.eq_ignore_ascii_case(one))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &'static str, body: &'static [u8]) -> Bytes {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
        as_utf8(&headers, Bytes::from_static(body))
    }

    #[test]
    fn what_is_said_to_be_latin_1_becomes_utf_8_and_everything_else_stays() {
        for (content_type, body, expected) in [
            (
                "application/json; charset=ISO-8859-1",
                b"\"\xe5\xe4\xf6\"".as_slice(),
                "\"åäö\"",
            ),
            ("application/json;charset=\"latin1\"", b"\"\xe5\"", "\"å\""),
            // Who sends UTF-8 under another name is read by what is there.
            ("application/json; charset=iso-8859-1", "\"å\"".as_bytes(), "\"å\""),
            ("application/json", "\"å\"".as_bytes(), "\"å\""),
            ("application/json; charset=utf-8", b"\xef\xbb\xbf{}", "{}"),
        ] {
            assert_eq!(read(content_type, body), expected.as_bytes(), "{content_type}");
        }
        assert!(
            std::str::from_utf8(&read("application/json", b"\xe5")).is_err(),
            "nothing is guessed"
        );
    }
}

//! `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header): a call that its sender can tell from a repetition.

use http::{HeaderMap, HeaderName};

/// The field.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest key.
const LONGEST: usize = 255;

/// The key, without the quotes that the draft asks for and many clients leave out; `None`: there is none, or more than one.
pub(crate) fn of(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?;
    let text = line.to_str().ok()?.trim();
    let key = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let plain = key
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    (plain && (1..=LONGEST).contains(&key.len())).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IDEMPOTENCY_KEY, line.parse().unwrap());
        }
        of(&headers).map(str::to_owned)
    }

    #[test]
    fn a_key_is_one_short_plain_word_with_or_without_quotes() {
        assert_eq!(found(&["\"8e03978e\""]).as_deref(), Some("8e03978e"));
        assert_eq!(found(&["8e03978e"]).as_deref(), Some("8e03978e"));
        for bad in ["", "\"\"", "a b", "\"a", &"x".repeat(256)] {
            assert_eq!(found(&[bad]), None, "{bad}");
        }
        assert_eq!(found(&["a", "a"]), None);
    }
}

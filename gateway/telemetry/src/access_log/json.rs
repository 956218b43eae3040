//! JSON written by hand into a byte buffer: no intermediate value, no allocation.

/// Longest text taken from a request, in bytes. What is longer is cut at a character.
const MAX_TEXT: usize = 512;

/// `"key":"value"` after `before`, which brings the comma, the key and the colon; nothing at all for `None`.
pub(super) fn text(out: &mut Vec<u8>, before: &str, value: Option<&str>) {
    if let Some(value) = value {
        out.extend_from_slice(before.as_bytes());
        string(out, value);
    }
}

/// `"key":123` after `before`, which brings the comma, the key and the colon.
pub(super) fn number(out: &mut Vec<u8>, before: &str, value: u64) {
    out.extend_from_slice(before.as_bytes());
    digits(out, value);
}

/// A quoted string (RFC 8259 section 7). Besides what JSON asks, DEL and the C1 controls are escaped: a log line shown on
/// a terminal must not be able to steer it.
pub(super) fn string(out: &mut Vec<u8>, value: &str) {
    let value = if value.len() > MAX_TEXT {
        value.get(..value.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
    } else {
        value
    };
    out.push(b'"');
    if is_plain(value.as_bytes()) {
        out.extend_from_slice(value.as_bytes());
    } else {
        escaped(out, value);
    }
    out.push(b'"');
}

/// Whether nothing needs escaping, for the text of nearly every line. Looks at all bytes without a branch, many at once.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |plain, &byte| {
        plain & (0x20..0x7f).contains(&byte) & (byte != b'"') & (byte != b'\\')
    })
}

fn escaped(out: &mut Vec<u8>, value: &str) {
    let mut plain = 0;
    for (at, character) in value.char_indices().filter(|(_, character)| needs_escape(*character)) {
        out.extend_from_slice(value.as_bytes().get(plain..at).unwrap_or_default());
        plain = at + character.len_utf8();
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            other => escape(out, other as u32),
        }
    }
    out.extend_from_slice(value.as_bytes().get(plain..).unwrap_or_default());
}

fn needs_escape(character: char) -> bool {
    // The two separators end a line for some readers of logs.
    matches!(character, '"' | '\\' | '\u{2028}' | '\u{2029}') || character.is_control()
}

/// `\u00XX`; every control character is in the basic plane.
fn escape(out: &mut Vec<u8>, code: u32) {
    let mut hex = *b"\\u0000";
    let bytes = (code as u16).to_be_bytes();
    if let Some(place) = hex.get_mut(2..) {
        crate::ids::write_hex(&bytes, place);
    }
    out.extend_from_slice(&hex);
}

/// A number in decimal.
pub(super) fn digits(out: &mut Vec<u8>, value: u64) {
    padded(out, value, 1);
}

/// A number in decimal with at least `width` digits, zeros in front.
pub(super) fn padded(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut text = [b'0'; 20];
    let mut length = 0;
    for place in text.iter_mut().rev() {
        if value == 0 && length >= width {
            break;
        }
        // Divided by a constant, which is a multiplication.
        *place = b'0' + (value % 10) as u8;
        value /= 10;
        length += 1;
    }
    out.extend_from_slice(text.get(text.len() - length..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: &str) -> String {
        let mut out = Vec::new();
        string(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_it_was(value in "\\PC{0,40}|.{0,120}|[\\x00-\\u{a0}\"\\\\\u{2028}]{0,80}") {
            let text = written(&value);
            prop_assert!(text.chars().all(|character| !character.is_control()));
            prop_assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
        }

        #[test]
        fn numbers_read_back(value in any::<u64>()) {
            let mut out = Vec::new();
            digits(&mut out, value);
            prop_assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let text: String = serde_json::from_str(&written(&"å".repeat(2_000))).unwrap();
        assert_eq!(text.chars().count(), MAX_TEXT / 2);
    }
}

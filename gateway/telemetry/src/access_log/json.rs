//! JSON written by hand into a byte buffer: no intermediate value, no allocation.

/// Longest text taken from a request, in bytes. What is longer is cut at a character.
const MAX_TEXT: usize = 512;

/// `"name":` with the comma before it. Names are compiled in and need no escaping.
pub(super) fn name(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// `,"name":"value"`; nothing at all for `None`.
pub(super) fn text(out: &mut Vec<u8>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        name(out, key);
        string(out, value);
    }
}

/// `,"name":123`.
pub(super) fn number(out: &mut Vec<u8>, key: &str, value: u64) {
    name(out, key);
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
    out.push(b'"');
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
pub(super) fn digits(out: &mut Vec<u8>, mut value: u64) {
    let mut text = [0_u8; 20];
    let mut length = 0;
    for place in text.iter_mut().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
        length += 1;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(text.get(text.len() - length..).unwrap_or_default());
}

/// A number in decimal with `width` digits, zeros in front.
pub(super) fn padded(out: &mut Vec<u8>, value: u64, width: u32) {
    let mut unit = 10_u64.pow(width.saturating_sub(1));
    while unit > 0 {
        out.push(b'0' + (value / unit % 10) as u8);
        unit /= 10;
    }
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

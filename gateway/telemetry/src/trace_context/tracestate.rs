//! `tracestate`: vendor data that only passes through, checked and bounded so that it cannot carry anything else.

use http::{HeaderMap, HeaderName, HeaderValue};

const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Section 3.3.1.5 asks to carry at least 512 characters; more is dropped whole.
const MAX_BYTES: usize = 512;

/// Section 3.3.1.1.
const MAX_MEMBERS: usize = 32;

/// The caller's list, several header lines joined into one (RFC 9110 section 5.3); `None` when it is not valid.
pub(super) fn read(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(TRACESTATE).iter();
    let first = values.next()?;
    let Some(second) = values.next() else {
        return valid(first.as_bytes()).then(|| first.clone());
    };
    let mut joined = first.as_bytes().to_vec();
    for value in std::iter::once(second).chain(values) {
        if joined.len() + value.len() >= MAX_BYTES {
            return None;
        }
        joined.push(b',');
        joined.extend_from_slice(value.as_bytes());
    }
    valid(&joined).then(|| HeaderValue::from_bytes(&joined).ok()).flatten()
}

/// At least one member, none twice, none malformed. Empty members are allowed by the grammar.
fn valid(list: &[u8]) -> bool {
    if list.len() > MAX_BYTES {
        return false;
    }
    let mut keys: [&[u8]; MAX_MEMBERS] = [b""; MAX_MEMBERS];
    let mut places = keys.iter_mut();
    let mut seen = 0;
    for member in list
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
    {
        let Some(equals) = member.iter().position(|&byte| byte == b'=') else {
            return false;
        };
        let (key, value) = member.split_at(equals);
        let Some(place) = places.next() else { return false };
        if !valid_key(key) || !valid_value(value.get(1..).unwrap_or_default()) {
            return false;
        }
        *place = key;
        seen += 1;
    }
    let keys = keys.get(..seen).unwrap_or_default();
    seen > 0
        && keys
            .iter()
            .enumerate()
            .all(|(at, key)| !keys.iter().take(at).any(|earlier| earlier == key))
}

/// `simple-key` or `tenant@system` (section 3.3.1.3.1).
fn valid_key(key: &[u8]) -> bool {
    let mut parts = key.split(|&byte| byte == b'@');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(simple), None, None) => simple.len() <= 256 && starts_with_letter(simple) && key_characters(simple),
        (Some(tenant), Some(system), None) => {
            (1..=241).contains(&tenant.len())
                && tenant
                    .first()
                    .is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && key_characters(tenant)
                && (1..=14).contains(&system.len())
                && starts_with_letter(system)
                && key_characters(system)
        }
        _ => false,
    }
}

fn starts_with_letter(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_lowercase)
}

fn key_characters(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/'))
}

/// Printable ASCII without comma and equals sign, 1 to 256 characters (section 3.3.1.3.2).
fn valid_value(value: &[u8]) -> bool {
    (1..=256).contains(&value.len())
        && value
            .iter()
            .all(|&byte| (0x20..=0x7e).contains(&byte) && byte != b',' && byte != b'=')
}

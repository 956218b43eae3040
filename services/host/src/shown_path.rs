//! A path as it may be shown in a problem or a span: without anything that could be somebody's number.

use std::borrow::Cow;

/// A person number has ten digits at least, however it is written.
const MOST_DIGITS: usize = 9;

/// The path with every segment left out that has as many digits as a person number, unless it is a UUID. Callers
/// do put such numbers in paths, and what they send must not end up in answers, logs or traces.
pub(crate) fn shown(path: &str) -> Cow<'_, str> {
    if path.split('/').all(harmless) {
        return Cow::Borrowed(path);
    }
    let segments: Vec<_> = path
        .split('/')
        .map(|segment| if harmless(segment) { segment } else { "(removed)" })
        .collect();
    Cow::Owned(segments.join("/"))
}

/// The name of a field or parameter as it came, when it looks like one: anything may stand where a name is expected.
pub(crate) fn shown_name(name: &str) -> Option<&str> {
    let plain = name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (plain && digits < 6).then_some(name)
}

fn harmless(segment: &str) -> bool {
    segment.bytes().filter(u8::is_ascii_digit).count() <= MOST_DIGITS || is_uuid(segment)
}

fn is_uuid(segment: &str) -> bool {
    segment.len() == 36
        && segment.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_could_be_a_persons_number_is_left_out() {
        for (path, expected) in [
            ("/case-status/v1/cases", "/case-status/v1/cases"),
            (
                "/cases/0b7d2b8c-7a8c-5d0e-9a46-012345678901",
                "/cases/0b7d2b8c-7a8c-5d0e-9a46-012345678901",
            ),
            ("/cases/189001019802/events", "/cases/(removed)/events"),
            ("/cases/900101-9802", "/cases/(removed)"),
            ("/cases/9%30%30%31%30%31", "/cases/(removed)"),
            ("/", "/"),
        ] {
            assert_eq!(shown(path), expected);
        }
    }
}

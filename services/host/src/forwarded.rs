//! The `Forwarded` header (RFC 7239): under which scheme and host the caller sees us.

/// Scheme and host of the first element, when the header gives both and both are safe to write in a URL.
pub(crate) fn scheme_and_host(header: &str) -> Option<(String, String)> {
    let first = split_outside_quotes(header, ',').next()?;
    let (mut scheme, mut host) = (None, None);
    for pair in split_outside_quotes(first, ';') {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "proto" if matches!(value, "http" | "https") => scheme = Some(value.to_owned()),
            "host" if is_host(value) => host = Some(value.to_owned()),
            _ => {}
        }
    }
    Some((scheme?, host?))
}

/// Whether `value` is a host with an optional port and nothing else.
pub(crate) fn is_host(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 255
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'))
}

fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        if c == '"' {
            quoted = !quoted;
        }
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::scheme_and_host;

    #[test]
    fn the_first_element_decides() {
        let cases = [
            (
                "proto=https;host=api.vagvisare.example",
                Some(("https", "api.vagvisare.example")),
            ),
            (
                "for=192.0.2.1; Host=\"127.0.0.1:8080\";proto=http",
                Some(("http", "127.0.0.1:8080")),
            ),
            (
                "for=\"[2001:db8::1]:99\";proto=https;host=a.example, proto=http;host=b.example",
                Some(("https", "a.example")),
            ),
            ("for=\"a,b;c\";proto=https;host=a.example", Some(("https", "a.example"))),
            ("host=a.example", None),
            ("proto=javascript;host=a.example", None),
            ("proto=https;host=\"a.example/evil?\"", None),
            ("", None),
        ];
        for (header, expected) in cases {
            let expected = expected.map(|(scheme, host)| (scheme.to_owned(), host.to_owned()));
            assert_eq!(scheme_and_host(header), expected, "{header}");
        }
    }
}

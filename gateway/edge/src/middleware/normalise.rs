//! One reading of a request, or none: what two programs could understand differently is refused, never repaired.
//!
//! The path that is routed is byte for byte the path that is forwarded. Framing headers are never forwarded; they are
//! checked here because hyper accepts more than one backend may understand (RFC 9112 sections 3.2 and 6.1).

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::middleware::headers::fields;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Uri, Version, header};

/// Longest path and query, in bytes.
const MAX_TARGET: usize = 8192;

/// The decision.
#[derive(Debug, Clone)]
pub struct Normalise;

impl Decide for Normalise {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        if call.facts.peer.ambiguous {
            return Err(GatewayError::Malformed(
                "The head has more than one reading: two lengths, a length beside a transfer coding, a line that ends in a bare LF, a fragment in the target, or a chunk size that is not a plain number.",
            ));
        }
        let (head, seen) = (&call.head, &call.facts.seen);
        check_method(&head.method)?;
        if seen.has(fields::TRANSFER_ENCODING.and(fields::CONTENT_LENGTH)) {
            check_framing(&head.headers)?;
        }
        check_host(&head.headers, &head.uri, head.version)?;
        if seen.has(fields::EXPECT) {
            check_expectation(&head.headers)?;
        }
        check_target(&head.uri)?;
        Ok(Flow::Continue)
    }
}

fn check_method(method: &Method) -> Result<(), GatewayError> {
    if method == Method::CONNECT || method == Method::TRACE {
        return Err(GatewayError::MethodNotAllowed {
            allow: HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        });
    }
    Ok(())
}

/// A transfer coding other than one plain `chunked` has been the root of every recent smuggling bug of Rust proxies.
fn check_framing(headers: &HeaderMap) -> Result<(), GatewayError> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next() {
        if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
            return Err(GatewayError::Malformed(
                "Transfer-Encoding must be exactly \"chunked\", once.",
            ));
        }
        if headers.contains_key(header::CONTENT_LENGTH) {
            return Err(GatewayError::Malformed(
                "Content-Length and Transfer-Encoding exclude each other.",
            ));
        }
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    if let Some(length) = lengths.next()
        && (lengths.next().is_some() || length.is_empty() || !length.as_bytes().iter().all(u8::is_ascii_digit))
    {
        return Err(GatewayError::Malformed("Content-Length must be one plain number."));
    }
    Ok(())
}

fn check_host(headers: &HeaderMap, uri: &Uri, version: Version) -> Result<(), GatewayError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(GatewayError::Malformed("Send exactly one Host."));
    }
    let authority = uri.authority().map(http::uri::Authority::as_str);
    match (host, authority) {
        (None, None) if version >= Version::HTTP_11 => Err(GatewayError::Malformed("Send a Host.")),
        (Some(host), Some(authority)) if !host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()) => Err(
            GatewayError::Malformed("Host and the request target name different hosts."),
        ),
        (Some(host), _) if !host.as_bytes().iter().copied().all(is_host_byte) => {
            Err(GatewayError::Malformed("Host holds characters that no host name has."))
        }
        _ => match authority {
            Some(authority) if !authority.bytes().all(is_host_byte) => Err(GatewayError::Malformed(
                "The request target's host holds characters that no host name has.",
            )),
            _ => Ok(()),
        },
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'[' | b']')
}

fn check_expectation(headers: &HeaderMap) -> Result<(), GatewayError> {
    let mut expected = headers.get_all(header::EXPECT).iter();
    if expected.all(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        Ok(())
    } else {
        Err(GatewayError::Expectation)
    }
}

fn check_target(uri: &Uri) -> Result<(), GatewayError> {
    // In absolute form, or as HTTP/2's `:scheme`.
    if uri
        .scheme()
        .is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS)
    {
        return Err(GatewayError::Malformed(
            "The request target is of another scheme than http or https.",
        ));
    }
    let target = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    if target.len() > MAX_TARGET {
        return Err(GatewayError::UriTooLong);
    }
    check_path(uri.path())?;
    match uri.query() {
        Some(query) if !query.bytes().all(|byte| byte.is_ascii_graphic()) => Err(GatewayError::Malformed(
            "The query holds characters that must be percent-encoded.",
        )),
        _ => Ok(()),
    }
}

/// Accepts a path that has one reading.
///
/// # Errors
/// Dot segments, empty segments, backslash, `;`, encoded slash, backslash, dot, percent, `;` or control characters,
/// needless encoding of plain characters, overlong or broken UTF-8, anything outside RFC 3986's `pchar`.
pub fn check_path(path: &str) -> Result<(), GatewayError> {
    const OTHER: GatewayError =
        GatewayError::Malformed("The path holds characters that are not allowed there, or are needlessly encoded.");
    if !path.starts_with('/') {
        return Err(GatewayError::Malformed("The path must start with a slash."));
    }
    let bytes = path.as_bytes();
    let plain = bytes
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'~' | b'.'));
    if !plain {
        check_characters(bytes).ok_or(OTHER)?;
    }
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." | ".." => return Err(GatewayError::Malformed("The path holds dot segments.")),
            "" if segments.peek().is_some() => {
                return Err(GatewayError::Malformed("The path holds an empty segment (//)."));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `None` for anything but `pchar`s and needed percent-encodings of whole UTF-8 characters.
fn check_characters(bytes: &[u8]) -> Option<()> {
    let mut decoded = Vec::new();
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                let value = u8::try_from(high * 16 + low).ok()?;
                if is_needless_or_dangerous(value) {
                    return None;
                }
                decoded.push(value);
            }
            byte if byte.is_ascii_alphanumeric() || b"/-_~.!$&'()*+,=:@".contains(&byte) => decoded.push(byte),
            _ => return None,
        }
    }
    std::str::from_utf8(&decoded).ok().map(|_| ())
}

/// Encoded letters have two readings; encoded separators and control characters have worse.
fn is_needless_or_dangerous(value: u8) -> bool {
    value.is_ascii_alphanumeric() || value.is_ascii_control() || b"/\\.;%-_~".contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_one_reading_pass() {
        for path in [
            "/",
            "/a",
            "/a/b/c",
            "/a/b/",
            "/a.b/c-d_e~f",
            "/a/%C3%A5",
            "/a/%20b",
            "/a/b:c@d",
            "/a/(1),2",
            "/a...b",
            "/.well-known/api-catalog",
            "/a/%7Bx%7D",
        ] {
            assert!(check_path(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn paths_with_two_readings_are_refused() {
        for path in [
            "a",
            "*",
            "//a",
            "/a//b",
            "/a/../b",
            "/a/./b",
            "/..",
            "/a/..",
            "/a/%2e%2e/b",
            "/a/%2E/b",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a;b",
            "/a%3bb",
            "/a%3Bb",
            "/a%00b",
            "/a%0ab",
            "/a%0d",
            "/a%7f",
            "/a%252e",
            "/a%25",
            "/%61",
            "/a%2",
            "/a%",
            "/a%zz",
            "/a%c0%af",
            "/a%c0%ae",
            "/a%e0%80%af",
            "/a%ff",
            "/a b",
            "/a\"b",
            "/a<b",
            "/a|b",
            "/a^b",
            "/a`b",
            "/a{b}",
            "/a#b",
            "/åäö",
            "/a%2Db",
            "/a%5F",
            "/a%u002e",
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }
}

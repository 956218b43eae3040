//! Which header fields cross the gateway, in each direction. The backend's request is built from parsed parts.

use crate::call::Facts;
use crate::middleware::authenticate::Statement;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header, request};
use snapshot::{Assertion, Authentication};
use std::fmt::Write;
use std::time::Instant;

/// Fields that mean something on one connection only (RFC 9110 section 7.6.1), and framing, which is made anew.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

/// What a backend tells about itself, or decides for the gateway's whole origin.
const NOT_FOR_CALLERS: [HeaderName; 5] = [
    header::SERVER,
    HeaderName::from_static("x-powered-by"),
    HeaderName::from_static("x-aspnet-version"),
    header::ALT_SVC,
    HeaderName::from_static("public-key-pins"),
];

/// What has a place before the body only (RFC 9110 section 6.5.1): a receiver that merges trailers into the head would
/// else take from them what the gateway keeps out of the head.
const NOT_IN_TRAILERS: [HeaderName; 12] = [
    header::AUTHORIZATION,
    header::CONTENT_LENGTH,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::SET_COOKIE,
    header::TRAILER,
    header::VIA,
    super::authenticate::API_KEY,
    HeaderName::from_static("baggage"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// Version and name in `Via`: the protocol that the message was received over.
fn via(version: Version) -> HeaderValue {
    HeaderValue::from_static(if version == Version::HTTP_2 {
        "2 vagvisare"
    } else {
        "1.1 vagvisare"
    })
}

/// Whether the caller asks for a WebSocket (RFC 6455 section 4.1).
pub(crate) fn wants_websocket(head: &request::Parts) -> bool {
    head.version == Version::HTTP_11
        && head.method == Method::GET
        && head
            .headers
            .get(header::UPGRADE)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
        && lists(&head.headers, "upgrade")
}

fn lists(headers: &HeaderMap, token: &str) -> bool {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|listed| listed.trim().eq_ignore_ascii_case(token))
}

/// Makes the caller's header fields into those of the backend's request.
pub(crate) fn towards_backend(head: &mut request::Parts, facts: &Facts, span_id: [u8; 8], websocket: bool) {
    let trailers = head
        .headers
        .get(header::TE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"trailers"));
    let host = head.headers.remove(header::HOST);
    strip_hop_by_hop(&mut head.headers);
    strip_identity(&mut head.headers);
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::EXPECT);
    if facts
        .route()
        .is_ok_and(|route| route.authentication != Authentication::None)
    {
        head.headers.remove(header::AUTHORIZATION);
        head.headers.remove(super::authenticate::API_KEY);
    }
    let headers = &mut head.headers;
    join_cookies(headers);
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if websocket {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    headers.append(header::VIA, via(head.version));
    add_identity(headers, facts);
    add_forwarded(
        headers,
        facts,
        host.as_ref()
            .and_then(|host| host.to_str().ok())
            .or(head.uri.authority().map(http::uri::Authority::as_str)),
    );
    let trace = &facts.record.trace;
    headers.insert(HeaderName::from_static("traceparent"), trace.traceparent(span_id));
    let tracestate = HeaderName::from_static("tracestate");
    match &trace.tracestate {
        Some(state) => headers.insert(tracestate, state.clone()),
        None => headers.remove(tracestate),
    };
    // Baggage from outside may hold anything, personal data included (W3C Baggage section 4).
    headers.remove("baggage");
    if let Some(deadline) = facts.deadline {
        let left = deadline.saturating_duration_since(Instant::now()).as_millis();
        headers.insert(
            HeaderName::from_static("vagvisare-deadline-ms"),
            HeaderValue::from(u64::try_from(left).unwrap_or(u64::MAX)),
        );
    }
}

/// HTTP/2 callers may send their cookies in pieces; HTTP/1.1 knows one line only (RFC 9113 section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::COOKIE).iter();
    if lines.next().is_some() && lines.next().is_some() {
        let lines: Vec<&[u8]> = headers
            .get_all(header::COOKIE)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        if let Ok(joined) = HeaderValue::from_bytes(&lines.join(b"; ".as_slice())) {
            headers.insert(header::COOKIE, joined);
        }
    }
}

/// Makes the backend's header fields into those of the caller's answer.
pub(crate) fn towards_caller(headers: &mut HeaderMap, version: Version) {
    strip_hop_by_hop(headers);
    strip_identity(headers);
    for name in NOT_FOR_CALLERS {
        headers.remove(name);
    }
    if headers.keys().any(|name| name.as_str().starts_with("access-control-")) {
        let names: Vec<HeaderName> = headers
            .keys()
            .filter(|name| name.as_str().starts_with("access-control-"))
            .cloned()
            .collect();
        for name in names {
            headers.remove(name);
        }
    }
    headers.append(header::VIA, via(version));
}

/// Takes out of a message's trailers what must not cross in its head either, whichever way it goes.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap) {
    strip_hop_by_hop(trailers);
    strip_identity(trailers);
    for name in NOT_IN_TRAILERS {
        trailers.remove(name);
    }
}

/// Fields named in `Connection` go too, but never one that the gateway itself answers for: a caller must not be able to
/// have those removed (CVE-2024-45410 in another gateway).
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let names_others = headers.get_all(header::CONNECTION).iter().any(|value| {
        !value.as_bytes().eq_ignore_ascii_case(b"keep-alive") && !value.as_bytes().eq_ignore_ascii_case(b"close")
    });
    if names_others {
        let listed: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
            .collect();
        for name in listed {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Fields by which a caller, or a backend, could claim what only the gateway may say. Every sign counts as `-`: many
/// frameworks read `_` so, and servers that hand fields on as environment variables make each sign a `_`.
fn strip_identity(headers: &mut HeaderMap) {
    let claimed: Vec<HeaderName> = headers
        .keys()
        .filter(|name| claims_identity(name.as_str()))
        .cloned()
        .collect();
    for name in claimed {
        headers.remove(name);
    }
}

fn claims_identity(name: &str) -> bool {
    if !matches!(name.as_bytes().first(), Some(b'v' | b'f' | b'x')) {
        return false;
    }
    let same = |byte: u8| if byte.is_ascii_alphanumeric() { byte } else { b'-' };
    let starts = |prefix: &str| {
        name.len() >= prefix.len()
            && name
                .bytes()
                .zip(prefix.bytes())
                .all(|(left, right)| same(left) == right)
    };
    starts("vagvisare-")
        || (starts("forwarded") && name.len() == 9)
        || (starts("x-forwarded") && (name.len() == 11 || starts("x-forwarded-")))
        || (starts("x-real-ip") && name.len() == 9)
        || (starts("x-original-")
            || starts("x-rewrite-")
            || (starts("x-http-method") && (name.len() == 13 || starts("x-http-method-override")))
            || starts("x-method-override"))
        || (starts("x-api-key") && name != "x-api-key")
}

/// The signed statement of who calls, for backends that ask for one.
pub(crate) fn add_assertion(headers: &mut HeaderMap, kind: Assertion, facts: &Facts) {
    let snapshot = &facts.plan.snapshot;
    let consumer = facts.consumer.as_ref();
    let application = consumer.map(|consumer| snapshot.application(consumer.application));
    let trace = facts.record.trace.trace_id_hex();
    let statement = Statement {
        api: facts.api().map_or("", |api| &api.id),
        client: application.map(|application| &*application.id),
        organisation: application.map(|application| &*snapshot.organisation(application.organisation).id),
        agreement: facts.agreement.map(|agreement| &*snapshot.agreement(agreement).id),
        scopes: consumer.and_then(|consumer| consumer.scopes.as_deref()),
        person: consumer.and_then(|consumer| consumer.subject.as_deref()),
        trace: (kind == Assertion::Call).then_some(trace.as_str()),
        now: facts.now(),
    };
    if let Some(value) = facts.credentials().assertion(&statement) {
        headers.insert(HeaderName::from_static("vagvisare-assertion"), value);
    }
}

fn add_identity(headers: &mut HeaderMap, facts: &Facts) {
    let snapshot = &facts.plan.snapshot;
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    if let Some(consumer) = &facts.consumer {
        let application = snapshot.application(consumer.application);
        set("vagvisare-application", &application.id);
        set(
            "vagvisare-organisation",
            &snapshot.organisation(application.organisation).id,
        );
        if let Some(subject) = &consumer.subject {
            set("vagvisare-subject", subject);
        }
        if let Some(scopes) = &consumer.scopes {
            set("vagvisare-scopes", &scopes.join(" "));
        }
    }
    if let Some(certificate) = facts.peer.certificate
        && let Ok(thumbprint) = std::str::from_utf8(&certificate.encoded())
    {
        set("vagvisare-client-certificate", thumbprint);
    }
    if let Some(agreement) = facts.agreement {
        set("vagvisare-agreement", &snapshot.agreement(agreement).id);
    }
    if let Some(api) = facts.api() {
        set("vagvisare-forwarded-prefix", &api.base_path);
    }
}

/// RFC 7239, as REST profile HYP.08 and HYP.09 ask: the backend can make absolute links of the gateway's address.
fn add_forwarded(headers: &mut HeaderMap, facts: &Facts, host: Option<&str>) {
    let (proto, host) = match facts.public_base_url().and_then(|url| url.split_once("://")) {
        Some((proto, host)) => (proto, Some(host)),
        None => (if facts.peer.tls { "https" } else { "http" }, host),
    };
    let mut text = String::with_capacity(64);
    let written = match facts.client_address {
        std::net::IpAddr::V4(address) => write!(text, "for={address}"),
        std::net::IpAddr::V6(address) => write!(text, "for=\"[{address}]\""),
    };
    if let Some(host) = host {
        let _ = write!(text, ";host=\"{host}\"");
    }
    let _ = write!(text, ";proto={proto}");
    if written.is_ok()
        && let Ok(value) = HeaderValue::from_str(&text)
    {
        headers.insert(header::FORWARDED, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_identity_header_is_known() {
        for name in [
            "vagvisare-subject",
            "vagvisare_subject",
            "forwarded",
            "x-forwarded-for",
            "x_forwarded_proto",
            "x-real-ip",
            "x_real-ip",
            "x_api_key",
            "x-http-method-override",
            "x-http-method",
            "x_http_method",
            "x-forwarded",
            "x-forwarded.for",
            "vagvisare.subject",
            "x-original-url",
        ] {
            assert!(claims_identity(name), "{name}");
        }
        for name in [
            "x-request-id",
            "forward",
            "via",
            "accept",
            "x-api-key",
            "from",
            "vary",
            "x-correlation-id",
        ] {
            assert!(!claims_identity(name), "{name}");
        }
    }

    #[test]
    fn every_connection_line_is_read() {
        let mut headers = HeaderMap::new();
        for line in ["close", "x-own"] {
            headers.append(header::CONNECTION, HeaderValue::from_static(line));
        }
        headers.insert("x-own", HeaderValue::from_static("1"));
        strip_hop_by_hop(&mut headers);
        assert!(headers.is_empty(), "{headers:?}");
    }

    #[test]
    fn a_caller_cannot_have_headers_removed_that_the_gateway_adds_later() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, "close, x-own, forwarded".parse().unwrap());
        headers.insert("x-own", "1".parse().unwrap());
        headers.insert("accept", "*/*".parse().unwrap());
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers.len(), 1);
    }
}

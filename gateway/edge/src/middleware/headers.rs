//! Which header fields cross the gateway, in each direction. The backend's request is built from parsed parts.

pub(crate) mod fields;

use crate::call::Facts;
use crate::middleware::authenticate::Statement;
use bytes::Bytes;
use fields::Seen;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header, request};
use snapshot::{Assertion, Authentication};
use std::io::Write;
use std::net::IpAddr;
use std::time::Instant;

/// Version and name in `Via`: the protocol that the message was received over.
fn via(version: Version) -> HeaderValue {
    HeaderValue::from_static(if version == Version::HTTP_2 {
        "2 vagvisare"
    } else {
        "1.1 vagvisare"
    })
}

/// Whether the caller asks for a WebSocket (RFC 6455 section 4.1).
pub(crate) fn wants_websocket(head: &request::Parts, seen: &Seen) -> bool {
    seen.has(fields::UPGRADE)
        && head.version == Version::HTTP_11
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

/// Makes the caller's header fields into those of the backend's request, but for `Host`, which is the address's.
pub(crate) fn towards_backend(
    head: &mut request::Parts,
    facts: &Facts,
    span_id: [u8; 8],
    websocket: bool,
    now: Instant,
) {
    let headers = &mut head.headers;
    let seen = &facts.seen;
    let trailers = seen.has(fields::TE)
        && headers
            .get(header::TE)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"trailers"));
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or(head.uri.authority().map(http::uri::Authority::as_str));
    let forwarded = forwarded(facts, host);
    let mut unwanted = fields::HOP_BY_HOP.and(fields::MADE_ANEW);
    // Baggage from outside may hold anything, personal data included (W3C Baggage section 4).
    unwanted = unwanted.and(fields::BAGGAGE).and(fields::TRACESTATE);
    if facts
        .route()
        .is_ok_and(|route| route.authentication != Authentication::None)
    {
        unwanted = unwanted.and(fields::CREDENTIALS);
    }
    strip(headers, seen, unwanted);
    if seen.has(fields::COOKIE) {
        join_cookies(headers);
    }
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if websocket {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    headers.append(header::VIA, via(head.version));
    add_identity(headers, facts);
    if let Some(forwarded) = forwarded {
        headers.insert(header::FORWARDED, forwarded);
    }
    let trace = &facts.record.trace;
    headers.insert(HeaderName::from_static("traceparent"), trace.traceparent(span_id));
    if let Some(state) = &trace.tracestate {
        headers.insert(HeaderName::from_static("tracestate"), state.clone());
    }
    if let Some(deadline) = facts.deadline {
        let left = deadline.saturating_duration_since(now).as_millis();
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
    let seen = fields::look(headers, |name| {
        claims_identity(name) || name.starts_with("access-control-")
    });
    strip(headers, &seen, fields::HOP_BY_HOP.and(fields::NOT_FOR_CALLERS));
    headers.append(header::VIA, via(version));
}

/// Takes out of a message's trailers what must not cross in its head either, whichever way it goes.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap) {
    let seen = look(trailers);
    strip(trailers, &seen, fields::HOP_BY_HOP.and(fields::NOT_IN_TRAILERS));
}

/// What a request's head holds that the layers ask for, and what in it claims to be the gateway's own word. Looked at once,
/// when the request has come: no layer adds a field of these names.
pub(crate) fn look(headers: &HeaderMap) -> Seen {
    fields::look(headers, claims_identity)
}

/// Takes out the `unwanted` of the known names that are there, what was looked for beside them, and what `Connection`
/// lists (RFC 9110 section 7.6.1). Fields that the gateway adds come after this: a caller must not be able to have those
/// removed (CVE-2024-45410 in another gateway).
fn strip(headers: &mut HeaderMap, seen: &Seen, unwanted: fields::Names) {
    if seen.has(fields::CONNECTION) {
        for name in listed(headers) {
            headers.remove(name);
        }
    }
    seen.names.among(unwanted).remove_from(headers);
    for name in &seen.others {
        headers.remove(name);
    }
}

/// The fields that `Connection` names, other than the two that nearly every such field names.
fn listed(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .map(HeaderValue::as_bytes)
        .filter(|value| !value.eq_ignore_ascii_case(b"keep-alive") && !value.eq_ignore_ascii_case(b"close"))
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect()
}

/// Whether a field is one by which a caller, or a backend, could claim what only the gateway may say. Every sign counts as
/// `-`: many frameworks read `_` so, and servers that hand fields on as environment variables make each sign a `_`.
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
        supplier: facts.record.supplier.as_deref(),
        scopes: consumer.and_then(|consumer| consumer.scopes.as_deref()),
        person: consumer.and_then(|consumer| consumer.subject.as_deref()),
        actor: consumer.and_then(|consumer| consumer.actor.as_deref()),
        trace: (kind == Assertion::Call).then_some(trace.as_str()),
        now: facts.now(),
    };
    if let Some(value) = facts.credentials().assertion(&statement) {
        headers.insert(HeaderName::from_static("vagvisare-assertion"), value);
    }
}

fn add_identity(headers: &mut HeaderMap, facts: &Facts) {
    let snapshot = &facts.plan.snapshot;
    let mut set = |name: &'static str, value: Option<HeaderValue>| {
        if let Some(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    if let Some(consumer) = &facts.consumer {
        let application = snapshot.application(consumer.application);
        let organisation = snapshot.organisation(application.organisation);
        set("vagvisare-application", application.id_value.clone());
        set("vagvisare-organisation", organisation.id_value.clone());
        if let Some(subject) = &consumer.subject {
            set("vagvisare-subject", HeaderValue::from_str(subject).ok());
        }
        if let Some(scopes) = &consumer.scopes {
            set("vagvisare-scopes", HeaderValue::from_str(&scopes.join(" ")).ok());
        }
    }
    if let Some(certificate) = facts.peer.certificate {
        set(
            "vagvisare-client-certificate",
            HeaderValue::from_bytes(&certificate.encoded()).ok(),
        );
    }
    if let Some(agreement) = facts.agreement {
        set("vagvisare-agreement", snapshot.agreement(agreement).id_value.clone());
    }
    if let Some(api) = facts.api() {
        set("vagvisare-forwarded-prefix", api.base_path_value.clone());
    }
}

/// RFC 7239, as REST profile HYP.08 and HYP.09 ask: the backend can make absolute links of the gateway's address. Written
/// by hand: the formatter's machinery costs more than all the rest of the head.
fn forwarded(facts: &Facts, host: Option<&str>) -> Option<HeaderValue> {
    let (proto, host) = match facts.public_base_url().and_then(|url| url.split_once("://")) {
        Some((proto, host)) => (proto, Some(host)),
        None => (if facts.peer.tls { "https" } else { "http" }, host),
    };
    let mut text = Vec::with_capacity(96);
    text.extend_from_slice(b"for=");
    match facts.client_address {
        IpAddr::V4(address) => {
            for (at, octet) in address.octets().into_iter().enumerate() {
                if at > 0 {
                    text.push(b'.');
                }
                decimal(&mut text, octet);
            }
        }
        IpAddr::V6(address) => {
            // Writing to a vector does not fail.
            let _ = write!(text, "\"[{address}]\"");
        }
    }
    if let Some(host) = host {
        text.extend_from_slice(b";host=\"");
        text.extend_from_slice(host.as_bytes());
        text.push(b'"');
    }
    text.extend_from_slice(b";proto=");
    text.extend_from_slice(proto.as_bytes());
    HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
}

fn decimal(text: &mut Vec<u8>, value: u8) {
    if value >= 100 {
        text.push(b'0' + value / 100);
    }
    if value >= 10 {
        text.push(b'0' + value / 10 % 10);
    }
    text.push(b'0' + value % 10);
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
        clean_trailers(&mut headers);
        assert!(headers.is_empty(), "{headers:?}");
    }

    #[test]
    fn a_caller_cannot_have_headers_removed_that_the_gateway_adds_later() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, "close, x-own, forwarded".parse().unwrap());
        headers.insert("x-own", "1".parse().unwrap());
        headers.insert("accept", "*/*".parse().unwrap());
        clean_trailers(&mut headers);
        assert_eq!(headers.len(), 1);
    }
}

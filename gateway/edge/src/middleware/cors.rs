//! Cross-origin rules (Fetch standard, REST profile SAK.17 and SAK.37): preflights are answered here, other answers marked.

use crate::body::ResponseBody;
use crate::call::{Call, Facts};
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::middleware::headers::fields;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// Headers that a browser page may send.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, accept, accept-language, x-api-key, traceparent, idempotency-key, prefer, if-match, if-none-match",
);
/// Headers that a browser page may read.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "traceparent, ratelimit, ratelimit-policy, retry-after, deprecation, sunset, link, location, etag, www-authenticate, proxy-status, preference-applied",
);

/// The decision.
#[derive(Debug, Clone)]
pub struct Cors;

impl Decide for Cors {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        call.facts.allowed_origin = allowed_origin(&call.head.headers, &call.facts);
        let Some(allow) = call.facts.options.take() else {
            return Ok(Flow::Continue);
        };
        let mut response = Response::new(ResponseBody::Empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        let preflight = call.head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if preflight && call.facts.allowed_origin.is_some() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow.clone());
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
        headers.insert(header::ALLOW, allow);
        Ok(Flow::Answer(Box::new(response)))
    }
}

/// What to put in `Access-Control-Allow-Origin`; `None`: the browser keeps the answer from the page.
///
/// Credentials are never allowed: keys and tokens travel in headers that the page sets, cookies have no meaning here.
fn allowed_origin(request: &HeaderMap, facts: &Facts) -> Option<HeaderValue> {
    let origin = facts.seen.has(fields::ORIGIN).then(|| request.get(header::ORIGIN))??;
    let cors = facts.api()?.cors.as_ref()?;
    if cors.any_origin {
        return Some(HeaderValue::from_static("*"));
    }
    cors.origins.iter().find(|allowed| *allowed == origin).cloned()
}

/// Marks an answer with what `cors` decided.
pub(crate) fn mark(response: &mut HeaderMap, facts: &Facts) {
    if let Some(cors) = facts.api().and_then(|api| api.cors.as_ref()) {
        if !cors.any_origin {
            response.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = &facts.allowed_origin {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }
}

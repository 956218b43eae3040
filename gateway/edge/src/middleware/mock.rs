//! Answers a call that asks for an example (`Prefer: code=200, example=NAME`, RFC 7240) from the API's own OpenAPI document:
//! on a sandbox, and where an API's owner wants it. Nothing is sent to the backend, and nobody's data is read.
//!
//! The answers were rendered when the snapshot was built. A call without `Prefer` costs one bit of what `record` has seen.

mod prefer;

use crate::body::ResponseBody;
use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::middleware::headers::fields;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use prefer::Preference;
use snapshot::{MockAnswer, WantedMock};
use std::sync::Arc;

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The decision.
#[derive(Debug, Clone)]
pub struct Mock;

impl Decide for Mock {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        if !call.facts.seen.has(fields::PREFER) {
            return Ok(Flow::Continue);
        }
        let route = call.facts.route()?;
        let Some(mock) = &route.mock else {
            return Ok(Flow::Continue);
        };
        let headers = &call.head.headers;
        let preference = Preference::of(headers);
        if !preference.is_given() {
            return Ok(Flow::Continue);
        }
        let unknown = || GatewayError::ExampleUnknown {
            operation: Arc::clone(&route.id),
            known: mock.known(),
        };
        let code = match preference.code.as_deref().map(final_status) {
            Some(None) => return Err(unknown()),
            given => given.flatten(),
        };
        let wanted = WantedMock {
            code,
            example: preference.example.as_deref(),
            accept: headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()),
        };
        let (status, answer) = mock.find(wanted).ok_or_else(unknown)?;
        Ok(Flow::Answer(Box::new(response(status, answer, &preference))))
    }
}

/// Three digits that an answer can end with.
fn final_status(text: &str) -> Option<StatusCode> {
    let code = text.parse::<u16>().ok().filter(|code| (200..600).contains(code))?;
    StatusCode::from_u16(code).ok().filter(|_| text.len() == 3)
}

fn response(status: StatusCode, answer: &MockAnswer, preference: &Preference) -> Response<ResponseBody> {
    let without = matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    let media_type = answer.media_type.clone().filter(|_| !without);
    let mut response = Response::new(match media_type {
        Some(_) => ResponseBody::Full(answer.body.clone()),
        None => ResponseBody::Empty,
    });
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Some(media_type) = media_type {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(applied) = HeaderValue::from_str(&applied(status, preference)) {
        headers.insert(PREFERENCE_APPLIED, applied);
    }
    response
}

/// RFC 7240 section 3: what was asked for and is given.
fn applied(status: StatusCode, preference: &Preference) -> String {
    let code = preference.code.as_ref().map(|_| format!("code={}", status.as_u16()));
    let example = preference.example.as_deref().map(|name| {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        match !name.is_empty() && name.bytes().all(token) {
            true => format!("example={name}"),
            false => format!("example=\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    });
    code.into_iter().chain(example).collect::<Vec<_>>().join(", ")
}

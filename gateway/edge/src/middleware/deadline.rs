//! Starts the clock of what follows: the answer's head must be there within the API's deadline.
//!
//! A caller may ask for less time (`Request-Timeout`, whole seconds), never for more. `forward` keeps the time; an upload
//! that moves is not late, so the clock runs from the end of the request body.

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::middleware::headers::fields;
use http::{HeaderMap, HeaderName};
use std::time::Duration;

const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("request-timeout");

/// The decision.
#[derive(Debug, Clone)]
pub struct Deadline;

impl Decide for Deadline {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        if let Some(api) = call.facts.api() {
            let told = call.facts.seen.has(fields::REQUEST_TIMEOUT);
            let wish = if told { wished(&call.head.headers) } else { None };
            let time = wish.map_or(api.deadline, |wish| wish.min(api.deadline));
            call.facts.record.deadline_ms = u32::try_from(time.as_millis()).ok();
            call.facts.deadline = Some(call.facts.record.started + time);
        }
        Ok(Flow::Continue)
    }
}

fn wished(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(REQUEST_TIMEOUT)?
        .to_str()
        .ok()?
        .trim()
        .parse::<u32>()
        .ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

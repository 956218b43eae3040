//! Reads a request's body into memory up to a cap, for those who must see it whole or send it more than once.

use crate::body::{RequestBody, TooLarge};
use crate::call::Facts;
use crate::error::GatewayError;
use bytes::{Bytes, BytesMut};
use http_body::Body;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// A body that was read.
pub(crate) enum Held {
    /// All of it. Trailers are not kept (RFC 9110 section 6.5.2 lets a gateway drop them).
    Whole(Bytes),
    /// It is longer than the cap: what was read, and the rest.
    Larger(RequestBody),
}

/// Reads `body`. The caller's silence is bounded as it is when the body streams, and the deadline of the answer runs from
/// the end of the body.
pub(crate) async fn hold(mut body: RequestBody, most: usize, facts: &mut Facts) -> Result<Held, GatewayError> {
    if body.is_end_stream() {
        return Ok(Held::Whole(Bytes::new()));
    }
    if body.size_hint().lower() > most as u64 {
        return Ok(Held::Larger(body));
    }
    let (idle, answer) = facts
        .api()
        .map_or((Duration::from_secs(30), Duration::from_secs(30)), |api| {
            (api.idle_timeout, api.deadline)
        });
    let mut parts: VecDeque<Bytes> = VecDeque::new();
    let mut length = 0;
    loop {
        let next = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
        let frame = match tokio::time::timeout(idle, next).await {
            Err(_elapsed) => return Err(GatewayError::BodyStalled),
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => {
                return Err(match error.downcast_ref() {
                    Some(TooLarge { limit }) => GatewayError::BodyTooLarge { limit: *limit },
                    None => GatewayError::Malformed("The request's body broke off or is malformed."),
                });
            }
        };
        if let Ok(part) = frame.into_data() {
            length += part.len();
            parts.push_back(part);
        }
        if length > most {
            return Ok(Held::Larger(RequestBody::begun(parts, body)));
        }
    }
    facts.record.request_bytes = length as u64;
    if let Some(deadline) = &mut facts.deadline {
        *deadline = (*deadline).max(Instant::now() + answer);
    }
    if parts.len() == 1
        && let Some(only) = parts.pop_front()
    {
        return Ok(Held::Whole(only));
    }
    let mut whole = BytesMut::with_capacity(length);
    for part in parts {
        whole.extend_from_slice(&part);
    }
    Ok(Held::Whole(whole.freeze()))
}

//! Reads a request's body, or an answer's, into memory up to a cap, for those who must see it whole or send it more than once.

use super::forward;
use crate::body::{RequestBody, ResponseBody, TooLarge};
use crate::call::Facts;
use crate::error::GatewayError;
use bytes::{Bytes, BytesMut};
use http::{Response, response};
use http_body::{Body, Frame};
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

/// An answer that was read.
pub(crate) enum HeldAnswer {
    /// All of it.
    Whole(response::Parts, Bytes),
    /// It is longer than the cap, or has trailers: to be passed on as it is.
    Larger(Box<Response<ResponseBody>>),
}

/// Reads an answer's body up to a cap.
///
/// # Errors
/// A body that broke off: nothing of the answer has been passed on, so the caller gets a problem.
pub(crate) async fn hold_answer(
    response: Response<ResponseBody>,
    most: usize,
    facts: &Facts,
) -> Result<HeldAnswer, GatewayError> {
    let (head, body) = response.into_parts();
    let mut body = match body {
        ResponseBody::Empty => return Ok(HeldAnswer::Whole(head, Bytes::new())),
        ResponseBody::Full(bytes) => return Ok(HeldAnswer::Whole(head, bytes)),
        ResponseBody::Begun(..) => return Ok(HeldAnswer::Larger(Box::new(Response::from_parts(head, body)))),
        ResponseBody::Upstream(body) => body,
    };
    let larger = |head, frames, body| {
        let body = ResponseBody::Begun(frames, Box::new(body));
        Ok(HeldAnswer::Larger(Box::new(Response::from_parts(head, body))))
    };
    let mut frames: VecDeque<Frame<Bytes>> = VecDeque::new();
    let mut length = 0;
    if body.size_hint().lower() > most as u64 {
        return larger(head, frames, body);
    }
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|error| forward::broke_off(facts, error))?;
        let part = frame.data_ref().map(Bytes::len);
        frames.push_back(frame);
        length += part.unwrap_or_default();
        if part.is_none() || length > most {
            return larger(head, frames, body);
        }
    }
    let mut whole = BytesMut::with_capacity(length);
    for part in frames.into_iter().filter_map(|frame| frame.into_data().ok()) {
        whole.extend_from_slice(&part);
    }
    Ok(HeldAnswer::Whole(head, whole.freeze()))
}

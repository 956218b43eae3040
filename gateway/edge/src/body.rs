//! The two body types of the data plane. A new kind of body is a variant here, never a boxed body.

use crate::BoxError;
use crate::middleware::headers;
use crate::turns::Turn;
use crate::upstream::UpstreamBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// The caller sent more than the API takes.
#[derive(Debug, thiserror::Error)]
#[error("the request body is larger than {limit} bytes")]
pub struct TooLarge {
    /// The API's cap in bytes.
    pub limit: u64,
}

/// How far an upload has come, read by the deadline: a long upload that moves is not a late answer.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    /// Milliseconds after `started` at which the last part came.
    moved_ms: AtomicU64,
    bytes: AtomicU64,
    done: AtomicBool,
    /// The backend has asked for more than the caller has sent.
    waiting: AtomicBool,
}

impl Progress {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            moved_ms: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            done: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
        }
    }

    fn moved(&self, bytes: usize) {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved_ms.store(elapsed, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// When the last part of the body came.
    pub fn last_moved(&self) -> Instant {
        self.started + std::time::Duration::from_millis(self.moved_ms.load(Ordering::Relaxed))
    }

    /// Whether the whole body has been read.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    /// Whether it is the caller, not the backend, who keeps the other waiting.
    pub fn waits_for_caller(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// A caller's request body on its way to the backend: capped, its progress visible.
#[derive(Debug)]
pub struct RequestBody(Inner);

#[derive(Debug)]
enum Inner {
    Empty,
    Full(Option<Bytes>),
    /// What was read of a body that turned out too long to be held, and the rest.
    Begun(VecDeque<Bytes>, Box<RequestBody>),
    Streaming {
        incoming: Incoming,
        left: u64,
        limit: u64,
        progress: Arc<Progress>,
        turn: Turn,
    },
}

impl RequestBody {
    /// No body.
    pub fn empty() -> Self {
        Self(Inner::Empty)
    }

    /// A body held in memory.
    pub fn full(bytes: Bytes) -> Self {
        Self(Inner::Full(Some(bytes)))
    }

    /// A body as it arrives; [`TooLarge`] ends it after `limit` bytes. Nothing is allocated for a request without one.
    pub fn streaming(incoming: Incoming, limit: u64) -> Self {
        if incoming.is_end_stream() {
            return Self::empty();
        }
        Self(Inner::Streaming {
            incoming,
            left: limit,
            limit,
            progress: Arc::new(Progress::new()),
            turn: Turn::default(),
        })
    }

    /// Changes the cap of a body of which nothing has been read yet (the cap is the API's, known after routing).
    pub fn set_limit(&mut self, bytes: u64) {
        if let Inner::Streaming { left, limit, .. } = &mut self.0 {
            *left = bytes;
            *limit = bytes;
        }
    }

    /// A body of which parts have been read already.
    pub(crate) fn begun(parts: VecDeque<Bytes>, rest: Self) -> Self {
        if parts.is_empty() {
            return rest;
        }
        Self(Inner::Begun(parts, Box::new(rest)))
    }

    /// The upload's progress; `None` when there is no body to wait for.
    pub fn progress(&self) -> Option<Arc<Progress>> {
        match &self.0 {
            Inner::Streaming { progress, .. } => Some(Arc::clone(progress)),
            Inner::Begun(_, rest) => rest.progress(),
            Inner::Empty | Inner::Full(_) => None,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Inner::Empty => Poll::Ready(None),
            Inner::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Begun(parts, rest) => match parts.pop_front() {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                None => Pin::new(&mut **rest).poll_frame(cx),
            },
            Inner::Streaming {
                incoming,
                left,
                limit,
                progress,
                turn,
            } => {
                ready!(turn.poll(cx));
                let polled = Pin::new(incoming).poll_frame(cx);
                progress.waiting.store(polled.is_pending(), Ordering::Relaxed);
                if polled.is_pending() {
                    turn.rests();
                }
                let Some(frame) = ready!(polled) else {
                    progress.done.store(true, Ordering::Relaxed);
                    return Poll::Ready(None);
                };
                let mut frame = frame?;
                if let Some(trailers) = frame.trailers_mut() {
                    headers::clean_trailers(trailers);
                }
                if let Some(data) = frame.data_ref() {
                    progress.moved(data.len());
                    turn.moved(data.len());
                    match left.checked_sub(data.len() as u64) {
                        Some(rest) => *left = rest,
                        None => return Poll::Ready(Some(Err(Box::new(TooLarge { limit: *limit })))),
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Empty => true,
            Inner::Full(bytes) => bytes.is_none(),
            Inner::Begun(parts, rest) => parts.is_empty() && rest.is_end_stream(),
            Inner::Streaming { incoming, progress, .. } => {
                let end = incoming.is_end_stream();
                if end {
                    progress.done.store(true, Ordering::Relaxed);
                }
                end
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Inner::Begun(parts, rest) => {
                let begun = parts.iter().map(|part| part.len() as u64).sum::<u64>();
                match rest.size_hint().exact() {
                    Some(left) => SizeHint::with_exact(begun + left),
                    None => SizeHint::default(),
                }
            }
            Inner::Streaming { incoming, .. } => incoming.size_hint(),
        }
    }
}

/// An answer's body on its way to the caller.
#[derive(Debug)]
pub enum ResponseBody {
    /// None.
    Empty,
    /// Held in memory: problems and the gateway's own documents.
    Full(Bytes),
    /// As it arrives from the backend.
    Upstream(UpstreamBody),
    /// What was read ahead, and the rest as it arrives.
    Begun(VecDeque<Frame<Bytes>>, Box<UpstreamBody>),
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            ResponseBody::Empty => Poll::Ready(None),
            ResponseBody::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = ResponseBody::Empty;
                Poll::Ready(if bytes.is_empty() {
                    None
                } else {
                    Some(Ok(Frame::data(bytes)))
                })
            }
            ResponseBody::Begun(frames, rest) => match frames.pop_front() {
                Some(frame) => Poll::Ready(Some(Ok(frame))),
                None => from_backend(rest, cx),
            },
            ResponseBody::Upstream(body) => from_backend(body, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            ResponseBody::Empty => true,
            ResponseBody::Full(bytes) => bytes.is_empty(),
            ResponseBody::Upstream(body) => body.is_end_stream(),
            ResponseBody::Begun(frames, rest) => frames.is_empty() && rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            ResponseBody::Empty => SizeHint::with_exact(0),
            ResponseBody::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            ResponseBody::Upstream(body) => body.size_hint(),
            ResponseBody::Begun(frames, rest) => {
                let begun = frames
                    .iter()
                    .filter_map(|frame| Some(frame.data_ref()?.len() as u64))
                    .sum::<u64>();
                match rest.size_hint().exact() {
                    Some(left) => SizeHint::with_exact(begun + left),
                    None => SizeHint::default(),
                }
            }
        }
    }
}

fn from_backend(body: &mut UpstreamBody, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
    let mut polled = Pin::new(body).poll_frame(cx);
    if let Poll::Ready(Some(Ok(frame))) = &mut polled
        && let Some(trailers) = frame.trailers_mut()
    {
        headers::clean_trailers(trailers);
    }
    polled
}

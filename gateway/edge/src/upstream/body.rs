//! An answer's body as it comes from the backend; gives the connection back at its end.

use super::fleet::Attempt;
use super::pool::Lease;
use crate::BoxError;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// Why an answer's body ended before its end. Whoever passes the body on must break off too, visibly.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The backend was silent for too long.
    #[error("the backend sent nothing for {0:?} in the middle of its answer")]
    Idle(Duration),
    /// The connection broke, or the framing was wrong.
    #[error("the backend's answer broke off")]
    Broken(#[source] hyper::Error),
}

/// The backend's answer, part by part.
///
/// The connection is kept for the next call when the body was read to its end, and closed when it is dropped before.
#[derive(Debug)]
pub struct UpstreamBody {
    incoming: Incoming,
    lease: Option<Lease>,
    silence: Silence,
    broken: Break,
    /// Told how the body ends; `None` for most: then nobody asks.
    attempt: Option<Box<Attempt>>,
}

/// Whether the body broke off, and whether the one who reads it knows.
#[derive(Debug)]
enum Break {
    No,
    Untold(Box<BodyError>),
    Told,
}

impl UpstreamBody {
    /// Takes over the connection with the answer.
    pub(super) fn answer(response: Response<Incoming>, lease: Lease, idle_timeout: Duration) -> Response<Self> {
        let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        response.map(|incoming| {
            let mut body = Self {
                incoming,
                lease: Some(lease),
                silence: Silence::new(idle_timeout),
                broken: Break::No,
                attempt: None,
            };
            if switched {
                // The connection is no longer one for requests: whoever takes the upgrade has it.
                if let Some(lease) = body.lease.take() {
                    lease.let_go();
                }
            } else {
                body.keep_connection_if_ended();
            }
            body
        })
    }

    /// Sees that `attempt` learns how the body ends, and lives until then.
    pub(crate) fn tell(&mut self, attempt: Box<Attempt>) {
        if self.lease.is_some() {
            self.attempt = Some(attempt);
        }
    }

    /// As soon as the last part is there, not when the caller has taken it: the next call can have the connection.
    fn keep_connection_if_ended(&mut self) {
        if self.incoming.is_end_stream()
            && let Some(lease) = self.lease.take()
        {
            lease.give_back();
            self.attempt = None;
        }
    }

    /// Ends the body, but not before the caller has been sent what came until now: in the same turn as the head, the error
    /// would cut the connection with nothing sent at all.
    fn fail(&mut self, error: BodyError, cx: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.broken = Break::Untold(Box::new(error));
        self.lease = None;
        if let Some(mut attempt) = self.attempt.take() {
            attempt.broke();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match std::mem::replace(&mut self.broken, Break::No) {
            Break::No => {}
            Break::Untold(error) => {
                self.broken = Break::Told;
                return Poll::Ready(Some(Err(error)));
            }
            Break::Told => {
                self.broken = Break::Told;
                return Poll::Ready(None);
            }
        }
        let this = &mut *self;
        let mut polled = Pin::new(&mut this.incoming).poll_frame(cx);
        if polled.is_pending()
            && let Some(lease) = &mut this.lease
        {
            // Asking has told hyper that the next part is wanted.
            lease.drive(cx);
            polled = Pin::new(&mut this.incoming).poll_frame(cx);
        }
        match polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.silence.broken();
                self.keep_connection_if_ended();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) => {
                if let Some(lease) = self.lease.take() {
                    lease.give_back();
                }
                self.attempt = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => self.fail(BodyError::Broken(error), cx),
            Poll::Pending if self.silence.poll(cx).is_ready() => {
                let limit = self.silence.limit;
                self.fail(BodyError::Idle(limit), cx)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.broken, Break::No) && self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// Measures silence in quarters of the limit, so that the timer is not set anew for every part of a body, and not at all
/// for one that comes in one piece. A slow *caller* is not the backend's silence: time counts only while parts are waited
/// for. Ends after the limit, at most a quarter late: five quarters, since the first one began before the last part came.
#[derive(Debug)]
struct Silence {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    quarters: u8,
}

impl Silence {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            timer: None,
            quarters: 0,
        }
    }

    fn broken(&mut self) {
        self.quarters = 0;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let quarter = self.limit / 4;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(quarter)));
        while timer.as_mut().poll(cx).is_ready() {
            self.quarters += 1;
            if self.quarters > 4 {
                return Poll::Ready(());
            }
            timer.as_mut().reset(Instant::now() + quarter);
        }
        Poll::Pending
    }
}

//! Between hyper and the handler: calls it, and tells the watcher where each answer stands.

use super::streams;
use super::watch::{Verdict, Watched};
use super::{Answer, Handle, Peer, Rest};
use crate::BoxError;
use crate::turns::Turn;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// One connection's service.
#[derive(Clone)]
pub(super) struct Service<H> {
    pub(super) handle: H,
    pub(super) peer: Peer,
    pub(super) watched: Arc<Watched>,
}

impl<H: Handle> hyper::service::Service<Request<Incoming>> for Service<H> {
    type Response = Response<Sending<H::Body>>;
    type Error = Infallible;
    type Future = Answering<H::Body>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let ticket = Ticket::new(&self.watched);
        let peer = Peer {
            ambiguous: self.watched.is_ambiguous(),
            asking: self.watched.in_flight(),
            crowded: self.watched.takes_crowded(),
            ..self.peer
        };
        Answering {
            answer: self.handle.handle(request, peer),
            ticket: Some(ticket),
        }
    }
}

/// A request in flight, until the answer is taken over whole or given up.
struct Ticket {
    watched: Arc<Watched>,
    owed: bool,
}

impl Ticket {
    fn new(watched: &Arc<Watched>) -> Self {
        watched.request_begins();
        Self {
            watched: Arc::clone(watched),
            owed: false,
        }
    }

    /// Whether there is something for the caller that only waits for the caller.
    fn set_owed(&mut self, owed: bool) {
        if owed != self.owed {
            self.owed = owed;
            if owed {
                self.watched.owes()
            } else {
                self.watched.owes_no_more()
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.set_owed(false);
        self.watched.request_ends();
    }
}

/// The handler's future; its answer's body carries the ticket on.
pub(super) struct Answering<B> {
    answer: Answer<B>,
    ticket: Option<Ticket>,
}

impl<B> Future for Answering<B> {
    type Output = Result<Response<Sending<B>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = match ready!(self.answer.as_mut().poll(cx)) {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let mut ticket = self.ticket.take();
        if let Some(ticket) = &mut ticket {
            ticket.set_owed(true);
            streams::owes(true);
            if let Some(Rest(rest)) = response.extensions_mut().remove() {
                ticket.watched.rest(rest);
            }
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                ticket.watched.set_tunnel();
            } else if ticket.watched.command() == Verdict::Last {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
        }
        Poll::Ready(Ok(response.map(|body| Sending {
            body,
            ticket,
            turn: Turn::default(),
        })))
    }
}

pin_project! {
    /// An answer's body on its way out.
    pub(super) struct Sending<B> {
        #[pin]
        body: B,
        ticket: Option<Ticket>,
        turn: Turn,
    }
}

impl<B: Body<Data = Bytes, Error = BoxError>> Body for Sending<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        ready!(this.turn.poll(cx));
        let outcome = this.body.poll_frame(cx);
        match &outcome {
            Poll::Ready(Some(Ok(frame))) => this.turn.moved(frame.data_ref().map_or(0, Bytes::len)),
            Poll::Ready(_) => {}
            Poll::Pending => this.turn.rests(),
        }
        if let Some(ticket) = this.ticket {
            ticket.set_owed(outcome.is_ready());
            ticket.watched.part_taken();
            streams::owes(outcome.is_ready());
        }
        outcome
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! The outermost layer: starts the record of a request and attaches it to the answer's body, where it is finished.

use crate::body::RequestBody;
use crate::call::{Answer, Call, Facts, TrackedBody};
use crate::middleware::client_address;
use crate::middleware::headers::{self, fields};
use crate::plan::Shared;
use crate::server::Peer;
use http::{Request, Response};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tower::{Layer, Service};

/// A request as the listener hands it over.
#[derive(Debug)]
pub struct Received {
    /// The request.
    pub request: Request<Incoming>,
    /// Who sent it, and how.
    pub peer: Peer,
}

/// The layer.
pub fn layer(shared: &Arc<Shared>) -> RecordLayer {
    RecordLayer(Arc::clone(shared))
}

/// See [`layer`].
#[derive(Debug, Clone)]
pub struct RecordLayer(Arc<Shared>);

impl<S> Layer<S> for RecordLayer {
    type Service = Record<S>;

    fn layer(&self, inner: S) -> Record<S> {
        Record {
            shared: Arc::clone(&self.0),
            inner,
        }
    }
}

/// See [`layer`].
#[derive(Debug, Clone)]
pub struct Record<S> {
    shared: Arc<Shared>,
    inner: S,
}

impl<S> Service<Received> for Record<S>
where
    S: Service<Call, Response = Answer, Error = Infallible>,
{
    type Response = Response<TrackedBody>;
    type Error = Infallible;
    type Future = RecordFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, received: Received) -> Self::Future {
        let Received { request, peer } = received;
        let (head, incoming) = request.into_parts();
        let client = client_address::find(peer.address.ip(), &head.headers, &self.shared.settings.network);
        let seen = headers::look(&head.headers);
        let told = seen.has(fields::TRACEPARENT).then_some(&head.headers);
        let mut record = self
            .shared
            .telemetry
            .begin(told, head.method.clone(), head.version, Some(client));
        record.secure = peer.tls;
        let plan = self.shared.plan.load_full();
        let mut facts = Facts::new(Arc::clone(&self.shared), plan, record, peer, seen);
        facts.client_address = client;
        let body = RequestBody::streaming(incoming, u64::MAX);
        RecordFuture {
            future: self.inner.call(Call { head, body, facts }),
        }
    }
}

pin_project! {
    /// The future of [`Record`].
    #[derive(Debug)]
    pub struct RecordFuture<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future<Output = Result<Answer, Infallible>>> Future for RecordFuture<F> {
    type Output = Result<Response<TrackedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Answer { response, mut facts } = match ready!(self.project().future.poll(cx)) {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        facts.record.status = response.status().as_u16();
        let (head, body) = response.into_parts();
        Poll::Ready(Ok(Response::from_parts(head, TrackedBody::new(body, facts))))
    }
}

//! A layer for what needs the answer too, or more than one call of what is inside. A call that it does not concern goes
//! straight through: one look at the API's policy, no allocation.

use crate::call::{Answer, Call, Refused};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// The future of a call that a layer has taken over.
pub type Taken = Pin<Box<dyn Future<Output = Result<Answer, Refused>>>>;

/// What is inside a layer.
pub trait Inside: Service<Call, Response = Answer, Error = Refused, Future: 'static> + Clone + 'static {}

impl<S> Inside for S where S: Service<Call, Response = Answer, Error = Refused, Future: 'static> + Clone + 'static {}

/// A layer's work on one call.
pub trait Take: Clone {
    /// Whether it has anything to do with this call.
    fn concerns(&self, call: &Call) -> bool;

    /// Does it.
    fn take<S: Inside>(&self, call: Call, inside: S) -> Taken;
}

/// The layer of `take`.
pub fn around<T: Take>(take: T) -> AroundLayer<T> {
    AroundLayer(take)
}

/// See [`around`].
#[derive(Debug, Clone)]
pub struct AroundLayer<T>(T);

impl<T: Clone, S> Layer<S> for AroundLayer<T> {
    type Service = Around<T, S>;

    fn layer(&self, inside: S) -> Around<T, S> {
        Around {
            take: self.0.clone(),
            inside,
        }
    }
}

/// A layer and what is inside.
#[derive(Debug, Clone)]
pub struct Around<T, S> {
    take: T,
    inside: S,
}

impl<T: Take, S: Inside> Service<Call> for Around<T, S> {
    type Response = Answer;
    type Error = Refused;
    type Future = AroundFuture<S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        if self.take.concerns(&call) {
            AroundFuture::Taken {
                future: self.take.take(call, self.inside.clone()),
            }
        } else {
            AroundFuture::Through {
                future: self.inside.call(call),
            }
        }
    }
}

pin_project! {
    /// The future of an [`Around`].
    #[project = State]
    #[expect(missing_docs, reason = "states of a private machine")]
    pub enum AroundFuture<F> {
        Through { #[pin] future: F },
        Taken { future: Taken },
    }
}

impl<F: Future<Output = Result<Answer, Refused>>> Future for AroundFuture<F> {
    type Output = Result<Answer, Refused>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            State::Through { future } => future.poll(cx),
            State::Taken { future } => future.as_mut().poll(cx),
        }
    }
}

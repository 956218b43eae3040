//! Turns a pure decision into a tower layer: no boxing, no allocation, one state machine for all of them.
//!
//! A gate lets the call on, answers it, refuses it, or asks for time (then, and only then, a future is boxed).

use crate::body::ResponseBody;
use crate::call::{Answer, Call, Refused};
use crate::error::GatewayError;
use http::Response;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// What a decision comes to.
pub enum Flow {
    /// On to the next layer.
    Continue,
    /// This is the answer. Boxed: rare, and larger than everything else here.
    Answer(Box<Response<ResponseBody>>),
    /// The decision needs something that is not at hand. Rare by design.
    Later(Pin<Box<dyn Future<Output = Outcome> + Send>>),
}

/// What a late decision does to the call.
pub type Change = Box<dyn FnOnce(&mut Call) -> Result<(), GatewayError> + Send>;

/// What a late decision comes to.
pub type Outcome = Result<Change, GatewayError>;

/// A layer's decision about one call.
pub trait Decide {
    /// Looks at the call, may add facts to it.
    ///
    /// # Errors
    /// The reason for a refusal; `respond` makes the answer.
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError>;
}

/// The layer of a decision.
pub fn gate<D: Decide + Clone>(decide: D) -> GateLayer<D> {
    GateLayer(decide)
}

/// See [`gate`].
#[derive(Debug, Clone)]
pub struct GateLayer<D>(D);

impl<D: Clone, S> Layer<S> for GateLayer<D> {
    type Service = Gate<D, S>;

    fn layer(&self, inner: S) -> Gate<D, S> {
        Gate {
            decide: self.0.clone(),
            inner,
        }
    }
}

/// A decision in front of a service.
#[derive(Debug, Clone)]
pub struct Gate<D, S> {
    decide: D,
    inner: S,
}

impl<D, S> Service<Call> for Gate<D, S>
where
    D: Decide,
    S: Service<Call, Response = Answer, Error = Refused> + Clone,
{
    type Response = Answer;
    type Error = Refused;
    type Future = GateFuture<S>;

    /// Every layer of the stack is always ready: what cannot be done now is refused in `call`.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut call: Call) -> GateFuture<S> {
        match self.decide.decide(&mut call) {
            Ok(Flow::Continue) => GateFuture::Inner {
                future: self.inner.call(call),
            },
            Ok(Flow::Answer(response)) => GateFuture::done(Ok(Answer {
                response: *response,
                facts: call.facts,
            })),
            Ok(Flow::Later(outcome)) => GateFuture::Waiting {
                waiting: Some(Box::new(Waiting {
                    outcome,
                    call,
                    inner: self.inner.clone(),
                })),
            },
            Err(error) => GateFuture::done(Err(Refused {
                error,
                facts: call.facts,
            })),
        }
    }
}

pin_project! {
    /// The future of a [`Gate`]. Whatever is rare is boxed, so that a stack of gates is no larger than what is inside: a
    /// call is not moved about on its way down.
    #[project = GateState]
    #[expect(missing_docs, reason = "states of a private machine")]
    pub enum GateFuture<S: Service<Call>> {
        Inner { #[pin] future: S::Future },
        Done { result: Option<Box<Result<Answer, Refused>>> },
        Waiting { waiting: Option<Box<Waiting<S>>> },
    }
}

/// A call that waits for its decision, and what is behind the gate.
pub struct Waiting<S> {
    outcome: Pin<Box<dyn Future<Output = Outcome> + Send>>,
    call: Call,
    inner: S,
}

impl<S: Service<Call>> GateFuture<S> {
    fn done(result: Result<Answer, Refused>) -> Self {
        Self::Done {
            result: Some(Box::new(result)),
        }
    }
}

impl<S> Future for GateFuture<S>
where
    S: Service<Call, Response = Answer, Error = Refused>,
{
    type Output = Result<Answer, Refused>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let next = match self.as_mut().project() {
                GateState::Inner { future } => return future.poll(cx),
                // Polled again after it was ready, which a future's contract forbids: never ready again.
                GateState::Done { result } => {
                    return result.take().map_or(Poll::Pending, |result| Poll::Ready(*result));
                }
                GateState::Waiting { waiting } => {
                    let Some(mut waited) = waiting.take() else {
                        return Poll::Pending;
                    };
                    let Poll::Ready(outcome) = waited.outcome.as_mut().poll(cx) else {
                        *waiting = Some(waited);
                        return Poll::Pending;
                    };
                    let Waiting {
                        mut call, mut inner, ..
                    } = *waited;
                    match outcome.and_then(|change| change(&mut call)) {
                        Ok(()) => GateFuture::Inner {
                            future: inner.call(call),
                        },
                        Err(error) => {
                            return Poll::Ready(Err(Refused {
                                error,
                                facts: call.facts,
                            }));
                        }
                    }
                }
            };
            self.set(next);
        }
    }
}

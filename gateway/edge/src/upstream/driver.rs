//! What moves a connection's bytes: the call that has the connection, or, where that would not do, a task.
//!
//! A task of its own for each connection would be woken for each request and would wake the call for each answer. Driven by
//! the call, a request and its answer cost no scheduling at all. Nobody drives a connection while it is kept for the
//! next call: that it was closed meanwhile is seen by the sweeper, or by the call that takes it before anything is sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::task::JoinHandle;

/// hyper's side of a connection, whose type cannot be named. Boxed: it is large and changes hands with every call.
type Connection = Pin<Box<dyn Future<Output = Result<(), hyper::Error>> + Send>>;

/// Drives one connection. Dropping it closes the socket, whatever hyper is in the middle of: hyper would notice a dropped
/// answer only when the backend next sends something.
pub(super) struct Driver(State);

enum State {
    /// Driven by whoever has it.
    Here(Connection),
    /// Driven by a task.
    Apart { _task: Task },
    /// It has ended.
    Over,
}

/// Ended when dropped.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Driver {
    pub(super) fn new(connection: impl Future<Output = Result<(), hyper::Error>> + Send + 'static) -> Self {
        Self(State::Here(Box::pin(connection)))
    }

    /// Moves what can be moved now; `cx` is woken when there is more. Once the connection has ended it is dropped, which
    /// tells hyper's sender.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if let State::Here(connection) = &mut self.0
            && let Poll::Ready(ended) = connection.as_mut().poll(cx)
        {
            note(ended);
            self.0 = State::Over;
        }
    }

    /// As [`Self::drive`], when nobody waits: notices that the other side has closed.
    pub(super) fn look(&mut self) {
        self.drive(&mut Context::from_waker(Waker::noop()));
    }

    /// Moves on by itself from now on.
    pub(super) fn set_apart(&mut self) {
        self.0 = match std::mem::replace(&mut self.0, State::Over) {
            State::Here(connection) => State::Apart {
                _task: Task(tokio::spawn(async move { note(connection.await) })),
            },
            other => other,
        };
    }

    /// Moves on by itself to its own end, whoever drops the rest.
    pub(super) fn let_go(self) {
        if let State::Here(connection) = self.0 {
            tokio::spawn(async move { note(connection.await) });
        }
    }
}

fn note(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "connection to a backend ended early");
    }
}

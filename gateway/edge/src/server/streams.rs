//! HTTP/2 streams: each is a task of hyper's on the worker, and is given up when its caller takes nothing of its answer while
//! others on the connection move. (Where nothing moves on a connection, `watch` ends all of it, and sooner.)
//!
//! A timer is set only for a stream that waits for its caller; one that the caller keeps up with costs two plain writes.

use super::stats::{self, WorkerStats};
use hyper::rt::Executor;
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::Sleep;

thread_local! {
    /// What the stream that is polled just now said of its answer, if it said anything.
    static SAID: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Told by the answer of the stream that is polled just now, each time that it is asked for a part: whether it has one that
/// only waits for the caller.
pub(super) fn owes(owed: bool) {
    SAID.set(Some(owed));
}

/// Runs hyper's streams on the worker.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    patience: Duration,
    stats: Arc<WorkerStats>,
}

impl Streams {
    /// `stall` is how long a caller may take nothing of all that a connection owes it. A single stream gets twice that, so that
    /// a connection on which nothing moves is ended as one.
    pub(super) fn new(stall: Duration, stats: &Arc<WorkerStats>) -> Self {
        Self {
            patience: stall.saturating_mul(2),
            stats: Arc::clone(stats),
        }
    }
}

impl<F: Future<Output = ()> + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        tokio::task::spawn_local(attend(stream, self.patience, Arc::clone(&self.stats)));
    }
}

/// Runs a stream to its end, or until its caller has taken nothing for too long: dropped then, which resets it.
async fn attend(stream: impl Future<Output = ()>, patience: Duration, stats: Arc<WorkerStats>) {
    let mut stream = pin!(stream);
    let mut owed = false;
    let mut waits: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|cx| {
        SAID.set(None);
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if let Some(said) = SAID.take() {
            (owed, waits) = (said, None);
        }
        if !owed {
            return Poll::Pending;
        }
        let timer = waits.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        let late = timer.as_mut().poll(cx);
        if late.is_ready() {
            stats::add(&stats.timed_out);
        }
        late
    })
    .await;
}

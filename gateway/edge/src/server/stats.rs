//! Counters of the listener. Each worker writes its own, so no cache line is shared on the request path.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// What one worker counts.
#[derive(Debug, Default)]
pub(super) struct WorkerStats {
    /// Sockets open, tunnels included.
    pub(super) open: AtomicU64,
    /// Open sockets that nothing goes on on, see [`super::lent`].
    pub(super) asleep: AtomicU64,
    /// Connection tasks running.
    pub(super) tasks: AtomicU64,
    /// Requests whose answer has not been taken over whole.
    pub(super) in_flight: AtomicU64,
    pub(super) accepted: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) malformed: AtomicU64,
    pub(super) timed_out: AtomicU64,
    pub(super) handshakes_failed: AtomicU64,
    pub(super) accept_errors: AtomicU64,
    pub(super) panics: AtomicU64,
    /// Told when `open` falls to zero.
    pub(super) emptied: Notify,
}

/// Adds to a counter that only this thread writes.
pub(super) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

pub(super) fn subtract(counter: &AtomicU64) -> u64 {
    counter.fetch_sub(1, Ordering::Relaxed).saturating_sub(1)
}

pub(super) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// The counters of all workers; cheap to clone, readable from any thread.
#[derive(Debug, Clone)]
pub struct Stats {
    pub(super) workers: Arc<[Arc<WorkerStats>]>,
}

/// [`Stats`] at one moment. The first three are gauges, the others count since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Connections open, tunnels included.
    pub connections: u64,
    /// Those of them that have been without a request for a while, and hold next to no memory. HTTP/1 only.
    pub asleep: u64,
    /// Requests whose answer is not yet written out.
    pub in_flight: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections closed at once because there were too many.
    pub refused: u64,
    /// Messages that were no HTTP, or too large in the head: answered 400, 414, 431 by hyper, then closed.
    pub malformed: u64,
    /// Connections cut because a head did not come, or an answer was not taken.
    pub timed_out: u64,
    /// TLS handshakes that failed.
    pub handshakes_failed: u64,
    /// Times that accepting failed, for example for lack of file descriptors.
    pub accept_errors: u64,
    /// Connections lost to a panic.
    pub panics: u64,
}

impl Stats {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            workers: (0..workers).map(|_| Arc::new(WorkerStats::default())).collect(),
        }
    }

    /// Sums over the workers.
    pub fn totals(&self) -> Totals {
        self.workers.iter().fold(Totals::default(), |sum, worker| Totals {
            connections: sum.connections + read(&worker.open),
            asleep: sum.asleep + read(&worker.asleep),
            in_flight: sum.in_flight + read(&worker.in_flight),
            accepted: sum.accepted + read(&worker.accepted),
            refused: sum.refused + read(&worker.refused),
            malformed: sum.malformed + read(&worker.malformed),
            timed_out: sum.timed_out + read(&worker.timed_out),
            handshakes_failed: sum.handshakes_failed + read(&worker.handshakes_failed),
            accept_errors: sum.accept_errors + read(&worker.accept_errors),
            panics: sum.panics + read(&worker.panics),
        })
    }

    pub(super) fn connections(&self) -> u64 {
        self.workers.iter().map(|worker| read(&worker.open)).sum()
    }
}

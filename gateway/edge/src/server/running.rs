//! A server that runs, and how it is brought to an end.

use super::{Stats, Tls};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout_at};

/// How long a worker may take to stop once its connections are cut.
const STOP: Duration = Duration::from_secs(5);

/// Where the server is in its life; only ever goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Serving,
    Draining,
    Cut,
}

impl Phase {
    /// Waits for `wanted` or a later phase; a server that was let go of counts as cut.
    pub(super) async fn at_least(phase: &mut watch::Receiver<Self>, wanted: Self) {
        let _ = phase.wait_for(|phase| *phase >= wanted).await;
    }
}

/// The workers. Dropping it stops them at once; [`Running::drained`] lets them end their work.
#[derive(Debug)]
pub struct Running {
    pub(super) address: SocketAddr,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) workers: Vec<oneshot::Receiver<u64>>,
    pub(super) stats: Stats,
    pub(super) tls: Option<Arc<Tls>>,
}

/// How a drain went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainReport {
    /// Requests and tunnels that were still going on at the deadline, and were cut.
    pub in_flight_cut: u64,
    /// Workers that did not end by themselves: they panicked, or a handler blocked the thread.
    pub workers_lost: usize,
}

impl Running {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The counters; stays readable after the server has ended.
    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// The certificate in force; `None` in plain text.
    pub fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// Stops accepting and asks connections to end: HTTP/1.1 with `Connection: close` on the next answer or, between
    /// two requests, by closing; HTTP/2 with GOAWAY. Returns at once.
    pub fn begin_drain(&self) {
        self.phase.send_if_modified(|phase| {
            let news = *phase < Phase::Draining;
            *phase = (*phase).max(Phase::Draining);
            news
        });
    }

    /// Begins the drain if nobody has, waits for what is in flight, at most `timeout`, then cuts the rest visibly.
    pub async fn drained(mut self, timeout: Duration) -> DrainReport {
        self.begin_drain();
        let deadline = Instant::now() + timeout;
        let mut report = DrainReport {
            in_flight_cut: 0,
            workers_lost: 0,
        };
        for worker in &mut self.workers {
            let ended = match timeout_at(deadline, &mut *worker).await {
                Ok(ended) => Ok(ended),
                Err(_elapsed) => {
                    self.phase.send_replace(Phase::Cut);
                    timeout_at(deadline + STOP, worker).await
                }
            };
            match ended {
                Ok(Ok(cut)) => report.in_flight_cut += cut,
                Ok(Err(_)) | Err(_) => report.workers_lost += 1,
            }
        }
        report
    }
}

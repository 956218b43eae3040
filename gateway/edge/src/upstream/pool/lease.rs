//! A connection in use: goes back to the pool, or is closed.

use super::{Idle, POOL};
use crate::body::RequestBody;
use crate::upstream::connect::Connected;
use hyper::client::conn::http1::SendRequest;
use snapshot::{Backend, UpstreamAddress};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

/// How long a connection may take to become ready after its answer has ended, before it is closed instead of kept. It
/// takes that long only when the backend answered before it had read the whole request.
const SETTLE: Duration = Duration::from_secs(1);

/// A connection that one call has to itself. Dropping it closes the connection, whatever hyper is in the middle of.
pub(in crate::upstream) struct Lease {
    connected: Connected,
    backend: Arc<str>,
    generation: u64,
    address: usize,
    born: u64,
    reused: bool,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease")
            .field("peer", &self.connected.peer)
            .finish_non_exhaustive()
    }
}

impl Lease {
    pub(super) fn new(backend: &Backend, generation: u64, address: usize, connected: Connected, born: u64) -> Self {
        Self {
            connected,
            backend: Arc::clone(&backend.id),
            generation,
            address,
            born,
            reused: false,
        }
    }

    pub(super) fn of(backend: &Backend, generation: u64, address: usize, idle: Idle) -> Self {
        Self {
            reused: true,
            ..Self::new(backend, generation, address, idle.connected, idle.born)
        }
    }

    /// The address it was opened for, in the backend it was checked out for.
    pub(in crate::upstream) fn address<'a>(&self, backend: &'a Backend) -> Option<&'a UpstreamAddress> {
        backend.addresses.get(self.address)
    }

    /// The place of that address.
    pub(in crate::upstream) fn index(&self) -> usize {
        self.address
    }

    pub(in crate::upstream) fn sender(&mut self) -> &mut SendRequest<RequestBody> {
        &mut self.connected.sender
    }

    /// Moves the connection's bytes; see [`Driver`](crate::upstream::driver::Driver).
    pub(in crate::upstream) fn drive(&mut self, cx: &mut Context<'_>) {
        self.connected.driver.drive(cx);
    }

    /// Lets the connection's bytes move by themselves.
    pub(in crate::upstream) fn set_apart(&mut self) {
        self.connected.driver.set_apart();
    }

    pub(in crate::upstream) fn peer(&self) -> SocketAddr {
        self.connected.peer
    }

    /// Whether the connection had served a call before this one.
    pub(in crate::upstream) fn reused(&self) -> bool {
        self.reused
    }

    /// Keeps the connection for the next call, when it is fit for one.
    pub(in crate::upstream) fn give_back(mut self) {
        if self.connected.is_good() {
            self.keep();
        } else if !self.connected.sender.is_closed() {
            tokio::spawn(async move {
                let ready = poll_fn(|cx| {
                    self.connected.driver.drive(cx);
                    self.connected.sender.poll_ready(cx)
                });
                if let Ok(Ok(())) = tokio::time::timeout(SETTLE, ready).await {
                    self.keep();
                }
            });
        }
    }

    /// Leaves the connection to whoever took its upgrade.
    pub(in crate::upstream) fn let_go(self) {
        self.connected.driver.let_go();
    }

    /// Puts it on the stack. Another generation means that the backend's addresses have changed, or another thread.
    fn keep(self) {
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            let (limits, tick) = (pool.limits, pool.tick);
            if let Some(kept) = pool.backends.get_mut(&*self.backend)
                && kept.generation == self.generation
                && tick.saturating_sub(self.born) <= limits.max_age_seconds
                && let Some(place) = kept.places.get_mut(self.address)
                && place.idle.len() < limits.max_idle
            {
                place.idle.push(Idle {
                    connected: self.connected,
                    born: self.born,
                    since: tick,
                });
            }
        });
    }
}

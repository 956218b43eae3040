//! The connections that a worker keeps, by backend and address.
//!
//! Thread-local and never borrowed across an await. Time is a count of the sweeper's ticks (one a second, while any
//! connection is open): giving a connection back reads no clock.

mod lease;
mod sweep;

pub(super) use lease::Lease;

use super::UpstreamError;
use super::connect::Connected;
use super::fleet::{self, Choice};
use crate::room::has_room;
use crate::transport::Keeper;
use hashbrown::HashMap;
use snapshot::{Backend, UpstreamAddress};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// How many connections a worker has and keeps for one backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open at once, upgraded ones included; beyond that calls fail with [`UpstreamError::Overloaded`]. The last half is for
    /// callers that ask for little at once.
    pub max_connections: usize,
    /// Kept while idle, for each address.
    pub max_idle: usize,
    /// Seconds an idle connection is kept: less than the 60 s or more after which servers close theirs.
    pub idle_seconds: u64,
    /// Seconds after which a connection is not used again, so that a name's new addresses come into use.
    pub max_age_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 512,
            max_idle: 128,
            idle_seconds: 30,
            max_age_seconds: 600,
        }
    }
}

/// Sets the limits of the calling thread's pool; a worker calls it before its first request.
pub fn set_limits(limits: Limits) {
    POOL.with_borrow_mut(|pool| pool.limits = limits);
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::new(Pool::default());
}

/// Numbers what a connection was opened for: backend and addresses. Unique over threads, should a body change thread.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// Ticks for which an address is passed over after no connection could be opened to it.
const SET_ASIDE: u64 = 5;

#[derive(Default)]
struct Pool {
    backends: HashMap<Arc<str>, Kept>,
    limits: Limits,
    tick: u64,
    sweeping: bool,
}

/// What is kept for one backend.
struct Kept {
    generation: u64,
    /// What the connections were opened for; when the backend's registration differs, they are closed.
    addresses: Vec<UpstreamAddress>,
    ca_file: Option<Arc<str>>,
    private: bool,
    places: Vec<Place>,
    next: usize,
    open: Arc<AtomicUsize>,
}

/// What is kept for one address.
#[derive(Default)]
struct Place {
    /// The last used is the last.
    idle: Vec<Idle>,
    /// Passed over until this tick.
    aside_until: u64,
    /// What the name resolved to last.
    resolved: Vec<SocketAddr>,
}

struct Idle {
    connected: Connected,
    born: u64,
    since: u64,
}

/// What a call gets.
pub(super) enum Checkout {
    /// A connection that is ready.
    Kept(Lease),
    /// The right to open one.
    Open(Opening),
}

/// The right to open one connection.
pub(super) struct Opening {
    /// The address to try first.
    pub(super) first: usize,
    pub(super) permit: Permit,
    pub(super) generation: u64,
}

/// A connection's place in the backend's count; lives in its socket.
pub(super) struct Permit {
    open: Arc<AtomicUsize>,
    refused: Arc<AtomicBool>,
}

impl Permit {
    /// Set when the backend takes no more: the connection is not one for another call.
    pub(super) fn refused_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.refused)
    }
}

impl Keeper for Permit {
    /// A backend may answer before it has read the request, 413 for example, and close. Its answer has then arrived,
    /// but hyper would report that writing failed and never look.
    fn refused(&mut self) -> bool {
        self.refused.store(true, Ordering::Relaxed);
        true
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A kept connection to the address that was chosen, or whose turn it is, or else the right to open one; at the cap, any kept connection.
pub(super) fn checkout(backend: &Backend, choice: Option<Choice>, asking: u32) -> Result<Checkout, UpstreamError> {
    POOL.with_borrow_mut(|pool| {
        let (limits, tick) = (pool.limits, pool.tick);
        let kept = pool.kept(backend);
        let first = choice.map_or_else(|| kept.turn(tick), |choice| choice.first);
        if let Some(idle) = kept.pop(first) {
            return Ok(Checkout::Kept(Lease::of(backend, kept.generation, first, idle)));
        }
        match kept.permit(limits, asking) {
            Some(permit) => Ok(Checkout::Open(Opening {
                first,
                permit,
                generation: kept.generation,
            })),
            None => kept
                .pop_any(backend)
                .map(Checkout::Kept)
                .ok_or(UpstreamError::Overloaded),
        }
    })
}

/// The right to open a connection, whatever is kept.
pub(super) fn opening(backend: &Backend, choice: Option<Choice>, asking: u32) -> Result<Opening, UpstreamError> {
    POOL.with_borrow_mut(|pool| {
        let (limits, tick) = (pool.limits, pool.tick);
        let kept = pool.kept(backend);
        let first = choice.map_or_else(|| kept.turn(tick), |choice| choice.first);
        let permit = kept.permit(limits, asking).ok_or(UpstreamError::Overloaded)?;
        Ok(Opening {
            first,
            permit,
            generation: kept.generation,
        })
    })
}

/// Puts a new connection into a lease and sees that the sweeper runs.
pub(super) fn lease(backend: &Backend, generation: u64, address: usize, connected: Connected) -> Lease {
    let tick = POOL.with_borrow_mut(|pool| {
        sweep::start(pool);
        pool.tick
    });
    Lease::new(backend, generation, address, connected, tick)
}

/// The addresses in the order to try them: from `first` on, those set aside or to avoid last.
pub(super) fn in_turn(backend: &Backend, first: usize, choice: Option<Choice>) -> Vec<usize> {
    let avoid = choice.map_or(0, |choice| choice.avoid);
    let count = backend.addresses.len();
    let mut order: Vec<usize> = (first..count).chain(0..first.min(count)).collect();
    POOL.with_borrow_mut(|pool| {
        let tick = pool.tick;
        let kept = pool.kept(backend);
        let is_last = |index: &usize| {
            let aside = kept.places.get(*index).is_some_and(|place| place.aside_until > tick);
            (aside || avoid & fleet::bit(*index) != 0) && Some(*index) != choice.map(|choice| choice.first)
        };
        order.sort_by_key(is_last);
    });
    order
}

/// Notes that no connection could be opened to an address. Whether that is news.
pub(super) fn set_aside(backend: &Backend, address: usize) -> bool {
    POOL.with_borrow_mut(|pool| {
        sweep::start(pool);
        let now = pool.tick;
        pool.kept(backend).places.get_mut(address).is_some_and(|place| {
            let news = place.aside_until <= now;
            place.aside_until = now + SET_ASIDE;
            news
        })
    })
}

/// Keeps what a name resolved to.
pub(super) fn remember(backend: &Backend, address: &UpstreamAddress, found: &[SocketAddr]) {
    POOL.with_borrow_mut(|pool| {
        if let Some(place) = pool.kept(backend).place(address) {
            place.resolved = found.to_vec();
        }
    });
}

/// What a name resolved to last, if it ever did.
pub(super) fn remembered(backend: &Backend, address: &UpstreamAddress) -> Option<Vec<SocketAddr>> {
    POOL.with_borrow_mut(|pool| {
        let found = &pool.kept(backend).place(address)?.resolved;
        (!found.is_empty()).then(|| found.clone())
    })
}

impl Pool {
    fn kept(&mut self, backend: &Backend) -> &mut Kept {
        let kept = self
            .backends
            .entry_ref(&backend.id)
            .or_insert_with(|| Kept::new(backend));
        if !kept.is_for(backend) {
            // Connections in use hold the old generation and are closed when they come back.
            *kept = Kept::new(backend);
        }
        kept
    }
}

impl Kept {
    fn new(backend: &Backend) -> Self {
        Self {
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            addresses: backend.addresses.clone(),
            ca_file: backend.ca_file.clone(),
            private: backend.allow_private_network,
            places: backend.addresses.iter().map(|_| Place::default()).collect(),
            next: 0,
            open: Arc::default(),
        }
    }

    fn is_for(&self, backend: &Backend) -> bool {
        self.addresses == backend.addresses
            && self.ca_file == backend.ca_file
            && self.private == backend.allow_private_network
    }

    /// Round robin; an address set aside is passed over unless all are.
    fn turn(&mut self, tick: u64) -> usize {
        let count = self.places.len();
        if count < 2 {
            return 0;
        }
        for _ in 0..count {
            let turn = self.next % count;
            self.next = turn + 1;
            if self.places.get(turn).is_some_and(|place| place.aside_until <= tick) {
                return turn;
            }
        }
        self.next % count
    }

    fn place(&mut self, address: &UpstreamAddress) -> Option<&mut Place> {
        let index = self.addresses.iter().position(|known| known == address)?;
        self.places.get_mut(index)
    }

    /// The last used connection that is still good; those that are not are closed on the way.
    fn pop(&mut self, address: usize) -> Option<Idle> {
        let idle = &mut self.places.get_mut(address)?.idle;
        while let Some(last) = idle.pop() {
            if last.connected.is_good() {
                return Some(last);
            }
        }
        None
    }

    fn pop_any(&mut self, backend: &Backend) -> Option<Lease> {
        (0..self.places.len()).find_map(|address| {
            let idle = self.pop(address)?;
            Some(Lease::of(backend, self.generation, address, idle))
        })
    }

    fn permit(&self, limits: Limits, asking: u32) -> Option<Permit> {
        if !has_room(self.open.load(Ordering::Relaxed), limits.max_connections, asking) {
            return None;
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(Permit {
            open: Arc::clone(&self.open),
            refused: Arc::default(),
        })
    }
}

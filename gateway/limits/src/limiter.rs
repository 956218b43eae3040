//! The limiter: many policies, many subjects, one decision per request.
//!
//! All shards that a request touches are locked together, in ascending order, and the clock is read under those locks.
//! So nothing can come between the look at all policies and the charge, and no charge ever has to be taken back.

use crate::gcra::{self, Pass};
use crate::header::{ratelimit_header, whole_seconds};
use crate::key::{Key, Seeds};
use crate::table::{Shard, Table};
use governor::clock::{Clock, DefaultClock, Reference};
use snapshot::LimitPolicy;
use std::net::IpAddr;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

/// Counters a process keeps unless told otherwise.
pub const DEFAULT_CAPACITY: usize = 1_000_000;

/// Demands of one request that are handled without an allocation.
const INLINE: usize = 8;

/// Counts calls. One per process, shared by all its threads.
#[derive(Debug)]
pub struct Limiter<C: Clock = DefaultClock> {
    clock: C,
    origin: C::Instant,
    seeds: Seeds,
    table: Table,
}

/// One policy that applies to a request, and whom it counts there.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// The policy.
    pub policy: &'a Arc<LimitPolicy>,
    /// Who is counted; the caller picks it after [`LimitPolicy::per`].
    pub subject: Subject<'a>,
}

/// Who is counted. Identifiers are hashed at once and never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// An application, by its stable id.
    Application(&'a str),
    /// A network address. IPv6 counts per /64, an IPv4-mapped address as IPv4.
    Address(IpAddr),
    /// All calls of an API, by its stable id: two APIs that share a policy do not share a counter.
    Api(&'a str),
    /// A person, by the opaque id; never a number that others know the person by.
    Person(&'a str),
    /// An agreement, by its stable id.
    Agreement(&'a str),
}

/// The answer to one request.
#[derive(Debug, Clone)]
pub enum Decision {
    /// No policy applies.
    Unlimited,
    /// Let it pass; every policy has been charged once.
    Admitted(Standing),
    /// Do not; no policy has been charged.
    Refused(Refusal),
}

/// How a caller stands after an admitted call.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The tightest policy: the one with the fewest calls left.
    pub policy: Arc<LimitPolicy>,
    /// Calls it would admit at once.
    pub remaining: u32,
    /// Time until it is as if unused.
    pub reset: Duration,
}

/// Why a call is refused, and until when.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The policy that is hit; of several, the one that takes longest.
    pub policy: Arc<LimitPolicy>,
    /// The exact wait until the same request would be admitted, if nobody else calls meanwhile.
    pub retry_after: Duration,
    /// `false`: a quota of which nobody can say just now whether there is anything left; the ledger does not answer.
    pub known: bool,
}

impl Standing {
    /// The value of `RateLimit`.
    pub fn header(&self) -> String {
        ratelimit_header(&self.policy, self.remaining, self.reset)
    }
}

impl Refusal {
    /// The value of `RateLimit`: nothing remains, and `t` is the time to wait.
    pub fn header(&self) -> String {
        ratelimit_header(&self.policy, 0, self.retry_after)
    }

    /// The value of `Retry-After`, in seconds, rounded up and at least 1.
    pub fn retry_after_seconds(&self) -> u64 {
        whole_seconds(self.retry_after).max(1)
    }
}

impl Limiter {
    /// A limiter on the machine's monotonic clock with [`DEFAULT_CAPACITY`].
    pub fn new() -> Self {
        Self::with_clock(DefaultClock::default())
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock> Limiter<C> {
    /// A limiter on another clock with [`DEFAULT_CAPACITY`].
    pub fn with_clock(clock: C) -> Self {
        Self::with_capacity(DEFAULT_CAPACITY, clock)
    }

    /// A limiter that keeps at most `capacity` counters (24 bytes each). Beyond that, new subjects share counters.
    pub fn with_capacity(capacity: usize, clock: C) -> Self {
        let origin = clock.now();
        Self {
            clock,
            origin,
            seeds: Seeds::default(),
            table: Table::new(capacity.max(1)),
        }
    }

    /// Decides about one request: all demands are met and charged, or none is charged. A policy that is demanded twice
    /// for the same subject is charged once.
    pub fn check(&self, demands: &[Demand<'_>]) -> Decision {
        if demands.len() <= INLINE {
            let mut places: [_; INLINE] = std::array::from_fn(|at| demands.get(at).map(|demand| self.place(demand)));
            self.settle(&mut places)
        } else {
            let mut places: Vec<_> = demands.iter().map(|demand| Some(self.place(demand))).collect();
            self.settle(&mut places)
        }
    }

    /// Drops counters that say nothing any more. To be called by a timer, every few seconds.
    pub fn sweep(&self) {
        for mut shard in self.table.each() {
            let now = self.now();
            shard.sweep(now);
        }
    }

    /// Counters held just now.
    pub fn tracked(&self) -> usize {
        self.table.each().map(|shard| shard.len()).sum()
    }

    /// Bytes that the counters take just now.
    pub fn allocated_bytes(&self) -> usize {
        self.table.each().map(|shard| shard.bytes()).sum()
    }

    fn now(&self) -> u64 {
        self.clock.now().duration_since(self.origin).as_u64()
    }

    fn place<'a>(&'a self, demand: &Demand<'a>) -> Place<'a> {
        let shared = self.seeds.policy(demand.policy);
        let key = self.seeds.counter(shared, &demand.subject);
        Place {
            policy: demand.policy,
            key,
            shared,
            shard: self.table.shard_of(key),
            guard: None,
            pass: None,
        }
    }

    /// Locks all, looks at all, charges all.
    fn settle<'a>(&'a self, places: &mut [Option<Place<'a>>]) -> Decision {
        self.lock(places);
        let now = self.now();
        if let Some(refusal) = look(places, now) {
            return Decision::Refused(refusal);
        }
        charge(places, now);
        tightest(places, now).map_or(Decision::Unlimited, Decision::Admitted)
    }

    /// Locks each shard once, in ascending order (so no two requests can wait for each other), and forgets repeated
    /// demands.
    fn lock<'a>(&'a self, places: &mut [Option<Place<'a>>]) {
        places.sort_unstable_by_key(|place| place.as_ref().map(|place| (place.shard, place.key)));
        let (mut last_shard, mut last_key) = (None, None);
        for slot in places {
            let Some(place) = slot else { continue };
            if last_key == Some(place.key) {
                *slot = None;
                continue;
            }
            last_key = Some(place.key);
            if last_shard != Some(place.shard) {
                place.guard = self.table.lock(place.shard);
                last_shard = Some(place.shard);
            }
        }
    }
}

/// One demand on its way to a decision.
struct Place<'a> {
    policy: &'a Arc<LimitPolicy>,
    key: Key,
    shared: Key,
    shard: usize,
    /// Held by the first place of each shard.
    guard: Option<MutexGuard<'a, Shard>>,
    /// What the policy said yes to.
    pass: Option<Pass>,
}

/// The shard of the place at `index`: its own guard or that of a neighbour before it.
fn shard_at<'p>(places: &'p mut [Option<Place<'_>>], index: usize) -> Option<&'p mut Shard> {
    places
        .get_mut(..=index)?
        .iter_mut()
        .rev()
        .flatten()
        .find_map(|place| place.guard.as_deref_mut())
}

/// Asks every policy and changes nothing. Of several refusals, the one that takes longest.
fn look(places: &mut [Option<Place<'_>>], now: u64) -> Option<Refusal> {
    let mut worst: Option<Refusal> = None;
    for index in 0..places.len() {
        let Some(Some(&mut Place {
            policy, key, shared, ..
        })) = places.get_mut(index).map(Option::as_mut)
        else {
            continue;
        };
        // Each place has a shard; were there none, the call would be refused rather than uncounted.
        let tat = shard_at(places, index).map_or(u64::MAX, |shard| shard.read(key, shared));
        match gcra::decide(policy, tat, now) {
            Ok(pass) => {
                if let Some(Some(place)) = places.get_mut(index) {
                    place.pass = Some(pass);
                }
            }
            Err(retry_after) if worst.as_ref().is_none_or(|worst| retry_after > worst.retry_after) => {
                worst = Some(Refusal {
                    policy: Arc::clone(policy),
                    retry_after,
                    known: true,
                });
            }
            Err(_) => {}
        }
    }
    worst
}

/// Stores what [`look`] found.
fn charge(places: &mut [Option<Place<'_>>], now: u64) {
    for index in 0..places.len() {
        let Some(Some(&mut Place {
            key,
            shared,
            pass: Some(pass),
            ..
        })) = places.get_mut(index).map(Option::as_mut)
        else {
            continue;
        };
        if let Some(shard) = shard_at(places, index) {
            shard.write(key, shared, pass.tat, now);
        }
    }
}

/// The policy with the fewest calls left; of equals, the one that takes longest to recover.
fn tightest(places: &[Option<Place<'_>>], now: u64) -> Option<Standing> {
    let passes = places
        .iter()
        .flatten()
        .filter_map(|place| Some((place.policy, place.pass?)));
    let (policy, pass) = passes.min_by_key(|(_, pass)| (pass.remaining, std::cmp::Reverse(pass.tat)))?;
    let reset = Duration::from_nanos(pass.tat.saturating_sub(now));
    Some(Standing {
        policy: Arc::clone(policy),
        remaining: pass.remaining,
        reset,
    })
}

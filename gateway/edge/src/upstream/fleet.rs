//! What the node knows of its backends: which addresses are well, how fast and how busy they are, whether calls are paused.
//!
//! Shared by all workers through atomics; no request takes a lock. Kept by stable id over changes of the registry: an
//! address that stays keeps its history, and so does a breaker.

mod address;
mod attempt;
mod balance;
mod breaker;
mod clock;
pub mod health;
mod report;
mod window;

pub(crate) use attempt::Attempt;
pub(crate) use balance::chance;
pub use breaker::Position;
pub use report::{AddressReport, Report};

use address::Address;
use balance::{Candidate, FEW};
use breaker::{Cell, Outcome, Probe, Verdict};
use report::{Event, Events};
use snapshot::{Backend, BackendTraffic, Retry};
use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use window::Window;

/// Over which a retry budget is counted, and how many retries it allows whatever the traffic.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);
const BUDGET_FLOOR: u64 = 3;
/// Below this share of available addresses, in percent, all are used: then it is not the addresses that are ill.
const PANIC_PERCENT: usize = 50;

/// All backends of the node, by id.
#[derive(Debug, Default)]
pub struct Fleet(Mutex<HashMap<Arc<str>, Arc<Standing>>>);

impl Fleet {
    /// The standing of each of `backends`, in their order; of those that are gone nothing is kept.
    pub(crate) fn follow(&self, backends: &[Backend]) -> Vec<Arc<Standing>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let standings: Vec<_> = backends
            .iter()
            .map(|backend| Arc::new(Standing::new(backend, known.get(&backend.id))))
            .collect();
        *known = standings
            .iter()
            .map(|standing| (Arc::clone(&standing.id), Arc::clone(standing)))
            .collect();
        standings
    }

    /// How all backends are, in the order of their ids.
    pub fn reports(&self) -> Vec<Report> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        let mut reports: Vec<_> = known.values().map(|standing| standing.report(now)).collect();
        reports.sort_by(|one, other| one.backend.cmp(&other.backend));
        reports
    }
}

/// One backend.
#[derive(Debug)]
pub struct Standing {
    id: Arc<str>,
    traffic: BackendTraffic,
    addresses: Vec<Arc<Address>>,
    mean_weight: f32,
    places: Option<Arc<Places>>,
    kept: Arc<Kept>,
}

/// What outlives a change of addresses or policies.
#[derive(Debug)]
struct Kept {
    breaker: Cell,
    window: Window,
    window_length: Duration,
    calls: Window,
    retries: Window,
    in_flight: AtomicU32,
    events: Events,
}

/// Where a call should go first, and which addresses only when nothing else is left (one bit each).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) first: usize,
    pub(crate) avoid: u64,
}

/// The call does not go out.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The breaker is open.
    Paused(Duration),
    /// As many calls are in flight as may be, and as many wait.
    Busy,
    /// As many calls are in flight as may be; it may wait.
    Full(Attempt),
}

/// Places for calls in flight, where they are counted.
#[derive(Debug)]
struct Places {
    free: Arc<Semaphore>,
    most: u32,
    waiting: AtomicU32,
}

impl Standing {
    fn new(backend: &Backend, before: Option<&Arc<Self>>) -> Self {
        let traffic = backend.traffic.clone();
        let now = clock::now();
        let addresses: Vec<Arc<Address>> = backend
            .addresses
            .iter()
            .map(|address| {
                let known = before.and_then(|before| before.addresses.iter().find(|known| known.is == *address));
                // The first addresses of all take their share at once: there is nobody else to take it.
                let from = if before.is_some() { now } else { 0 };
                known.map_or_else(|| Arc::new(Address::new(address.clone(), from)), Arc::clone)
            })
            .collect();
        let window = traffic.breaker.map_or(BUDGET_WINDOW, |breaker| breaker.window);
        let kept = before
            .filter(|before| before.kept.window_length == window)
            .map_or_else(|| Arc::new(Kept::new(window)), |before| Arc::clone(&before.kept));
        let places = traffic.max_concurrent.map(|most| {
            before
                .and_then(|before| before.places.as_ref())
                .filter(|places| places.most == most.get())
                .map_or_else(|| Arc::new(Places::new(most.get())), Arc::clone)
        });
        let weights: Vec<u32> = traffic.weights.iter().copied().filter(|weight| *weight > 0).collect();
        let mean = weights.iter().sum::<u32>() as f32 / weights.len().max(1) as f32;
        Self {
            id: Arc::clone(&backend.id),
            mean_weight: if weights.is_empty() { 1.0 } else { mean },
            traffic,
            addresses,
            places,
            kept,
        }
    }

    /// Whether there is nothing to choose, to count or to pause: calls then go straight to the one address.
    pub(crate) fn is_plain(&self) -> bool {
        self.addresses.len() < 2 && self.places.is_none() && self.traffic.breaker.is_none()
    }

    /// Whether the breaker lets a call pass now; `Some`: as a probe.
    fn admit(&self) -> Result<Option<Probe>, Refusal> {
        let Some(policy) = self.traffic.breaker.as_ref().filter(|_| !self.kept.breaker.is_closed()) else {
            return Ok(None);
        };
        let now = clock::now();
        let (verdict, moved) = self.kept.breaker.change(|state| state.admit(now, policy));
        self.tell_position(moved);
        match verdict {
            Verdict::Pass => Ok(None),
            Verdict::Probe(probe) => Ok(Some(probe)),
            Verdict::Refuse(millis) => {
                self.tell(Event::Paused, None);
                Err(Refusal::Paused(breaker::wait(millis)))
            }
        }
    }

    /// Chooses among the addresses, without those that were `tried` while there are others; `None`: there is one only.
    pub(crate) fn choose(&self, tried: u64) -> Option<Choice> {
        if self.addresses.len() < 2 {
            return None;
        }
        let now = clock::now();
        let unavailable = self.unavailable(now);
        let avoid = match unavailable | tried {
            both if (0..self.addresses.len()).all(|index| both & bit(index) != 0) => unavailable,
            both => both,
        };
        let mut few = [Candidate::default(); FEW];
        let first = if self.addresses.len() <= FEW {
            let mut count = 0;
            for (index, place) in (0..self.addresses.len()).zip(&mut few) {
                if avoid & bit(index) == 0
                    && let Some(candidate) = self.candidate(index, now)
                {
                    *place = candidate;
                    count += 1;
                } else {
                    *place = Candidate {
                        share: -1.0,
                        ..Candidate::default()
                    };
                }
            }
            if count == 0 {
                return None;
            }
            few.sort_unstable_by(|one, other| other.share.total_cmp(&one.share));
            balance::choose(few.get(..count).unwrap_or_default(), balance::chance())
        } else {
            self.two(now, avoid)
        };
        Some(Choice { first: first?, avoid })
    }

    /// Two of many, drawn by share.
    fn two(&self, now: u64, avoid: u64) -> Option<usize> {
        let usable = |index: usize| avoid & bit(index) == 0;
        let mut drawn = [Candidate::default(); 2];
        for place in &mut drawn {
            let mut fallback = None;
            for _ in 0..FEW {
                let index = ((balance::chance() * self.addresses.len() as f32) as usize).min(self.addresses.len() - 1);
                if let Some(candidate) = self.candidate(index, now).filter(|_| usable(index)) {
                    fallback = Some(candidate);
                    if balance::chance() * self.mean_weight * 2.0 <= candidate.share {
                        break;
                    }
                }
            }
            *place = match fallback {
                Some(candidate) => candidate,
                None => (0..self.addresses.len())
                    .filter(|index| usable(*index))
                    .find_map(|index| self.candidate(index, now))?,
            };
        }
        balance::choose(&drawn, balance::chance())
    }

    fn candidate(&self, index: usize, now: u64) -> Option<Candidate> {
        let address = self.addresses.get(index)?;
        let weight = self.traffic.weights.get(index).copied().unwrap_or(1);
        if weight == 0 {
            return None;
        }
        let share = weight as f32 * address.ramp(now, self.traffic.slow_start);
        Some(Candidate {
            index,
            cost: address.cost(now, share / self.mean_weight),
            share,
        })
    }

    /// Addresses to pass over, one bit each; none when too few are left.
    fn unavailable(&self, now: u64) -> u64 {
        let mut mask = 0;
        let mut available = 0;
        for (index, address) in self.addresses.iter().enumerate() {
            if address.takes_back(now) {
                self.tell(Event::Returned, Some(index));
            }
            if address.is_available(now) {
                available += 1;
            } else {
                mask |= bit(index);
            }
        }
        if available * 100 < self.addresses.len() * PANIC_PERCENT {
            return 0;
        }
        mask
    }

    /// A call to `address` failed so that it should be passed over, if enough others are left.
    fn eject(&self, index: usize, now: u64) {
        let (Some(policy), Some(address)) = (&self.traffic.ejection, self.addresses.get(index)) else {
            return;
        };
        let count = self.addresses.len();
        let gone = self.addresses.iter().filter(|other| !other.is_available(now)).count();
        let most = (count * usize::from(policy.max_percent) / 100).min(count.saturating_sub(1));
        if gone < most && address.eject(now, policy).is_some() {
            self.tell(Event::Ejected, Some(index));
        }
    }

    fn settle(&self, outcome: Outcome, probe: Option<Probe>, now: u64) {
        if outcome != Outcome::Abandoned {
            self.kept.window.record(now, outcome == Outcome::Failed);
        }
        let Some(policy) = &self.traffic.breaker else { return };
        if self.kept.breaker.is_closed() && outcome != Outcome::Failed {
            return;
        }
        let counts = || self.kept.window.counts(now);
        let (_, moved) = self
            .kept
            .breaker
            .change(|state| (state.settle(outcome, probe, now, counts, policy), ()));
        if moved == Some(Position::Closed) {
            self.kept.window.clear();
        }
        self.tell_position(moved);
    }

    /// Whether one more call may be sent again, and counts it if so.
    pub(crate) fn may_retry(&self, policy: &Retry) -> bool {
        let now = clock::now();
        let (calls, retries) = (
            self.kept.calls.counts(now).total(),
            self.kept.retries.counts(now).total(),
        );
        let within = (retries + 1) * 100 <= calls * u64::from(policy.budget_percent) || retries < BUDGET_FLOOR;
        if within {
            self.kept.retries.record(now, false);
            self.tell(Event::Retried, None);
        } else {
            self.tell(Event::RetryRefused, None);
        }
        within
    }

    /// Counts a call for the retry budget.
    pub(crate) fn count_call(&self) {
        self.kept.calls.record(clock::now(), false);
    }

    fn tell_position(&self, moved: Option<Position>) {
        match moved {
            None => {}
            Some(Position::Open) => self.tell(Event::Opened, None),
            Some(Position::HalfOpen) => self.tell(Event::HalfOpened, None),
            Some(Position::Closed) => self.tell(Event::Closed, None),
        }
    }
}

impl Places {
    fn new(most: u32) -> Self {
        // Far above what a node can hold open; the semaphore's own cap is lower on 32-bit systems.
        let places = usize::try_from(most).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(places)),
            most,
            waiting: AtomicU32::new(0),
        }
    }
}

impl Kept {
    fn new(window: Duration) -> Self {
        Self {
            breaker: Cell::default(),
            window: Window::new(window),
            window_length: window,
            calls: Window::new(BUDGET_WINDOW),
            retries: Window::new(BUDGET_WINDOW),
            in_flight: AtomicU32::new(0),
            events: Events::default(),
        }
    }
}

/// The bit of an address; those beyond 64 are never avoided.
pub(crate) fn bit(index: usize) -> u64 {
    u32::try_from(index)
        .ok()
        .and_then(|index| 1_u64.checked_shl(index))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;

//! All quotas of a node, and decisions over several of them at once.
//!
//! As with rates, all shards that a request touches are locked together, in ascending order, and what else counts is asked
//! under those locks. So either every quota is charged or none is.

use super::counter::{Counter, Look};
use super::{Grant, Ledger, Order, QuotaKeeper, WallClock, name};
use crate::key::{Key, Seeds};
use crate::limiter::{Decision, Demand, Refusal, Standing};
use crate::shared::Attempt;
use hashbrown::HashMap;
use snapshot::{Calendar, OnStoreFailure};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const SHARDS: usize = 64;
/// Quotas of one shard. Who would be one more is told to wait: what cannot be counted is not let through.
const SHARD_CAPACITY: usize = 16_384;
/// What a caller is told to wait when it is not known whether there is anything left.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);

type Shard = HashMap<Key, Counter>;

/// The counters.
pub(crate) struct Quotas {
    origin: Instant,
    wall: WallClock,
    seeds: Seeds,
    shards: Box<[Mutex<Shard>]>,
    /// The ledger does not answer: nobody waits for it.
    away: AtomicBool,
    orders: mpsc::UnboundedSender<Placed>,
    pub(super) numbers: Numbers,
}

/// An order on its way to the ledger, and whose it is.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) order: Order,
    key: Key,
}

/// How the ledger and the quotas are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaStatus {
    /// Whether the ledger answers.
    pub up: bool,
    /// Quotas that the node counts just now.
    pub counters: usize,
    /// Calls reserved.
    pub granted: u64,
    /// Calls reserved and given back.
    pub returned: u64,
    /// Transactions of the ledger that failed.
    pub failures: u64,
    /// Times the ledger was lost.
    pub outages: u64,
    /// Calls that were refused or let through without knowing what is left.
    pub decided_alone: u64,
}

#[derive(Debug, Default)]
pub(super) struct Numbers {
    granted: AtomicU64,
    returned: AtomicU64,
    failures: AtomicU64,
    outages: AtomicU64,
    decided_alone: AtomicU64,
}

/// What a counter said yes to.
enum Yes {
    Cell,
    /// The policy lets everybody pass while the ledger is away.
    Free,
}

struct Place<'a> {
    demand: &'a Demand<'a>,
    calendar: Calendar,
    key: Key,
}

impl std::fmt::Debug for Quotas {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Quotas")
            .field("numbers", &self.numbers)
            .finish_non_exhaustive()
    }
}

impl Quotas {
    /// The counters, and the task that carries orders to `ledger`.
    pub(crate) fn start(ledger: Arc<dyn Ledger>, wall: WallClock) -> (Arc<Self>, QuotaKeeper) {
        let (orders, placed) = mpsc::unbounded_channel();
        let quotas = Arc::new(Self {
            // A beginning in the past, so that no time is 0.
            origin: Instant::now()
                .checked_sub(Duration::from_secs(1))
                .unwrap_or_else(Instant::now),
            wall,
            seeds: Seeds::default(),
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            away: AtomicBool::new(false),
            orders,
            numbers: Numbers::default(),
        });
        (Arc::clone(&quotas), QuotaKeeper::new(quotas, placed, ledger))
    }

    /// Decides, or says what to wait for. `demands` are those on quotas; `rest` decides the others, and is asked only when
    /// every quota has room.
    pub(crate) fn attempt(&self, demands: &[&Demand<'_>], rest: impl FnOnce() -> Attempt) -> Attempt {
        let places = self.places(demands);
        let mut guards = self.lock(&places);
        let (now, wall) = (self.now(), (self.wall)());
        let (mut answers, mut lacking, mut worst) = (Vec::with_capacity(places.len()), Vec::new(), None::<Refusal>);
        for place in &places {
            let looked = match counter(&mut guards, place, now, wall) {
                Some(counter) => self.look(counter, place.key, now, wall),
                None => Err(unknown(place)),
            };
            match looked {
                Ok(Some(yes)) => answers.push((place, yes)),
                Ok(None) => lacking.push(place),
                Err(refusal)
                    if worst
                        .as_ref()
                        .is_none_or(|worst| refusal.retry_after > worst.retry_after) =>
                {
                    worst = Some(refusal);
                }
                Err(_) => {}
            }
        }
        if let Some(refusal) = worst {
            return Attempt::Decided(Decision::Refused(refusal));
        }
        if !lacking.is_empty() {
            let waits = lacking.into_iter().filter_map(|place| {
                let counter = counter(&mut guards, place, now, wall)?;
                let wait = counter.wait();
                self.ask(counter, place.key, now);
                Some(wait)
            });
            return Attempt::Wait(waits.collect());
        }
        let mut best = match rest() {
            Attempt::Decided(Decision::Admitted(standing)) => Some(standing),
            Attempt::Decided(Decision::Unlimited) => None,
            refused_or_wait => return refused_or_wait,
        };
        for (place, yes) in answers {
            let Some(counter) = counter(&mut guards, place, now, wall) else {
                continue;
            };
            let Some((remaining, reset)) = self.charge(counter, place.key, &yes, now, wall) else {
                continue;
            };
            if best.as_ref().is_none_or(|best| remaining < best.remaining) {
                best = Some(Standing {
                    policy: Arc::clone(place.demand.policy),
                    remaining,
                    reset,
                });
            }
        }
        Attempt::Decided(best.map_or(Decision::Unlimited, Decision::Admitted))
    }

    fn places<'a>(&self, demands: &[&'a Demand<'a>]) -> Vec<Place<'a>> {
        let place = |demand: &&'a Demand<'a>| {
            Some(Place {
                demand,
                calendar: demand.policy.calendar?,
                key: self.seeds.counter(self.seeds.policy(demand.policy), &demand.subject),
            })
        };
        let mut places: Vec<_> = demands.iter().filter_map(place).collect();
        places.sort_unstable_by_key(|place| (shard_of(place.key), place.key));
        places.dedup_by_key(|place| place.key);
        places
    }

    /// Locks each shard once; `places` are in order, so no two requests can wait for each other.
    fn lock(&self, places: &[Place<'_>]) -> Vec<(usize, MutexGuard<'_, Shard>)> {
        let mut guards: Vec<(usize, MutexGuard<'_, Shard>)> = Vec::with_capacity(places.len());
        for place in places {
            let at = shard_of(place.key);
            if guards.last().is_none_or(|(shard, _)| *shard != at) {
                guards.push((at, self.shard(place.key)));
            }
        }
        guards
    }

    /// Yes, a question for the ledger, or no.
    fn look(&self, counter: &mut Counter, key: Key, now: u64, wall: i64) -> Result<Option<Yes>, Refusal> {
        match counter.look(now, wall) {
            Look::Cell => return Ok(Some(Yes::Cell)),
            Look::UsedUp(wait) => {
                return Err(Refusal {
                    policy: Arc::clone(counter.policy()),
                    retry_after: wait,
                    known: true,
                });
            }
            Look::Ask if !self.is_away() => return Ok(None),
            Look::Ask => {}
        }
        // Nobody waits; the question tells whether the ledger is back.
        self.ask(counter, key, now);
        self.numbers.decided_alone.fetch_add(1, Ordering::Relaxed);
        match counter.policy().shared {
            Some(OnStoreFailure::Allow) => Ok(Some(Yes::Free)),
            None | Some(OnStoreFailure::LocalShare | OnStoreFailure::Deny) => Err(Refusal {
                policy: Arc::clone(counter.policy()),
                retry_after: UNKNOWN_FOR,
                known: false,
            }),
        }
    }

    fn charge(&self, counter: &mut Counter, key: Key, yes: &Yes, now: u64, wall: i64) -> Option<(u32, Duration)> {
        match yes {
            Yes::Cell => {
                if counter.spend() {
                    self.ask(counter, key, now);
                }
                Some(counter.standing(wall))
            }
            Yes::Free => {
                counter.owe();
                None
            }
        }
    }

    fn ask(&self, counter: &mut Counter, key: Key, now: u64) {
        if let Some(order) = counter.ask(now) {
            self.place(counter, order, key, now);
        }
    }

    fn place(&self, counter: &mut Counter, order: Order, key: Key, now: u64) {
        if let Err(unsent) = self.orders.send(Placed { order, key }) {
            self.away.store(true, Ordering::Release);
            counter.fail(&unsent.0.order, now);
        }
    }

    /// Takes an answer in.
    pub(super) fn accept(&self, placed: &Placed, grant: Grant) {
        self.numbers
            .granted
            .fetch_add(u64::from(grant.granted), Ordering::Relaxed);
        self.numbers
            .returned
            .fetch_add(u64::from(placed.order.back), Ordering::Relaxed);
        let mut shard = self.shard(placed.key);
        let now = self.now();
        if let Some(counter) = shard.get_mut(&placed.key)
            && counter.accept(&placed.order, grant, now)
        {
            self.ask(counter, placed.key, now);
        }
    }

    /// Takes in that it is not known what became of an order.
    pub(super) fn fail(&self, placed: &Placed) {
        self.numbers.failures.fetch_add(1, Ordering::Relaxed);
        let now = self.now();
        if let Some(counter) = self.shard(placed.key).get_mut(&placed.key) {
            counter.fail(&placed.order, now);
        }
    }

    /// From now on nobody waits, and who does decides anew. `true`: that is new.
    pub(super) fn set_away(&self) -> bool {
        let new = !self.away.swap(true, Ordering::AcqRel);
        if new {
            self.numbers.outages.fetch_add(1, Ordering::Relaxed);
        }
        for mut shard in self.each() {
            shard.values_mut().for_each(Counter::wake_all);
        }
        new
    }

    /// `true`: that is new.
    pub(super) fn set_here(&self) -> bool {
        self.away.swap(false, Ordering::AcqRel)
    }

    pub(super) fn is_away(&self) -> bool {
        self.away.load(Ordering::Acquire)
    }

    /// Gives back what nobody calls for, and forgets counters that say nothing.
    pub(crate) fn sweep(&self) {
        let (now, wall) = (self.now(), (self.wall)());
        for mut shard in self.each() {
            for (key, counter) in shard.iter_mut() {
                if let Some(order) = counter.give_back(now, wall) {
                    self.place(counter, order, *key, now);
                }
            }
            shard.retain(|_, counter| !counter.says_nothing(now));
            if shard.capacity() > 64 && shard.len() < shard.capacity() / 4 {
                shard.shrink_to_fit();
            }
        }
    }

    /// What is to be told when the node stops: everything that is reserved goes back.
    pub(super) fn close(&self) -> Vec<Order> {
        let close =
            |mut shard: MutexGuard<'_, Shard>| shard.values_mut().filter_map(Counter::close).collect::<Vec<_>>();
        self.each().flat_map(close).collect()
    }

    /// Counts what went back at the end.
    pub(super) fn closed(&self, orders: &[Order]) {
        let back: u64 = orders.iter().map(|order| u64::from(order.back)).sum();
        self.numbers.returned.fetch_add(back, Ordering::Relaxed);
    }

    pub(crate) fn status(&self) -> QuotaStatus {
        let number = |number: &AtomicU64| number.load(Ordering::Relaxed);
        QuotaStatus {
            up: !self.is_away(),
            counters: self.tracked(),
            granted: number(&self.numbers.granted),
            returned: number(&self.numbers.returned),
            failures: number(&self.numbers.failures),
            outages: number(&self.numbers.outages),
            decided_alone: number(&self.numbers.decided_alone),
        }
    }

    pub(crate) fn tracked(&self) -> usize {
        self.each().map(|shard| shard.len()).sum()
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        locked(&self.shards[shard_of(key)])
    }

    /// Every shard in turn, each locked only while it is looked at.
    fn each(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards.iter().map(locked)
    }

    /// Nanoseconds on the node's monotonic clock.
    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The counter of a place, made if there is none; none where there is no room for one more.
fn counter<'g>(
    guards: &'g mut [(usize, MutexGuard<'_, Shard>)],
    place: &Place<'_>,
    now: u64,
    wall: i64,
) -> Option<&'g mut Counter> {
    let at = shard_of(place.key);
    let (_, shard) = guards.iter_mut().find(|(shard, _)| *shard == at)?;
    if shard.len() >= SHARD_CAPACITY && !shard.contains_key(&place.key) {
        return None;
    }
    let Demand { policy, subject } = place.demand;
    let fresh = || {
        Counter::new(
            policy,
            place.calendar,
            name::of(policy, place.calendar, subject),
            now,
            wall,
        )
    };
    Some(shard.entry(place.key).or_insert_with(fresh))
}

fn unknown(place: &Place<'_>) -> Refusal {
    Refusal {
        policy: Arc::clone(place.demand.policy),
        retry_after: UNKNOWN_FOR,
        known: false,
    }
}

fn shard_of(key: Key) -> usize {
    (key >> 96) as usize % SHARDS
}

fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

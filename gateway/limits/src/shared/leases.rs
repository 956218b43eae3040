//! All shared counters of a node, and decisions over several of them at once.
//!
//! As with local counters, all shards that a request touches are locked together, in ascending order; the local counters
//! are asked under those locks. So either every cell is spent or none is.

use super::address::StoreConfig;
use super::entry::{Entry, Look, Situation};
use super::numbers::{Numbers, StoreStatus};
use super::shards::{Guards, Place, Shards};
use super::store::{Exchange, Grant};
use crate::key::{Key, Seeds};
use crate::limiter::{Decision, Demand, Refusal, Standing};
use snapshot::OnStoreFailure;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// What a caller is told to wait when a policy says `deny` and the store is gone.
const DENIED_FOR: Duration = Duration::from_secs(1);

/// The counters.
#[derive(Debug)]
pub(crate) struct Leases {
    origin: Instant,
    seeds: Seeds,
    node: u32,
    next_lease: AtomicU32,
    life: u64,
    shards: Shards,
    up: AtomicBool,
    nodes: AtomicU32,
    era: AtomicU64,
    round_trip: AtomicU64,
    pub(super) numbers: Numbers,
    questions: mpsc::UnboundedSender<Question>,
}

/// An exchange on its way to the store.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) exchange: Exchange,
    key: Key,
    era: u64,
    at: u64,
}

/// What became of one try.
pub(crate) enum Attempt {
    /// It is decided.
    Decided(Decision),
    /// Try again when each of these has something to say.
    Wait(Vec<oneshot::Receiver<()>>),
}

/// What a counter said yes to.
enum Yes {
    Cell,
    /// The node's own share; the TAT to charge and the calls that may follow.
    Share(u64, u32),
    /// The policy lets everybody pass while the store is gone.
    Free,
}

impl Leases {
    pub(super) fn new(node: u32, config: &StoreConfig, questions: mpsc::UnboundedSender<Question>) -> Self {
        Self {
            // A beginning in the past, so that no time is 0.
            origin: Instant::now()
                .checked_sub(Duration::from_secs(1))
                .unwrap_or_else(Instant::now),
            seeds: Seeds::default(),
            node,
            next_lease: AtomicU32::new(0),
            life: nanoseconds(config.lease_life),
            shards: Shards::default(),
            up: AtomicBool::new(false),
            nodes: AtomicU32::new(config.expected_nodes.get()),
            era: AtomicU64::new(0),
            round_trip: AtomicU64::new(0),
            numbers: Numbers::default(),
            questions,
        }
    }

    /// Decides, or says what to wait for. `shared` are the demands on shared policies; `local` decides the others, and is
    /// asked only when all of `shared` could be met.
    pub(crate) fn attempt(&self, shared: &[Demand<'_>], local: impl FnOnce() -> Decision) -> Attempt {
        let mut places = Place::each(shared, &self.seeds);
        let mut guards = Guards::lock(&self.shards, &places);
        let now = self.now();
        guards.make_room(&self.seeds, &mut places, now);
        let situation = self.situation();
        let mut answers = Vec::with_capacity(places.len());
        let (mut worst, mut lacking) = (None::<Refusal>, Vec::new());
        for place in &places {
            let Some(entry) = guards.entry(place, situation.era, now) else {
                continue;
            };
            match self.look(entry, &situation, now) {
                Ok(Some(yes)) => answers.push((place, yes)),
                Ok(None) => lacking.push(place),
                Err(wait) if worst.as_ref().is_none_or(|worst| wait > worst.retry_after) => {
                    worst = Some(Refusal {
                        policy: Arc::clone(place.demand.policy),
                        retry_after: wait,
                        known: true,
                    });
                }
                Err(_) => {}
            }
        }
        if let Some(refusal) = worst {
            return Attempt::Decided(Decision::Refused(refusal));
        }
        if !lacking.is_empty() {
            let waits = lacking.into_iter().filter_map(|place| {
                let entry = guards.entry(place, situation.era, now)?;
                let wait = entry.wait();
                self.ask(entry, place.key, &situation, now);
                Some(wait)
            });
            return Attempt::Wait(waits.collect());
        }
        let mut best = match local() {
            Decision::Refused(refusal) => return Attempt::Decided(Decision::Refused(refusal)),
            Decision::Admitted(standing) => Some(standing),
            Decision::Unlimited => None,
        };
        for (place, yes) in answers {
            let Some(entry) = guards.entry(place, situation.era, now) else {
                continue;
            };
            if let Some((remaining, reset)) = self.charge(entry, place, &yes, &situation, now) {
                let standing = Standing {
                    policy: Arc::clone(place.demand.policy),
                    remaining,
                    reset,
                };
                let tighter = |best: &Standing| {
                    (remaining, std::cmp::Reverse(reset)) < (best.remaining, std::cmp::Reverse(best.reset))
                };
                best = Some(best.take().filter(|best| !tighter(best)).unwrap_or(standing));
            }
        }
        Attempt::Decided(best.map_or(Decision::Unlimited, Decision::Admitted))
    }

    /// Yes, a question for the store, or no and for how long.
    fn look(&self, entry: &mut Entry, situation: &Situation, now: u64) -> Result<Option<Yes>, Duration> {
        match entry.look(now) {
            // Paid for already, store or no store.
            Look::Cell => return Ok(Some(Yes::Cell)),
            Look::Refused(wait) if self.is_up() => return Err(wait),
            Look::Ask if self.is_up() => return Ok(None),
            Look::Refused(_) | Look::Ask => {}
        }
        self.numbers.decided_alone();
        match entry.policy().shared.unwrap_or_default() {
            OnStoreFailure::LocalShare => entry
                .share(situation.nodes, now)
                .map(|(tat, rest)| Some(Yes::Share(tat, rest))),
            OnStoreFailure::Allow => Ok(Some(Yes::Free)),
            OnStoreFailure::Deny => Err(DENIED_FOR),
        }
    }

    fn charge(
        &self,
        entry: &mut Entry,
        place: &Place<'_>,
        yes: &Yes,
        situation: &Situation,
        now: u64,
    ) -> Option<(u32, Duration)> {
        match *yes {
            Yes::Cell => {
                if entry.spend(now) && self.is_up() {
                    self.ask(entry, place.key, situation, now);
                }
                Some(entry.standing(now))
            }
            Yes::Share(tat, remaining) => {
                entry.charge_alone(tat, situation.nodes);
                Some((remaining, Duration::from_nanos(tat.saturating_sub(now))))
            }
            Yes::Free => None,
        }
    }

    fn ask(&self, entry: &mut Entry, key: Key, situation: &Situation, now: u64) {
        if let Some(exchange) = entry.ask(self.lease_id(), situation, now) {
            self.send(entry, exchange, key, situation.era, now);
        }
    }

    fn send(&self, entry: &mut Entry, exchange: Exchange, key: Key, era: u64, at: u64) {
        if self.questions.send(Question { exchange, key, era, at }).is_err() {
            self.up.store(false, Ordering::Relaxed);
            entry.give_up();
        }
    }

    /// Takes an answer in. The time at which the lease ends, if there is one.
    pub(super) fn accept(&self, question: &Question, grant: &Grant) -> Option<u64> {
        self.numbers.exchanged(grant);
        let mut shard = self.shards.of(question.key);
        let now = self.now();
        let entry = shard.entries.get_mut(&question.key)?;
        if entry.accept(&question.exchange, grant, question.era, question.at, self.life, now) {
            self.ask(entry, question.key, &self.situation(), now);
        }
        (grant.cells > 0).then(|| question.at.saturating_add(self.life))
    }

    /// Takes in that there will be no answer.
    pub(super) fn fail(&self, question: &Question) {
        self.numbers.failed();
        if let Some(entry) = self.shards.of(question.key).entries.get_mut(&question.key) {
            entry.fail(&question.exchange, question.at, self.now());
        }
    }

    /// Lets everybody who waits decide anew; nobody will answer any more.
    pub(super) fn fail_all(&self) {
        self.set_down();
        for mut shard in self.shards.each() {
            shard.entries.values_mut().for_each(Entry::give_up);
        }
    }

    /// Gives back what a counter holds and does not need, if it may.
    pub(super) fn settle(&self, key: Key) {
        let mut shard = self.shards.of(key);
        let (now, situation) = (self.now(), self.situation());
        let Some(entry) = shard.entries.get_mut(&key) else {
            return;
        };
        if self.is_up()
            && let Some(exchange) = entry.ask_to_settle(self.lease_id(), &situation, now)
        {
            self.send(entry, exchange, key, situation.era, now);
        }
    }

    /// Drops counters that say nothing any more.
    pub(crate) fn sweep(&self) {
        let now = self.now();
        for mut shard in self.shards.each() {
            shard.entries.retain(|_, entry| !entry.says_nothing(now));
            if shard.entries.capacity() > 64 && shard.entries.len() < shard.entries.capacity() / 4 {
                shard.entries.shrink_to_fit();
            }
        }
    }

    /// Counters held.
    pub(crate) fn tracked(&self) -> usize {
        self.shards.each().map(|shard| shard.entries.len()).sum()
    }

    /// How the store and the leases are.
    pub(crate) fn status(&self) -> StoreStatus {
        self.numbers.status(self.is_up(), self.nodes.load(Ordering::Relaxed))
    }

    pub(super) fn set_up(&self) {
        self.era.fetch_add(1, Ordering::Relaxed);
        self.up.store(true, Ordering::Release);
    }

    pub(super) fn set_down(&self) {
        self.up.store(false, Ordering::Release);
    }

    pub(super) fn set_nodes(&self, nodes: u32) {
        self.nodes.store(nodes.max(1), Ordering::Relaxed);
    }

    pub(super) fn set_round_trip(&self, took: Duration) {
        let before = self.round_trip.load(Ordering::Relaxed);
        self.round_trip
            .store(before - before / 8 + nanoseconds(took) / 8, Ordering::Relaxed);
    }

    pub(super) fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    pub(super) fn node(&self) -> u32 {
        self.node
    }

    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    /// Nanoseconds on the node's clock.
    pub(super) fn now(&self) -> u64 {
        nanoseconds(self.origin.elapsed())
    }

    fn situation(&self) -> Situation {
        Situation {
            nodes: self.nodes(),
            era: self.era.load(Ordering::Relaxed),
            round_trip: Duration::from_nanos(self.round_trip.load(Ordering::Relaxed)),
        }
    }

    fn lease_id(&self) -> u64 {
        (u64::from(self.node) << 32) | u64::from(self.next_lease.fetch_add(1, Ordering::Relaxed))
    }
}

impl Question {
    pub(super) fn key(&self) -> Key {
        self.key
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

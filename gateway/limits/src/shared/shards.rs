//! Where the shared counters of a node live: sharded, capped, several locked at once for one request.

use super::entry::Entry;
use super::name::store_name;
use crate::key::{Key, Seeds};
use crate::limiter::Demand;
use hashbrown::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 256;
/// Counters of one shard; callers beyond share one for each policy.
const SHARD_CAPACITY: usize = 1024;
/// How seldom a full shard is searched for counters that say nothing.
const SEARCH_PAUSE: u64 = 100_000_000;

/// All shards.
#[derive(Debug)]
pub(super) struct Shards(Box<[Mutex<Shard>]>);

impl Default for Shards {
    fn default() -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(SHARDS).collect())
    }
}

impl Shards {
    /// The shard that `key` lives in, locked.
    pub(super) fn of(&self, key: Key) -> MutexGuard<'_, Shard> {
        locked(&self.0[shard_of(key)])
    }

    /// Every shard in turn, each locked only while it is looked at.
    pub(super) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.0.iter().map(locked)
    }
}

fn shard_of(key: Key) -> usize {
    (key >> 96) as usize % SHARDS
}

#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) entries: HashMap<Key, Entry>,
    searched: u64,
}

/// One shared demand on its way to a decision.
pub(super) struct Place<'a> {
    pub(super) demand: Demand<'a>,
    pub(super) key: Key,
    shard: usize,
    /// The shard is full: this is the counter that all newcomers to the policy share. Stricter than one of their own, never
    /// looser.
    crowded: bool,
}

impl<'a> Place<'a> {
    /// The demands in locking order, each once.
    pub(super) fn each(shared: &[Demand<'a>], seeds: &Seeds) -> Vec<Self> {
        let place = |demand: &Demand<'a>| {
            let key = seeds.counter(seeds.policy(demand.policy), &demand.subject);
            Self {
                demand: *demand,
                key,
                shard: shard_of(key),
                crowded: false,
            }
        };
        let mut places: Vec<_> = shared.iter().map(place).collect();
        places.sort_unstable_by_key(|place| (place.shard, place.key));
        places.dedup_by_key(|place| place.key);
        places
    }
}

/// The shards of one request, locked.
pub(super) struct Guards<'a>(Vec<(usize, MutexGuard<'a, Shard>)>);

impl<'a> Guards<'a> {
    /// Locks each shard once; `places` are in order, so no two requests can wait for each other.
    pub(super) fn lock(shards: &'a Shards, places: &[Place<'_>]) -> Self {
        let mut guards: Vec<(usize, MutexGuard<'a, Shard>)> = Vec::with_capacity(places.len());
        for place in places {
            if guards.last().is_none_or(|(shard, _)| *shard != place.shard) {
                guards.push((place.shard, shards.of(place.key)));
            }
        }
        Self(guards)
    }

    /// Sends newcomers that find no room to the counter they share.
    pub(super) fn make_room(&mut self, seeds: &Seeds, places: &mut [Place<'_>], now: u64) {
        for place in places {
            let Some(shard) = self.shard(place.shard) else { continue };
            if !shard.entries.contains_key(&place.key) && !shard.has_room(now) {
                let low = seeds.policy(place.demand.policy) & (u128::MAX >> 32);
                place.key = (place.key >> 96 << 96) | low;
                place.crowded = true;
            }
        }
    }

    /// The entry of a place, made if there is none.
    pub(super) fn entry(&mut self, place: &Place<'_>, era: u64, now: u64) -> Option<&mut Entry> {
        let shard = self.shard(place.shard)?;
        let Demand { policy, subject } = &place.demand;
        let fresh = || {
            let name = store_name(policy, (!place.crowded).then_some(subject));
            Entry::new(policy, name, era, now)
        };
        Some(shard.entries.entry(place.key).or_insert_with(fresh))
    }

    fn shard(&mut self, at: usize) -> Option<&mut Shard> {
        self.0
            .iter_mut()
            .find(|(shard, _)| *shard == at)
            .map(|(_, guard)| &mut **guard)
    }
}

impl Shard {
    fn has_room(&mut self, now: u64) -> bool {
        if self.entries.len() >= SHARD_CAPACITY && now >= self.searched + SEARCH_PAUSE {
            self.entries.retain(|_, entry| !entry.says_nothing(now));
            self.searched = now;
        }
        self.entries.len() < SHARD_CAPACITY
    }
}

fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A panic while a shard was held leaves whole entries behind.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

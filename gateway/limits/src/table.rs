//! Where counters live: sharded, capped, 24 bytes each.
//!
//! A shard that is full first drops entries that say nothing any more (their TAT has passed). If none has, a new
//! subject gets no entry of its own but shares the shard's overflow counter of that policy: stricter than its own would
//! be, never looser. Overflow counters number at most policies times shards; callers cannot make more.

use crate::key::Key;
use hashbrown::{HashMap, HashTable};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One counter.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Two halves, because a `u128` would be padded to 32 bytes here.
    key: [u64; 2],
    tat: u64,
}

const _: () = assert!(size_of::<Entry>() == 24);

/// All shards. One shard's lock is held for about as long as a look-up takes; growing or sweeping one touches about a
/// thousand entries.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Box<[Mutex<Shard>]>,
}

const SHARD_ENTRIES: usize = 1024;
const MOST_SHARDS: usize = 1024;

impl Table {
    /// Room for `capacity` counters in all.
    pub(crate) fn new(capacity: usize) -> Self {
        let count = (capacity / SHARD_ENTRIES).next_power_of_two().clamp(1, MOST_SHARDS);
        let shard = || Mutex::new(Shard::new(capacity.div_ceil(count)));
        Self {
            shards: std::iter::repeat_with(shard).take(count).collect(),
        }
    }

    /// The number of the shard that `key` lives in.
    pub(crate) fn shard_of(&self, key: Key) -> usize {
        // The top bits; the table inside a shard uses the low half.
        (key >> 96) as usize & (self.shards.len() - 1)
    }

    /// Locks one shard. Several are to be locked in ascending order.
    pub(crate) fn lock(&self, shard: usize) -> Option<MutexGuard<'_, Shard>> {
        // A panic while a shard was held leaves whole entries behind: each write is one assignment.
        Some(self.shards.get(shard)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every shard in turn, each locked only while it is looked at.
    pub(crate) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One part of the table.
#[derive(Debug)]
pub(crate) struct Shard {
    entries: HashTable<Entry>,
    overflow: HashMap<Key, u64>,
    capacity: usize,
    /// Before this time a sweep would find nothing: no entry's TAT is earlier. Keeps a flood from sweeping at each call.
    nothing_before: u64,
}

impl Shard {
    fn new(capacity: usize) -> Self {
        Self {
            entries: HashTable::new(),
            overflow: HashMap::new(),
            capacity,
            nothing_before: 0,
        }
    }

    /// The TAT that a call of `key` is measured against: its own, else the one of `shared`, else 0.
    pub(crate) fn read(&self, key: Key, shared: Key) -> u64 {
        let halves = halves(key);
        match self.entries.find(halves[1], |entry| entry.key == halves) {
            Some(entry) => entry.tat,
            None => self.overflow.get(&shared).copied().unwrap_or(0),
        }
    }

    /// Stores a TAT: in the counter's own entry if it has or can get one, else in the shared one.
    pub(crate) fn write(&mut self, key: Key, shared: Key, tat: u64, now: u64) {
        let halves = halves(key);
        if let Some(entry) = self.entries.find_mut(halves[1], |entry| entry.key == halves) {
            entry.tat = tat;
        } else if self.has_room(now) {
            // `tat` was reckoned from the shared counter if there is one, so leaving it gives no fresh burst.
            self.entries
                .insert_unique(halves[1], Entry { key: halves, tat }, |entry| entry.key[1]);
            self.nothing_before = self.nothing_before.min(tat);
        } else {
            self.overflow.insert(shared, tat);
        }
    }

    /// Drops what says nothing any more at `now`, and memory that is no longer needed.
    pub(crate) fn sweep(&mut self, now: u64) {
        self.drop_expired(now);
        self.overflow.retain(|_, tat| *tat > now);
        if self.entries.capacity() > 64 && self.entries.len() < self.entries.capacity() / 4 {
            let wanted = self.entries.len() * 2;
            self.entries.shrink_to(wanted, |entry| entry.key[1]);
        }
        if self.overflow.is_empty() {
            self.overflow.shrink_to_fit();
        }
    }

    /// Counters held.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() + self.overflow.len()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.allocation_size() + self.overflow.allocation_size()
    }

    fn has_room(&mut self, now: u64) -> bool {
        if self.entries.len() >= self.capacity && now >= self.nothing_before {
            self.drop_expired(now);
        }
        self.entries.len() < self.capacity
    }

    fn drop_expired(&mut self, now: u64) {
        let mut earliest = u64::MAX;
        self.entries.retain(|entry| {
            let live = entry.tat > now;
            if live {
                earliest = earliest.min(entry.tat);
            }
            live
        });
        self.nothing_before = earliest;
    }
}

/// The key as it is stored; the second half also serves as the hash.
fn halves(key: Key) -> [u64; 2] {
    [(key >> 64) as u64, key as u64]
}

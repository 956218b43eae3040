//! The cells a node holds of one counter: a lease that is being spent, one for afterwards, and those the store is still to
//! hear of.

use super::store::{Exchange, Finished};

/// So long it is worth telling the store about a lease that is done, in nanoseconds.
const MEMORY: u64 = 1_000_000_000;
/// Leases from this size on are renewed before they are used up.
const WORTH_RENEWING: u32 = 4;

/// Cells in hand, and what is owed to the store about those that were.
#[derive(Debug, Default)]
pub(super) struct Hand {
    current: Option<Lease>,
    next: Option<Lease>,
    /// To be settled with the next exchange.
    finished: Vec<Settlement>,
}

/// Cells that were granted together.
#[derive(Debug)]
struct Lease {
    id: u64,
    granted: u32,
    left: u32,
    /// Nothing is spent from here on.
    ends: u64,
    /// The bucket's TAT is at least this: the latest of (moment of a spending + cells held just before).
    floor: u64,
}

/// A lease that is done and that the store is to hear of.
#[derive(Debug, Clone, Copy)]
struct Settlement {
    lease: u64,
    unspent: u32,
    /// As that of a lease.
    floor: u64,
    /// By then the store has settled it by itself.
    useless_from: u64,
}

impl Hand {
    /// Cells that can be spent.
    pub(super) fn cells(&self) -> u32 {
        let left = |lease: &Option<Lease>| lease.as_ref().map_or(0, |lease| lease.left);
        left(&self.current).saturating_add(left(&self.next))
    }

    /// Spends one; the counter's cells are `interval` nanoseconds apart.
    pub(super) fn spend(&mut self, interval: u64, now: u64) {
        if let Some(lease) = self.current.as_mut() {
            lease.floor = lease.floor.max(now.saturating_add(u64::from(lease.left) * interval));
            lease.left = lease.left.saturating_sub(1);
        }
    }

    /// It is time to renew in advance: half of a lease that was worth it is spent, and nothing is there for afterwards.
    pub(super) fn is_half_spent(&self) -> bool {
        let granted = self.current.as_ref().map_or(0, |lease| lease.granted);
        granted >= WORTH_RENEWING && self.next.is_none() && self.cells() <= granted / 2
    }

    /// Nothing is held, and nothing that the store would still listen to is owed.
    pub(super) fn is_empty(&self, now: u64) -> bool {
        self.current.is_none() && self.next.is_none() && self.finished.iter().all(|done| done.useless_from <= now)
    }

    /// The store has heard of everything that is done.
    pub(super) fn owes_nothing(&self) -> bool {
        self.finished.is_empty()
    }

    /// Puts leases that are used up or out of time aside, and the next one in place.
    pub(super) fn turn_over(&mut self, now: u64) {
        let over = |lease: &Option<Lease>| lease.as_ref().is_some_and(|lease| lease.left == 0 || lease.ends <= now);
        if over(&self.next) {
            let lease = self.next.take();
            self.finish(lease, now);
        }
        if over(&self.current) || self.current.is_none() {
            let lease = std::mem::replace(&mut self.current, self.next.take());
            self.finish(lease, now);
        }
    }

    fn finish(&mut self, lease: Option<Lease>, now: u64) {
        let Some(lease) = lease else { return };
        let useless_from = now.saturating_add(MEMORY);
        self.finished.push(Settlement {
            lease: lease.id,
            unspent: lease.left,
            floor: lease.floor,
            useless_from,
        });
    }

    /// Takes a lease up.
    pub(super) fn hold(&mut self, id: u64, cells: u32, ends: u64) {
        let place = if self.current.is_none() {
            &mut self.current
        } else {
            &mut self.next
        };
        *place = Some(Lease {
            id,
            granted: cells,
            left: cells,
            ends,
            floor: 0,
        });
    }

    /// The finished leases, with their floors as distances from now.
    pub(super) fn settle(&mut self, now: u64) -> Vec<Finished> {
        let distance = |floor: u64| (i128::from(floor) - i128::from(now)).div_euclid(250) + 1;
        let finished = |done: Settlement| Finished {
            lease: done.lease,
            unspent: done.unspent,
            floor: i64::try_from(distance(done.floor)).unwrap_or(i64::MAX),
        };
        self.finished
            .drain(..)
            .filter(|done| done.useless_from > now)
            .map(finished)
            .collect()
    }

    /// Keeps what an exchange that failed would have settled, and the lease it may have been granted unheard.
    pub(super) fn say_again(&mut self, exchange: &Exchange, asked_at: u64, now: u64) {
        let useless_from = now.saturating_add(MEMORY);
        let again = exchange.finished.iter().map(|finished| Settlement {
            lease: finished.lease,
            unspent: finished.unspent,
            floor: asked_at.saturating_add_signed(finished.floor.saturating_mul(250)),
            useless_from,
        });
        let unheard = Settlement {
            lease: exchange.lease,
            unspent: u32::MAX,
            floor: 0,
            useless_from,
        };
        self.finished.extend(again.chain([unheard]));
    }
}

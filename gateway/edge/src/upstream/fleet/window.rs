//! Counts of what went well and what failed within the last while: exact, and without a lock.
//!
//! Ten slots cover the window; each is one atomic word that holds its epoch and both counts, so that a slot is never read
//! half renewed. The window moves on by a tenth of its length at a time; within that, every call is counted once.

use super::clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SLOTS: usize = 10;
const COUNT_BITS: u32 = 20;
const COUNT: u64 = (1 << COUNT_BITS) - 1;
const EPOCH: u64 = (1 << (64 - 2 * COUNT_BITS)) - 1;

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Went well.
    pub(crate) well: u64,
    /// Failed.
    pub(crate) failed: u64,
}

impl Counts {
    /// Both.
    pub(crate) fn total(self) -> u64 {
        self.well + self.failed
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Window {
    slot_ms: u64,
    slots: [AtomicU64; SLOTS],
}

impl Window {
    /// Covers `length`, to a tenth of it.
    pub(crate) fn new(length: Duration) -> Self {
        Self {
            slot_ms: (clock::millis(length) / SLOTS as u64).max(1),
            slots: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Counts one thing that ended at `now`.
    pub(crate) fn record(&self, now: u64, failed: bool) {
        let epoch = self.epoch(now);
        let Some(slot) = self.slots.get(position(now / self.slot_ms)) else {
            return;
        };
        let one = if failed { 1 } else { 1 << COUNT_BITS };
        let add = |word: u64| {
            // A thread that reads the clock late must not throw away what others have begun to count.
            let is_old = age(epoch, word) != 0 && age(epoch, word) < EPOCH / 2;
            let word = if is_old { epoch << (2 * COUNT_BITS) } else { word };
            let (well, bad) = ((word >> COUNT_BITS) & COUNT, word & COUNT);
            let full = if failed { bad == COUNT } else { well == COUNT };
            Some(if full { word } else { word + one })
        };
        let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// What was counted in the window that ends at `now`.
    pub(crate) fn counts(&self, now: u64) -> Counts {
        let epoch = self.epoch(now);
        let mut counts = Counts::default();
        for slot in &self.slots {
            let word = slot.load(Ordering::Relaxed);
            if age(epoch, word) < SLOTS as u64 || age(epoch, word) > EPOCH / 2 {
                counts.well += (word >> COUNT_BITS) & COUNT;
                counts.failed += word & COUNT;
            }
        }
        counts
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for slot in &self.slots {
            slot.store(0, Ordering::Relaxed);
        }
    }

    fn epoch(&self, now: u64) -> u64 {
        (now / self.slot_ms) & EPOCH
    }
}

/// Slots since `word` was begun; it wraps round with the epoch.
fn age(epoch: u64, word: u64) -> u64 {
    epoch.wrapping_sub(word >> (2 * COUNT_BITS)) & EPOCH
}

fn position(number: u64) -> usize {
    usize::try_from(number % SLOTS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the plain way of counting: a list of everything with its slot.
        #[test]
        fn counts_exactly_what_ended_within_the_window(
            steps in proptest::collection::vec((0_u64..400, any::<bool>()), 1..200),
            start in 3_600_000_u64..5_000_000,
        ) {
            let window = Window::new(Duration::from_secs(1));
            let mut now = start;
            let mut all = Vec::new();
            for (step, failed) in steps {
                now += step;
                window.record(now, failed);
                all.push((now / 100, failed));
                let within = |slot: u64| now / 100 - slot < 10;
                let failed = all.iter().filter(|(slot, failed)| within(*slot) && *failed).count() as u64;
                let well = all.iter().filter(|(slot, failed)| within(*slot) && !*failed).count() as u64;
                prop_assert_eq!(window.counts(now), Counts { well, failed });
            }
            prop_assert_eq!(window.counts(now + 1_100), Counts::default());
        }
    }

    #[test]
    fn threads_lose_nothing() {
        let window = Window::new(Duration::from_secs(10));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let window = &window;
                scope.spawn(move || (0..10_000).for_each(|_| window.record(3_600_000, thread % 2 == 0)));
            }
        });
        let counts = window.counts(3_600_000);
        assert_eq!((counts.well, counts.failed), (20_000, 20_000));
    }
}

//! Requests in flight, and requests that have asked for a place: one number in memory, one write for both.

use std::sync::atomic::{AtomicU64, Ordering};

/// One that asked, in the upper half, and one in flight, in the lower.
const ONE: u64 = (1 << 32) | 1;

/// The counter, shared by all workers.
#[derive(Debug, Default)]
pub struct InFlight(AtomicU64);

impl InFlight {
    /// One more asks and is in flight. How many were in flight before it.
    pub(crate) fn enter(&self) -> usize {
        lower(self.0.fetch_add(ONE, Ordering::Relaxed))
    }

    /// One is in flight no longer.
    pub(crate) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many are in flight.
    pub(crate) fn now(&self) -> usize {
        lower(self.0.load(Ordering::Relaxed))
    }

    /// How many have asked, whatever was answered; begins anew after 2³².
    pub(crate) fn asked(&self) -> u32 {
        // The upper half of 64 bits fits.
        (self.0.load(Ordering::Relaxed) >> 32) as u32
    }
}

fn lower(both: u64) -> usize {
    // The lower half is what is wanted, and sockets end long before it does.
    both as u32 as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_counted_and_asking_begins_anew() {
        let count = InFlight(AtomicU64::new(u64::MAX << 32));
        assert_eq!((count.now(), count.asked()), (0, u32::MAX));
        assert_eq!([count.enter(), count.enter()], [0, 1]);
        count.leave();
        assert_eq!((count.now(), count.asked()), (1, 1));
    }
}

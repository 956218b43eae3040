//! Problem codes the gateway answered with, counted without a lock: codes are compiled in, so a short list found once
//! holds them all.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// More codes than the gateway has; past it they are counted together.
const PLACES: usize = 128;

/// Counters by problem code.
pub(super) struct Refusals {
    places: Vec<(OnceLock<&'static str>, AtomicU64)>,
    others: AtomicU64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            places: (0..PLACES).map(|_| Default::default()).collect(),
            others: AtomicU64::new(0),
        }
    }
}

impl Refusals {
    /// Adds one to `code`, taking a free place at its first time.
    pub(super) fn count(&self, code: &'static str) {
        let place = self.places.iter().find(|(name, _)| *name.get_or_init(|| code) == code);
        place
            .map_or(&self.others, |(_, counter)| counter)
            .fetch_add(1, Ordering::Relaxed);
    }

    /// All codes seen so far.
    pub(super) fn read(&self) -> Vec<(&'static str, u64)> {
        let known = self
            .places
            .iter()
            .filter_map(|(name, count)| Some((*name.get()?, count.load(Ordering::Relaxed))));
        let others = self.others.load(Ordering::Relaxed);
        known.chain((others > 0).then_some(("other", others))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_counted_apart_also_when_threads_meet_on_the_first() {
        let refusals = Refusals::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        refusals.count("limit-exceeded");
                        refusals.count("route-not-found");
                    }
                });
            }
        });
        let mut read = refusals.read();
        read.sort_unstable();
        assert_eq!(read, [("limit-exceeded", 400), ("route-not-found", 400)]);
    }
}

//! How many requests may be in flight just now: fewer when the workers fall behind.
//!
//! What is measured is how late a worker's event loop comes to a timer, which is how long everything that is ready waits for
//! its turn. So a slow agency's backend is never taken for an overload of the gateway, and a request pays one atomic read.
//! The limit follows by AIMD: a tenth to a half off what is really in flight while the loop is late, a twentieth on while it is
//! not and the limit is in use.

use super::wait::{Wait, spread};
use crate::plan::Shared;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A loop that is later than this on average is overloaded; one below half of it has room.
const LATE: Duration = Duration::from_millis(50);
/// Looks that are averaged.
const LOOKS: u32 = 10;
/// Averages in a row that must be late: a hiccup of the machine is no overload.
const PATIENCE: u32 = 3;
/// The limit never falls below this: so few are never the reason.
const LEAST: usize = 128;
/// Time between two looks, and the same while next to nothing is in flight.
const LOOK: Duration = Duration::from_millis(10);
const LOOK_AT_REST: Duration = Duration::from_millis(100);
const AT_REST: usize = 16;

/// The limit that is learned. Pure: no clock, no lock.
#[derive(Debug, Clone)]
struct Concurrency {
    least: f64,
    most: f64,
    limit: f64,
    late: u32,
}

impl Concurrency {
    fn new(most: usize) -> Self {
        let most = most.max(1) as f64;
        Self {
            least: most.min(LEAST as f64),
            most,
            limit: most,
            late: 0,
        }
    }

    /// Takes one average in, with what was in flight then. The limit that follows.
    fn learn(&mut self, lateness: Duration, in_flight: usize) -> usize {
        let in_flight = in_flight as f64;
        if lateness > LATE {
            self.late += 1;
            if self.late >= PATIENCE {
                // As many as would not be late, by Little's law; at most a half at once, for lateness is a rough measure.
                let share = (LATE.as_secs_f64() / lateness.as_secs_f64()).clamp(0.5, 0.9);
                self.limit = (self.limit.min(in_flight) * share).max(self.least);
            }
        } else {
            self.late = 0;
            // A quiet hour teaches nothing.
            if lateness < LATE / 2 && in_flight * 2.0 > self.limit {
                self.limit = (self.limit * 1.05).min(self.most);
            }
        }
        // The cast saturates, and the limit is at least 1.
        self.limit as usize
    }
}

/// What is learned once a second: how dear refusing was in it.
#[derive(Debug)]
struct Second {
    began: Instant,
    asked: u32,
    refused: u32,
    wait: Wait,
}

/// The limit in force and the wait of who is over it, shared by all workers.
#[derive(Debug)]
pub struct Overload {
    limit: AtomicUsize,
    concurrency: Mutex<Concurrency>,
    refused: AtomicU32,
    wait_seconds: AtomicU32,
    second: Mutex<Second>,
}

impl Overload {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            limit: AtomicUsize::new(most),
            concurrency: Mutex::new(Concurrency::new(most)),
            refused: AtomicU32::new(0),
            wait_seconds: AtomicU32::new(1),
            second: Mutex::new(Second {
                began: Instant::now(),
                asked: 0,
                refused: 0,
                wait: Wait::new(),
            }),
        }
    }

    /// Counts a refusal. How long its caller is told to wait.
    pub(crate) fn refuse(&self) -> Duration {
        let number = self.refused.fetch_add(1, Ordering::Relaxed);
        spread(self.wait_seconds.load(Ordering::Relaxed), number)
    }

    /// Requests that may be in flight now.
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    fn learn(&self, lateness: Duration, in_flight: usize) {
        let mut concurrency = self.concurrency.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = concurrency.learn(lateness, in_flight);
        drop(concurrency);
        let before = self.limit.swap(limit, Ordering::Relaxed);
        if limit < before {
            tracing::debug!(
                limit,
                ?lateness,
                "the workers fall behind: fewer requests may be in flight"
            );
        }
    }

    /// Takes in what has been asked until `now`, all in all: once a second, whichever worker comes first.
    fn count(&self, now: Instant, asked: u32) {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(second.began) < Duration::from_secs(1) {
            return;
        }
        let refused = self.refused.load(Ordering::Relaxed);
        let (asked_then, refused_then) = (second.asked, second.refused);
        (second.began, second.asked, second.refused) = (now, asked, refused);
        let wait = second
            .wait
            .learn(asked.wrapping_sub(asked_then), refused.wrapping_sub(refused_then));
        self.wait_seconds.store(wait, Ordering::Relaxed);
    }
}

/// Looks at the event loop it runs on, for as long as that runs.
pub(crate) async fn watch(shared: Arc<Shared>) {
    loop {
        let (mut sum, mut looks) = (Duration::ZERO, 0);
        // The later the loop, the longer each look takes: one that says enough for all is not repeated.
        while looks < LOOKS && sum <= LATE * LOOKS {
            let rest = if shared.in_flight() < AT_REST {
                LOOK_AT_REST
            } else {
                LOOK
            };
            let due = Instant::now() + rest;
            tokio::time::sleep_until(due).await;
            sum += due.elapsed();
            looks += 1;
        }
        shared.overload.learn(sum / LOOKS, shared.in_flight());
        shared.overload.count(Instant::now(), shared.in_flight.asked());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A worker that serves `capacity` requests a second of `offered`, in steps of a millisecond; who is refused costs a
    /// fiftieth of who is served. The share of the capacity that was put to use in the last half, and the longest queue there.
    fn run(limit: &mut Concurrency, capacity: f64, offered: f64, looks: u32) -> (f64, f64) {
        let (mut queue, mut served, mut longest) = (0.0_f64, 0.0, 0.0_f64);
        let mut allowed = limit.limit;
        for look in 0..looks {
            for _ in 0..100 {
                let admitted = (offered / 1000.0).min((allowed - queue).max(0.0));
                let refused = offered / 1000.0 - admitted;
                let room = (capacity / 1000.0 - refused * 0.02).max(0.0);
                queue += admitted;
                let done = queue.min(room);
                queue -= done;
                if look >= looks / 2 {
                    served += done;
                    longest = longest.max(queue / capacity);
                }
            }
            allowed = limit.learn(Duration::from_secs_f64(queue / capacity), queue as usize) as f64;
        }
        (served / (capacity / 10.0 * f64::from(looks - looks / 2)), longest)
    }

    #[test]
    fn three_times_the_capacity_is_cut_to_a_short_queue() {
        let mut limit = Concurrency::new(100_000);
        let (used, longest) = run(&mut limit, 10_000.0, 30_000.0, 600);
        assert!(used > 0.9 && longest < 0.5, "{used} {longest} s");
        assert!(limit.limit < 10_000.0, "{}", limit.limit);
    }

    #[test]
    fn what_fits_is_never_refused() {
        let mut limit = Concurrency::new(10_000);
        let (used, _) = run(&mut limit, 10_000.0, 9_000.0, 600);
        assert!((used - 0.9).abs() < 1e-6, "{used}");
        assert_eq!(limit.limit as usize, 10_000);
    }

    #[test]
    fn a_hiccup_changes_nothing_and_an_overload_that_ends_is_forgotten() {
        let mut limit = Concurrency::new(10_000);
        for _ in 0..2 {
            assert_eq!(limit.learn(Duration::from_secs(1), 500), 10_000);
        }
        limit.learn(Duration::ZERO, 500);
        for _ in 0..20 {
            limit.learn(Duration::from_secs(1), 5_000);
        }
        assert!(limit.limit < 1_000.0, "{}", limit.limit);
        for _ in 0..200 {
            let full = limit.limit as usize;
            limit.learn(Duration::from_millis(1), full);
        }
        assert_eq!(limit.limit as usize, 10_000);
    }

    proptest! {
        #[test]
        fn the_limit_stays_between_its_bounds(
            most in 0_usize..5_000,
            looks in proptest::collection::vec((0_u64..2_000, 0_usize..50_000), 0..500),
        ) {
            let mut limit = Concurrency::new(most);
            for (lateness, in_flight) in looks {
                let limit = limit.learn(Duration::from_millis(lateness), in_flight);
                prop_assert!(limit <= most.max(1) && limit >= most.clamp(1, LEAST));
            }
        }
    }
}

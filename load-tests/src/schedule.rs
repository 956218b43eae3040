//! When each request is meant to be sent in an open loop: at a constant rate, whatever the answers do.
//!
//! Latency is measured from these times. A generator that waits for an answer before it plans the next request would
//! leave out exactly the requests that a slow server made wait ("coordinated omission").

use std::time::Duration;

/// A constant rate of arrivals over a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    per_second: u32,
    total: u64,
}

impl Schedule {
    /// `per_second` arrivals each second for `duration`, the first one at time zero.
    pub fn new(per_second: u32, duration: Duration) -> Self {
        let total = (u128::from(per_second) * duration.as_nanos()).div_ceil(NANOS);
        Self {
            per_second,
            total: u64::try_from(total).unwrap_or(u64::MAX),
        }
    }

    /// How many arrivals there are in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// When arrival `index` (from 0) is meant to happen, from the start.
    pub fn intended(&self, index: u64) -> Duration {
        // Computed from the index each time: adding up intervals would drift.
        let nanos = (u128::from(index) * NANOS).div_ceil(u128::from(self.per_second.max(1)));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many arrivals are due when `elapsed` has passed since the start.
    pub fn due(&self, elapsed: Duration) -> u64 {
        let passed = elapsed.as_nanos() * u128::from(self.per_second) / NANOS;
        u64::try_from(passed)
            .unwrap_or(u64::MAX)
            .saturating_add(1)
            .min(self.total)
    }

    /// How long a timer may sleep at a time: one interval, but not so short that the timer itself is the load.
    pub fn tick(&self) -> Duration {
        self.intended(1).max(SHORTEST_TICK)
    }
}

const NANOS: u128 = 1_000_000_000;

/// 20,000 wake-ups a second cost a few per cent of a core. What it adds to a latency is reported as the send's lag.
const SHORTEST_TICK: Duration = Duration::from_micros(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_arrivals_is_rate_times_time() {
        assert_eq!(Schedule::new(5_000, Duration::from_secs(10)).total(), 50_000);
        assert_eq!(Schedule::new(3, Duration::from_millis(500)).total(), 2);
        assert_eq!(Schedule::new(0, Duration::from_secs(1)).total(), 0);
    }

    #[test]
    fn arrivals_are_evenly_spaced_and_do_not_drift() {
        let schedule = Schedule::new(3, Duration::from_secs(1_000));
        assert_eq!(schedule.intended(0), Duration::ZERO);
        assert_eq!(schedule.intended(1), Duration::from_nanos(333_333_334));
        assert_eq!(schedule.intended(3), Duration::from_secs(1));
        assert_eq!(schedule.intended(2_997), Duration::from_secs(999));
    }

    #[test]
    fn an_arrival_is_due_exactly_from_its_intended_time_on() {
        for per_second in [1, 7, 999, 5_000, 61_234] {
            let schedule = Schedule::new(per_second, Duration::from_secs(20));
            for index in [0, 1, 2, 17] {
                let at = schedule.intended(index);
                assert_eq!(schedule.due(at), index + 1, "{per_second}/s, arrival {index}");
                if let Some(before) = at.checked_sub(Duration::from_nanos(1)) {
                    assert_eq!(
                        schedule.due(before),
                        index,
                        "{per_second}/s, right before arrival {index}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_is_due_after_the_last_arrival() {
        let schedule = Schedule::new(10, Duration::from_secs(1));
        assert_eq!(schedule.due(Duration::from_secs(60)), 10);
    }

    #[test]
    fn the_tick_is_the_interval_but_never_too_short() {
        assert_eq!(
            Schedule::new(1_000, Duration::from_secs(1)).tick(),
            Duration::from_millis(1)
        );
        assert_eq!(Schedule::new(200_000, Duration::from_secs(1)).tick(), SHORTEST_TICK);
    }
}

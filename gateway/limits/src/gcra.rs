//! One GCRA decision. `governor` does the arithmetic; this file only tells it where the state is and what time it is.
//!
//! The state of one counter is its theoretical arrival time (TAT) in nanoseconds since the limiter was made. `governor`
//! is asked as if the world began at this very instant: the store hands it the TAT as a distance from now and turns the
//! answer back. A TAT that is not in the future is the same as no state at all, which is why such entries may be dropped.

use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use snapshot::LimitPolicy;
use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

/// Longest window that is counted exactly; anything longer is counted as this (ten years, so that no sum of
/// nanoseconds overflows).
pub(crate) const LONGEST_WINDOW: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What a counter said yes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    /// The counter's TAT after the call, nanoseconds since the limiter was made.
    pub(crate) tat: u64,
    /// Calls that may follow at once.
    pub(crate) remaining: u32,
}

/// Asks for one call on a counter whose TAT is `tat`, at time `now` (both nanoseconds since the limiter was made).
///
/// # Errors
/// The exact time to wait until the same question would be answered with yes.
pub(crate) fn decide(policy: &LimitPolicy, tat: u64, now: u64) -> Result<Pass, Duration> {
    let slot = Slot {
        tat: Cell::new(tat),
        now,
    };
    let limiter: RateLimiter<_, _, _, StateInformationMiddleware> = RateLimiter::new(quota(policy), slot, Here);
    match limiter.check() {
        Ok(snapshot) => {
            let remaining = snapshot.remaining_burst_capacity();
            Ok(Pass {
                tat: limiter.into_state_store().tat.get(),
                remaining,
            })
        }
        Err(until) => Err(until.wait_time_from(Nanos::new(0))),
    }
}

/// The policy in `governor`'s terms. The interval is rounded up, so that rounding never admits more than the quota.
fn quota(policy: &LimitPolicy) -> Quota {
    let window = policy.window.min(LONGEST_WINDOW).as_nanos();
    let interval = window.div_ceil(u128::from(policy.quota.get())).max(1);
    let interval = Duration::from_nanos(u64::try_from(interval).unwrap_or(u64::MAX));
    let burst = policy.burst.min(policy.quota);
    Quota::with_period(interval)
        .unwrap_or(Quota::per_hour(NonZeroU32::MIN))
        .allow_burst(burst)
}

/// The clock of one decision: it always shows the origin, which is the instant of the request.
struct Here;

impl Clock for Here {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(0)
    }
}

/// One counter's state, seen from `now`.
struct Slot {
    tat: Cell<u64>,
    now: u64,
}

impl StateStore for Slot {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let ahead = self.tat.get().checked_sub(self.now).filter(|ahead| *ahead > 0);
        let (outcome, next) = measure(ahead.map(Nanos::new))?;
        self.tat.set(self.now.saturating_add(next.as_u64()));
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapshot::LimitPer;

    fn policy(quota: u32, window: Duration, burst: u32) -> LimitPolicy {
        LimitPolicy {
            id: "p".into(),
            name: "p".into(),
            per: LimitPer::Api,
            quota: NonZeroU32::new(quota).unwrap(),
            window,
            burst: NonZeroU32::new(burst).unwrap(),
            shared: None,
            calendar: None,
        }
    }

    #[test]
    fn a_burst_passes_and_the_next_call_waits_one_interval() {
        let policy = policy(60, Duration::from_secs(60), 3);
        let mut tat = 0;
        for remaining in [2, 1, 0] {
            let pass = decide(&policy, tat, 5).unwrap();
            assert_eq!(pass.remaining, remaining);
            tat = pass.tat;
        }
        assert_eq!(decide(&policy, tat, 5), Err(Duration::from_secs(1)));
    }

    #[test]
    fn odd_numbers_neither_panic_nor_admit_more() {
        for (quota, window, burst) in [
            (1, Duration::ZERO, 1),
            (u32::MAX, Duration::from_nanos(1), u32::MAX),
            (1, Duration::MAX, u32::MAX),
            (u32::MAX, Duration::MAX, u32::MAX),
            (7, Duration::from_secs(1), 7),
        ] {
            let policy = policy(quota, window, burst);
            let pass = decide(&policy, 0, 1).unwrap();
            assert!(pass.remaining < burst, "{policy:?}");
            let late = decide(&policy, u64::MAX, u64::MAX - 1);
            assert!(late.is_ok() || late == Err(Duration::from_nanos(1)), "{policy:?}");
        }
    }

    #[test]
    fn rounding_never_exceeds_the_quota() {
        // 7 per second: the interval must be 142,857,143 ns, not 142,857,142.
        assert_eq!(
            quota(&policy(7, Duration::from_secs(1), 1)).replenish_interval(),
            Duration::from_nanos(142_857_143)
        );
    }
}

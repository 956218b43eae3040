//! One address of a backend as the node sees it: how fast, how busy, whether it is well. All of it atomics, shared by the
//! workers; what one of them writes the others see a moment later, and nothing depends on more than that.

use snapshot::{Ejection, UpstreamAddress};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// How fast a measured time loses its weight.
const DECAY_MS: f32 = 2_000.0;
/// Below this, differences are noise: one stalled answer must not keep calls away from a fast address.
const FLOOR_MICROS: f32 = 4_000.0;
/// A failure counts as slow at least as this, however fast it came: else what fails at once would draw calls.
const FAILURE_MICROS: f32 = 100_000.0;
/// Longest ejection.
const LONGEST_EJECTION: u64 = 300_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) is: UpstreamAddress,
    in_flight: AtomicU32,
    /// Peak EWMA of the time to an answer's head: microseconds as `f32`, and when it was written in milliseconds.
    measured: AtomicU64,
    failures: AtomicU32,
    ejections: AtomicU32,
    /// 0: not ejected.
    ejected_until: AtomicU64,
    unhealthy: AtomicBool,
    /// Answers of the health check in a row that contradict `unhealthy`.
    contradictions: AtomicU32,
    /// Since when it takes on its share; 0: it has it.
    ramp_from: AtomicU64,
}

impl Address {
    pub(crate) fn new(is: UpstreamAddress, ramp_from: u64) -> Self {
        Self {
            is,
            in_flight: AtomicU32::new(0),
            measured: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            ejections: AtomicU32::new(0),
            ejected_until: AtomicU64::new(0),
            unhealthy: AtomicBool::new(false),
            contradictions: AtomicU32::new(0),
            ramp_from: AtomicU64::new(ramp_from),
        }
    }

    pub(crate) fn enter(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn is_healthy(&self) -> bool {
        !self.unhealthy.load(Ordering::Relaxed)
    }

    /// Until when it is passed over, if it is.
    pub(crate) fn ejected_until(&self, now: u64) -> Option<u64> {
        Some(self.ejected_until.load(Ordering::Relaxed)).filter(|until| *until > now)
    }

    pub(crate) fn is_available(&self, now: u64) -> bool {
        self.is_healthy() && self.ejected_until(now).is_none()
    }

    /// Ends an ejection whose time is over: true for the one that notices.
    pub(crate) fn takes_back(&self, now: u64) -> bool {
        let until = self.ejected_until.load(Ordering::Relaxed);
        let over = until != 0
            && until <= now
            && self
                .ejected_until
                .compare_exchange(until, 0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if over {
            self.failures.store(0, Ordering::Relaxed);
            self.begin_anew(now);
        }
        over
    }

    /// What was measured while it was ill says nothing now: it takes on its share by and by instead.
    fn begin_anew(&self, now: u64) {
        self.measured.store(0, Ordering::Relaxed);
        self.ramp_from.store(now, Ordering::Relaxed);
    }

    /// An answer came after `took`.
    pub(crate) fn well(&self, now: u64, took: Duration) {
        self.failures.store(0, Ordering::Relaxed);
        self.measure(now, micros(took));
    }

    /// A call failed after `took`. Whether that makes one failure too many.
    pub(crate) fn failed(&self, now: u64, took: Duration, policy: Option<&Ejection>) -> bool {
        self.measure(now, micros(took).max(FAILURE_MICROS));
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        policy.is_some_and(|policy| failures >= policy.failures)
    }

    /// Passes it over from now on; until when, unless somebody else has just done so.
    pub(crate) fn eject(&self, now: u64, policy: &Ejection) -> Option<u64> {
        let before = self.ejected_until.load(Ordering::Relaxed);
        if before > now {
            return None;
        }
        let times = self.ejections.load(Ordering::Relaxed).min(16);
        let first = super::clock::millis(policy.eject_for);
        let until = now + first.saturating_mul(1 << times).min(LONGEST_EJECTION.max(first));
        self.ejected_until
            .compare_exchange(before, until, Ordering::Relaxed, Ordering::Relaxed)
            .ok()?;
        // One that has been well for long begins anew.
        let recently = before != 0 || self.ramp_from.load(Ordering::Relaxed) + LONGEST_EJECTION > now;
        self.ejections
            .store(if recently { times + 1 } else { 1 }, Ordering::Relaxed);
        Some(until)
    }

    /// The health check had an answer. The new state when it has changed.
    pub(crate) fn checked(&self, well: bool, after: u32, now: u64) -> Option<bool> {
        let unhealthy = self.unhealthy.load(Ordering::Relaxed);
        if well != unhealthy {
            self.contradictions.store(0, Ordering::Relaxed);
            return None;
        }
        if self.contradictions.fetch_add(1, Ordering::Relaxed) + 1 < after {
            return None;
        }
        self.contradictions.store(0, Ordering::Relaxed);
        self.unhealthy.store(!well, Ordering::Relaxed);
        if well {
            self.begin_anew(now);
        }
        Some(well)
    }

    /// How much of its share it takes just now, from a tenth to the whole.
    pub(crate) fn ramp(&self, now: u64, slow_start: Duration) -> f32 {
        let from = self.ramp_from.load(Ordering::Relaxed);
        if from == 0 || slow_start.is_zero() {
            return 1.0;
        }
        let passed = Duration::from_millis(now.saturating_sub(from));
        (passed.as_secs_f32() / slow_start.as_secs_f32()).clamp(0.1, 1.0)
    }

    /// What one more call would cost here: the time that calls took lately, times those that would be in flight, `share` of
    /// a usual address's load.
    pub(crate) fn cost(&self, now: u64, share: f32) -> f32 {
        let (value, at) = unpack(self.measured.load(Ordering::Relaxed));
        decayed(value, at, now).max(FLOOR_MICROS) * (1.0 + self.in_flight() as f32 / share.max(0.001))
    }

    /// Peak EWMA: a slower time counts at once, a faster one by and by.
    fn measure(&self, now: u64, micros: f32) {
        let step = |word: u64| {
            let (value, at) = unpack(word);
            let before = decayed(value, at, now);
            // As if faster times had been coming since the last one.
            let value = if micros >= before { micros } else { before.max(micros) };
            Some(pack(value, now))
        };
        let _ = self.measured.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
    }
}

fn decayed(value: f32, at: u32, now: u64) -> f32 {
    let passed = low(now).wrapping_sub(at);
    // A thread that read the clock a little earlier.
    if passed > u32::MAX / 2 {
        return value;
    }
    value * (-(passed as f32) / DECAY_MS).exp()
}

fn pack(value: f32, now: u64) -> u64 {
    u64::from(value.to_bits()) << 32 | u64::from(low(now))
}

fn unpack(word: u64) -> (f32, u32) {
    (f32::from_bits(low(word >> 32)), low(word))
}

fn low(word: u64) -> u32 {
    (word & u64::from(u32::MAX)) as u32
}

fn micros(took: Duration) -> f32 {
    took.as_secs_f32() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        let draft = UpstreamAddress {
            scheme: snapshot::Scheme::Http,
            host: "a".into(),
            port: 80,
            authority: http::HeaderValue::from_static("a"),
            literal: None,
            base_path: "".into(),
        };
        Address::new(draft, 0)
    }

    #[test]
    fn a_peak_counts_at_once_and_fades() {
        let address = address();
        address.well(10_000, Duration::from_millis(200));
        let peak = address.cost(10_000, 1.0);
        assert!((peak - 200_000.0).abs() < 1.0);
        address.well(10_100, Duration::from_millis(1));
        assert!(address.cost(10_100, 1.0) > 190_000.0, "one fast answer proves nothing");
        assert!(address.cost(60_000, 1.0) <= FLOOR_MICROS + 10.0);
    }

    #[test]
    fn a_fast_failure_is_dear() {
        let (failing, slow) = (address(), address());
        failing.failed(10_000, Duration::from_micros(50), None);
        slow.well(10_000, Duration::from_millis(40));
        assert!(failing.cost(10_000, 1.0) > slow.cost(10_000, 1.0));
    }

    #[test]
    fn calls_in_flight_weigh_less_on_a_larger_share() {
        let address = address();
        (0..10).for_each(|_| address.enter());
        assert!(address.cost(10_000, 2.0) < address.cost(10_000, 1.0));
    }

    #[test]
    fn ejections_grow_and_end() {
        let address = address();
        let policy = Ejection::default();
        let mut now = 3_600_000;
        for seconds in [10, 20, 40, 80, 160, 300, 300] {
            let until = address.eject(now, &policy).unwrap();
            assert_eq!(until - now, seconds * 1000);
            assert!(address.eject(now, &policy).is_none() && !address.takes_back(until - 1));
            assert!(address.takes_back(until) && !address.takes_back(until));
            now = until + 1;
        }
        assert_eq!(address.ramp(now, Duration::from_secs(10)), 0.1);
        assert_eq!(address.ramp(now + 10_000, Duration::from_secs(10)), 1.0);
    }

    #[test]
    fn health_changes_after_so_many_answers_in_a_row() {
        let address = address();
        let mut check = |well| address.checked(well, 2, 5);
        assert_eq!(
            [false, true, false, false, true].map(&mut check),
            [None, None, None, Some(false), None]
        );
        assert_eq!([false, true, true].map(check), [None, None, Some(true)]);
    }
}

//! The promise of GCRA: in any stretch `w`, at most `burst + quota * w / window` calls; and no stricter than that.

use crate::support::{demand, limiter, policy};
use limits::Decision;
use proptest::prelude::*;
use std::time::Duration;

fn any_policy() -> impl Strategy<Value = (u32, u64, u32)> {
    (1_u32..200, 1_000_000_u64..100_000_000_000).prop_flat_map(|(quota, window)| (Just(quota), Just(window), 1..=quota))
}

proptest! {
    #[test]
    fn never_more_in_any_stretch((quota, window, burst) in any_policy(),
                                 steps in prop::collection::vec((0_u32..3, 0_u64..1_000_000), 1..400)) {
        let (limiter, clock) = limiter();
        let policy = policy("p", quota, Duration::from_nanos(window), burst);
        let interval = window / u64::from(quota);
        let mut now = 0_u128;
        let mut admitted = Vec::new();
        for (calls, share) in steps {
            // Between nothing and two intervals, so that the limit is met from both sides.
            let step = (u128::from(interval) * u128::from(share) / 500_000) as u64;
            clock.advance(Duration::from_nanos(step));
            now += u128::from(step);
            for _ in 0..=calls {
                if matches!(limiter.check(&[demand(&policy, "a")]), Decision::Admitted(_)) {
                    admitted.push(now);
                }
            }
        }
        for (first, from) in admitted.iter().enumerate() {
            for (last, to) in admitted.iter().enumerate().skip(first) {
                let calls = (last - first + 1) as u128;
                // calls <= burst + quota * stretch / window, without division.
                let allowed = u128::from(burst) * u128::from(window) + u128::from(quota) * (to - from);
                prop_assert!(calls * u128::from(window) <= allowed, "{calls} calls in {} ns", to - from);
            }
        }
    }

    #[test]
    fn a_patient_caller_gets_the_whole_quota((quota, window, burst) in any_policy()) {
        let (limiter, clock) = limiter();
        let policy = policy("p", quota, Duration::from_nanos(window), burst);
        let mut waited = Duration::ZERO;
        for _ in 0..burst + quota {
            if let Decision::Refused(refusal) = limiter.check(&[demand(&policy, "a")]) {
                clock.advance(refusal.retry_after);
                waited += refusal.retry_after;
                prop_assert!(matches!(limiter.check(&[demand(&policy, "a")]), Decision::Admitted(_)));
            }
        }
        // One interval per call after the burst; rounding up costs at most 1 ns each.
        prop_assert!(waited <= Duration::from_nanos(window + u64::from(quota)), "{waited:?}");
    }

    #[test]
    fn a_refused_caller_loses_nothing_by_asking((quota, window, burst) in any_policy(), asks in 1_usize..50) {
        let (limiter, _clock) = limiter();
        let policy = policy("p", quota, Duration::from_nanos(window), burst);
        while matches!(limiter.check(&[demand(&policy, "a")]), Decision::Admitted(_)) {}
        let Decision::Refused(first) = limiter.check(&[demand(&policy, "a")]) else { panic!("admitted") };
        for _ in 0..asks {
            let Decision::Refused(again) = limiter.check(&[demand(&policy, "a")]) else { panic!("admitted") };
            prop_assert_eq!(again.retry_after, first.retry_after);
        }
    }
}

//! Several policies on one request: all or nothing.

use crate::support::{admitted, demand, limiter, policy, refused};
use limits::{Decision, Limiter};
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn a_refused_request_charges_no_window() {
    let (limiter, clock) = limiter();
    let second = policy("second", 1, Duration::from_secs(1), 1);
    let hour = policy("hour", 100, Duration::from_secs(3600), 100);
    let both = [demand(&second, "a"), demand(&hour, "a")];
    admitted(limiter.check(&both));
    for _ in 0..50 {
        assert_eq!(&*refused(limiter.check(&both)).policy.id, "second");
    }
    clock.advance(Duration::from_secs(1));
    admitted(limiter.check(&both));
    assert_eq!(admitted(limiter.check(&[demand(&hour, "a")])).remaining, 97);
}

#[test]
fn the_longest_wait_is_the_one_told() {
    let (limiter, clock) = limiter();
    let second = policy("second", 1, Duration::from_secs(1), 1);
    let minute = policy("minute", 1, Duration::from_secs(60), 1);
    for order in [[&second, &minute], [&minute, &second]] {
        let both = order.map(|policy| demand(policy, "a"));
        admitted(limiter.check(&both));
        let refusal = refused(limiter.check(&both));
        assert_eq!(
            (&*refusal.policy.id, refusal.retry_after),
            ("minute", Duration::from_secs(60))
        );
        clock.advance(refusal.retry_after);
    }
}

#[test]
fn the_tightest_window_is_the_one_shown() {
    let (limiter, _clock) = limiter();
    let minute = policy("minute", 60, Duration::from_secs(60), 5);
    let day = policy("day", 1000, Duration::from_secs(86_400), 1000);
    assert_eq!(
        &*admitted(limiter.check(&[demand(&day, "a"), demand(&minute, "a")]))
            .policy
            .id,
        "minute"
    );
}

#[test]
fn the_same_demand_twice_counts_once() {
    let (limiter, _clock) = limiter();
    let policy = policy("p", 3, Duration::from_secs(60), 3);
    let twice = [demand(&policy, "a"), demand(&policy, "a")];
    for remaining in [2, 1, 0] {
        assert_eq!(admitted(limiter.check(&twice)).remaining, remaining);
    }
    refused(limiter.check(&twice));
}

#[test]
fn any_number_of_windows_is_counted() {
    let (limiter, _clock) = limiter();
    let policies: Vec<_> = (1..=40)
        .map(|n| policy(&format!("p{n}"), n + 2, Duration::from_secs(60), n + 2))
        .collect();
    let all: Vec<_> = policies.iter().map(|policy| demand(policy, "a")).collect();
    for _ in 0..3 {
        admitted(limiter.check(&all));
    }
    assert_eq!(&*refused(limiter.check(&all)).policy.id, "p1");
    assert_eq!(admitted(limiter.check(&all[39..])).remaining, 38);
}

proptest! {
    /// A limiter over several windows agrees with one limiter per window that is asked only when all would agree.
    #[test]
    fn all_or_nothing(numbers in prop::collection::vec((1_u32..20, 1_u64..100, 1_u32..20), 1..6),
                      steps in prop::collection::vec(0_u64..10_000_000_000, 1..150)) {
        let (limiter, clock) = limiter();
        let policies: Vec<_> = numbers.iter().enumerate()
            .map(|(at, (quota, window, burst))| policy(&format!("p{at}"), *quota, Duration::from_secs(*window), *burst))
            .collect();
        let alone: Vec<_> = policies.iter().map(|_| Limiter::with_clock(clock.clone())).collect();
        let demands: Vec<_> = policies.iter().map(|policy| demand(policy, "a")).collect();
        // What each window alone would wait, kept by a model: the TAT in nanoseconds.
        let mut tats = vec![0_u128; policies.len()];
        let mut now = 0_u128;
        for step in steps {
            clock.advance(Duration::from_nanos(step));
            now += u128::from(step);
            let interval = |at: usize| policies[at].window.as_nanos().div_ceil(u128::from(policies[at].quota.get()));
            let waits: Vec<_> = (0..tats.len()).map(|at| {
                let burst = u128::from(policies[at].burst.min(policies[at].quota).get());
                tats[at].saturating_sub(interval(at) * (burst - 1)).saturating_sub(now)
            }).collect();
            let longest = waits.iter().copied().max().unwrap();
            match limiter.check(&demands) {
                Decision::Admitted(_) => {
                    prop_assert_eq!(longest, 0);
                    for at in 0..tats.len() {
                        tats[at] = tats[at].max(now) + interval(at);
                        let one = matches!(alone[at].check(&demands[at..=at]), Decision::Admitted(_));
                        prop_assert!(one, "window {} alone refuses what all of them admitted", at);
                    }
                }
                Decision::Refused(refusal) => prop_assert_eq!(refusal.retry_after.as_nanos(), longest),
                Decision::Unlimited => prop_assert!(false),
            }
        }
    }
}
